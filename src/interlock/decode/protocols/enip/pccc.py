"""PCCC commands that the service Execute PCCC carries, to PLC-5, SLC 500 and MicroLogix controllers.

    requester: size 1, vendor 2, serial 4 | command 1 | status 1 | transaction 2 | function 1 | data

The row is PCCC's own: its function is 256 x command + function (255 where the command has none), paired as the CIP
request that carries it. An answer whose request was not seen stays CIP's, since it does not say what it answers.
Source: DF1 Protocol and Command Set Reference Manual (1770-6.5.16), chapters 7, 8 and 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from interlock.decode.protocols.enip.plc5 import FLOAT, INTEGER, field, read_address, read_kind
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["Pccc"]

_REFUSED = 2
_WRITTEN, _READ = 0, 1
_WITH_FUNCTION = frozenset({0x06, 0x07, 0x0F})
_NO_FUNCTION = 0xFF
_DIAGNOSTIC_STATUS = 0x0603
_EXTENDED = 0xF0
_FILE_FLOAT = 0x8A
_FILES = {
    0x82: "O", 0x83: "I", 0x84: "S", 0x85: "B", 0x86: "T", 0x87: "C", 0x88: "R", 0x89: "N", 0x8A: "F",
    0x8B: "O", 0x8C: "I", 0x8D: "ST", 0x8E: "A", 0x8F: "D", 0x91: "L", 0x92: "MG", 0x93: "PD", 0x94: "PLS",
}  # fmt: skip
"""File type code → the letter that addresses begin with."""
_NUMBERS = {0x84: 2, 0x85: 2, 0x89: 2, _FILE_FLOAT: 4, 0x91: 4}
"""File types whose elements are numbers, and their octets."""
_SUB_ELEMENTS = frozenset({0x86, 0x87, 0x88, 0x92, 0x93})
_MAX_SETS = 64


class _About(NamedTuple):
    """What a command is about: its data file address, octets (or elements) it asks for, how its answer is read.

    width: octets of the numbers that the answer holds, -4 for floats, 0 for octets, None where it holds no values;
    1 where a type stands before them.
    """

    text: str
    octets: int | None = None
    width: int | None = None


_TYPED = 1


class Pccc:
    """The hook of class 0x67, service 0x4B."""

    def __init__(self, tools: Any) -> None:
        self._functions = tools.functions("pccc")
        self._protocol = tools.codes["pccc"]
        self._words = tools.names
        self._types: dict[str, int] = {}
        self._readers: dict[int, Callable[[Exchange, int], _About | None]] = {
            **dict.fromkeys((0x0FA1, 0x0FA2, 0x0FA9, 0x0FAA, 0x0FAB), self._logical),
            **dict.fromkeys((0x00FF, 0x01FF, 0x08FF), self._basic),
            **dict.fromkeys((0x02FF, 0x05FF), self._basic_bits),
            **dict.fromkeys((0x0F00, 0x0F01, 0x0F67, 0x0F68), self._range),
            **dict.fromkeys((0x0F02, 0x0F26), self._bits),
            **dict.fromkeys((0x0F3A, 0x0F80), self._mode),
            0x0F81: self._open_file,
            **dict.fromkeys((0x0FA7, 0x0FAF), self._file),
        }

    def ask(self, x: Exchange) -> None:
        """Make the row the command's and find what it is about."""
        c = x.cursor
        vendor, originator = _requester(c)
        command = c.u8()
        c.skip(1)
        transaction = c.u16le()
        function = c.u8() if command in _WITH_FUNCTION and c.left() else _NO_FUNCTION
        number = command << 8 | function
        known = self._functions.find(number)
        name = self._words.texts[self._functions.name] if known else None
        x.out.set_function(x.row, self._functions, number)
        x.out.set_object(x.row, -1, -1)
        x.note(self._answer, number, None)
        told = {"command": command, "name": name, "transaction": transaction}
        told |= {"vendor": vendor, "originator": originator}
        told["function"] = None if function == _NO_FUNCTION else function
        about = self._about(x, number)
        if about is not None:
            x.note(self._answer, number, about)
            told |= {"object": about.text, "octets": about.octets}
        x.detail("pccc", told)

    def _about(self, x: Exchange, number: int) -> _About | None:
        """Read the command's data; what is malformed there leaves the command a row all the same."""
        reader = self._readers.get(number)
        if reader is None:
            return None
        try:
            about = reader(x, number)
        except DecodeError as error:
            x.decoder.facts.oddity(x.m, x.i, "pccc", error.oddity, error.offset)
            return None
        if about is not None and number not in (0x0F26, 0x02FF, 0x05FF):
            x.out.set_object(x.row, x.decoder.objects.code(about.text), 1)
        return about

    # Commands of SLC 500 and MicroLogix

    def _logical(self, x: Exchange, number: int) -> _About:
        """Protected typed logical read or write: octets, file, type, element, sub-element; a mask where masked."""
        c, function = x.cursor, number & 0xFF
        octets, file, kind, element = c.u8(), field(c), c.u8(), field(c)
        sub = field(c) if function in (0xA2, 0xAA, 0xAB) else 0
        text = f"{_FILES.get(kind, f'0x{kind:02x}:')}{file}:{element}"
        text += f".{sub}" if kind in _SUB_ELEMENTS else ""
        width = -4 if kind == _FILE_FLOAT else _NUMBERS.get(kind, 0)
        if function == 0xAB:
            self._masks(x, text, "masked-int16", c.left() // 2)
        elif function in (0xA9, 0xAA):
            self._values(x, text, width, _WRITTEN)
        return _About(text, octets, width if function in (0xA1, 0xA2) else None)

    def _file(self, x: Exchange, number: int) -> _About:
        """Protected typed file read or write: octets, tag of the open file, offset, type; behind it what is written."""
        c = x.cursor
        octets, tag, offset, kind = c.u8(), c.u16le(), c.u16le(), c.u8()
        text = f"file-tag:{tag}:{_FILES.get(kind, f'0x{kind:02x}')}+{offset}"
        if number == 0x0FAF:
            self._values(x, text, 0, _WRITTEN)
        return _About(text, octets, 0 if number == 0x0FA7 else None)

    def _open_file(self, x: Exchange, number: int) -> _About:
        """Open file: what for, its number, its type."""
        c = x.cursor
        mode, file, kind = c.u8(), c.u16le(), c.u8()
        return _About(f"{_FILES.get(kind, f'0x{kind:02x}:')}{file}/{'write' if mode & 2 else 'read'}")

    def _mode(self, x: Exchange, number: int) -> _About:
        """Set CPU mode (PLC-5), change CPU mode (SLC 500): one octet, whose meaning is the controller's."""
        return _About(f"mode:0x{x.cursor.u8():02x}")

    # Commands of PLC-2 and PLC-5

    def _basic(self, x: Exchange, number: int) -> _About:
        """Unprotected read, protected and unprotected write: address in octets; octets asked for, or data."""
        c = x.cursor
        text = f"address:{c.u16le()}"
        if number == 0x01FF:
            return _About(text, c.u8(), 0)
        octets = c.left()
        self._values(x, text, 0, _WRITTEN)
        return _About(text, octets)

    def _basic_bits(self, x: Exchange, number: int) -> _About | None:
        """Protected and unprotected bit write: sets of address 2, bits to set 1, bits to reset 1."""
        c, first = x.cursor, None
        for k in range(min(c.left() // 4, _MAX_SETS)):
            text = self._item(x, k, f"address:{c.u16le()}")
            self._numbers(x, text, "set-reset-mask", [c.u8(), c.u8()])
            first = first or _About(text)
        return first

    def _range(self, x: Exchange, number: int) -> _About:
        """Word range and typed read and write: offset 2, elements of all packets 2, address; octets, or data."""
        c = x.cursor
        offset, total = c.u16le(), c.u16le()
        text = read_address(c)
        text += f"+{offset}" if offset else ""
        if number == 0x0F01:
            return _About(text, c.u8(), 2)
        if number == 0x0F68:
            return _About(text, c.u16le() if c.left() >= 2 else total, _TYPED)
        octets = c.left()
        self._values(x, text, 2 if number == 0x0F00 else _TYPED, _WRITTEN)
        return _About(text, octets)

    def _bits(self, x: Exchange, number: int) -> _About | None:
        """Bit write: address, bits to set, bits to reset; read-modify-write: sets of address, AND and OR mask."""
        c, first = x.cursor, None
        what = "set-reset-mask" if number == 0x0F02 else "and-or-mask"
        for k in range(_MAX_SETS):
            if not c.left():
                break
            text = self._item(x, k, read_address(c))
            self._numbers(x, text, what, [c.u16le(), c.u16le()])
            first = first or _About(text)
        return first

    def _item(self, x: Exchange, k: int, text: str) -> str:
        at = x.row if k == 0 else x.out.more(x.row)
        x.out.set_object(at, x.decoder.objects.code(text), 1)
        return text

    # Values

    def _type(self, name: str) -> int:
        if name not in self._types:
            self._types[name] = self._words.code(name)
        return self._types[name]

    def _block(self, x: Exchange, text: str, name: str | None, way: int) -> Any:
        kind = -1 if name is None else self._type(name)
        code = x.decoder.objects.code(text)
        return x.decoder.values.block(x.m, x.i, self._protocol, x.operation, x.unit, code, way, kind)

    def _numbers(self, x: Exchange, text: str, name: str, numbers: list[int]) -> None:
        if x.decoder.values.wanted:
            self._block(x, text, name, _WRITTEN)
            for number in numbers:
                x.decoder.values.number(float(number))

    def _masks(self, x: Exchange, text: str, name: str, count: int) -> None:
        self._numbers(x, text, name, [x.cursor.u16le() for _ in range(count)])

    def _values(self, x: Exchange, text: str, width: int, way: int) -> None:
        """What is left, as numbers of `width` octets (-4: floats, 0: octets, 1: as the type before them says)."""
        c, v = x.cursor, x.decoder.values
        if not v.wanted or c.left() == 0:
            return
        name = {2: "int16", 4: "int32", -4: "float"}.get(width)
        if width == _TYPED:
            kind = read_kind(c)
            name = kind.name[:32]
            width = -4 if (kind.type, kind.width) == (FLOAT, 4) else kind.width if kind.type == INTEGER else 0
        block = self._block(x, text, name, way)
        if width not in (2, 4, -4):
            v.set_raw(block, c.rest())
            return
        for _ in range(c.left() // abs(width)):
            v.number(c.f32le() if width == -4 else (c.i16le() if width == 2 else c.i32le()))

    # Answers

    def _answer(self, x: Exchange, number: int, about: _About | None) -> None:
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
        elif about is not None and about.width is not None:
            self._values(x, about.text, about.width, _READ)
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


def _bulletin(x: Exchange, octets: bytes) -> None:
    """What SLC and MicroLogix tell behind the extender 0xEE: series and revision, catalogue name of 11 octets."""
    if len(octets) < 16 or octets[1] != 0xEE:
        return
    name = octets[5:16].decode("ascii", "replace").strip("\x00 ")
    if len(name) < 3 or not name.isprintable():
        return
    x.clue("product", name, 0.7, "pccc")
    # Series and revision count from A: bits 5 to 7 and 0 to 4.
    series, revision = chr(0x41 + (octets[4] >> 5)), octets[4] & 0x1F
    if revision < 26:
        x.clue("hardware", f"series {series} revision {chr(0x41 + revision)}", 0.5, "pccc")
