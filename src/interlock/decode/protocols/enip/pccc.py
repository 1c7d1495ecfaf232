"""PCCC commands that the service Execute PCCC carries, to PLC-5, SLC 500 and MicroLogix controllers.

    requester: size 1, vendor 2, serial 4 | command 1 | status 1 | transaction 2 | function 1 | data

The row stays CIP's (Execute PCCC, 0x4B): its verb, name and object are the command's, its outcome too.
Source: DF1 Protocol and Command Set Reference Manual (1770-6.5.16), chapters 7, 8 and 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["Pccc"]

_REFUSED = 2
_WRITTEN, _READ = 0, 1
_WITH_FUNCTION = frozenset({0x06, 0x07, 0x0F})
_NO_FUNCTION = 0xFF
_TWO_FIELDS, _THREE_FIELDS = frozenset({0xA1, 0xA9}), frozenset({0xA2, 0xAA, 0xAB})
_READS, _WRITES = frozenset({0xA1, 0xA2}), frozenset({0xA9, 0xAA})
_TYPED_COMMAND = 0x0F
_DIAGNOSTIC_STATUS = 0x0603
_EXTENDED = 0xF0
_FLOAT = 0x8A
_FILES = {
    0x82: "O", 0x83: "I", 0x84: "S", 0x85: "B", 0x86: "T", 0x87: "C", 0x88: "R", 0x89: "N", 0x8A: "F",
    0x8B: "O", 0x8C: "I", 0x8D: "ST", 0x8E: "A", 0x8F: "D", 0x91: "L", 0x92: "MG", 0x93: "PD", 0x94: "PLS",
}  # fmt: skip
"""File type code → the letter that addresses begin with."""
_NUMBERS = {0x84: 2, 0x85: 2, 0x89: 2, _FLOAT: 4, 0x91: 4}
"""File types whose elements are numbers, and their octets."""
_SUB_ELEMENTS = frozenset({0x86, 0x87, 0x88, 0x92, 0x93})

Address = tuple[str, int, int]
"""Text of a data file address, its file type, octets asked for."""


class Pccc:
    """The hook of class 0x67, service 0x4B."""

    def __init__(self, tools: Any) -> None:
        self._functions = tools.table("pccc", "pccc")
        self._protocol = tools.codes["pccc"]
        self._names: dict[int, int] = {}
        self._words = tools.names
        kinds = {kind: f"int{8 * width}" for kind, width in _NUMBERS.items()} | {_FLOAT: "float"}
        self._types = {kind: tools.names.code(name) for kind, name in kinds.items()}

    def ask(self, x: Exchange) -> None:
        """Name the command and find what it is about."""
        c = x.cursor
        vendor, originator = _requester(c)
        command = c.u8()
        c.skip(1)
        transaction = c.u16le()
        function = c.u8() if command in _WITH_FUNCTION and c.left() else _NO_FUNCTION
        known = self._name(x, command << 8 | function)
        address = self._address(x, function) if command == _TYPED_COMMAND else None
        if address:
            x.out.set_object(x.row, x.decoder.objects.code(address[0]), 1)
        x.note(self._answer, command << 8 | function, address)
        told = {"command": command, "name": known, "transaction": transaction}
        told |= {"vendor": vendor, "originator": originator}
        told["function"] = None if function == _NO_FUNCTION else function
        told |= {"object": address[0], "octets": address[2]} if address else {}
        x.detail("pccc", told)

    def _name(self, x: Exchange, number: int) -> str | None:
        if not self._functions.find(number):
            return None
        name: str = self._words.texts[self._functions.name]
        x.out.set_verb(x.row, self._functions.verb)
        if number not in self._names:
            self._names[number] = self._words.code(f"Execute PCCC: {name}")
        x.out.set_name(x.row, self._names[number])
        return name

    def _address(self, x: Exchange, function: int) -> Address | None:
        """Read the logical address of a protected typed read or write, and what is written there."""
        c = x.cursor
        if function not in _TWO_FIELDS | _THREE_FIELDS:
            return None
        octets, number, kind, element = c.u8(), _field(c), c.u8(), _field(c)
        sub = _field(c) if function in _THREE_FIELDS else 0
        text = f"{_FILES.get(kind, f'0x{kind:02x}:')}{number}:{element}"
        text += f".{sub}" if kind in _SUB_ELEMENTS else ""
        if function in _WRITES:
            self._values(x, text, kind, _WRITTEN)
        return text, kind, octets

    def _values(self, x: Exchange, text: str, kind: int, direction: int) -> None:
        c, v = x.cursor, x.decoder.values
        if not v.wanted or c.left() == 0:
            return
        code, known = x.decoder.objects.code(text), self._types.get(kind, -1)
        block = v.block(x.m, x.i, self._protocol, x.operation, x.unit, code, direction, known)
        width = _NUMBERS.get(kind)
        if width is None:
            v.set_raw(block, c.rest())
            return
        for _ in range(c.left() // width):
            v.number(c.f32le() if kind == _FLOAT else (c.i16le() if width == 2 else c.i32le()))

    def _answer(self, x: Exchange, number: int, address: Address | None) -> None:
        """Read the command's own status, then what was read."""
        if x.status != 0:
            return
        c = x.cursor
        _requester(c)
        c.skip(1)
        refused = c.u8()
        c.skip(2)
        if refused == _EXTENDED and c.left():
            x.out.settle(x.row, _REFUSED, refused << 8 | c.u8())
        elif refused:
            x.out.settle(x.row, _REFUSED, refused)
        elif address and number & 0xFF in _READS:
            self._values(x, address[0], address[1], _READ)
        elif number == _DIAGNOSTIC_STATUS:
            _bulletin(x, c.rest())


def _requester(c: Any) -> tuple[int, int]:
    """Read who asks: a size (itself included), a vendor number, a serial number, more that is skipped."""
    size = c.u8()
    if size < 7:
        c.skip(max(size - 1, 0))
        return 0, 0
    vendor, serial = c.u16le(), c.u32le()
    c.skip(size - 7)
    return vendor, serial


def _field(c: Any) -> int:
    """Read one octet, or 255 and two octets."""
    number = int(c.u8())
    return int(c.u16le()) if number == 0xFF else number


def _bulletin(x: Exchange, octets: bytes) -> None:
    """Find the catalogue name that SLC and MicroLogix tell in 11 octets behind the extender 0xEE."""
    if len(octets) >= 16 and octets[1] == 0xEE:
        name = octets[5:16].decode("ascii", "replace").strip("\x00 ")
        if len(name) >= 3 and name.isprintable():
            x.clue("product", name, 0.7, "pccc")
