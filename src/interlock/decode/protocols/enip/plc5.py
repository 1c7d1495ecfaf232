"""What PLC-5 commands are about: system addresses and data with its type before it.

    logical binary: | mask of levels 1 | number 1, or 255 and 2 | …       levels: area, file, element, sub-element …
    logical ASCII: | 0 | `$` | text | 0 |
    type/data: | type 4 bits, size 4 bits | type and size, where longer | … |

Source: DF1 Protocol and Command Set Reference Manual (1770-6.5.16), chapter 13.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from interlock.errors import DecodeError

__all__ = ["FLOAT", "INTEGER", "Kind", "field", "read_address", "read_kind"]

INTEGER, FLOAT, ARRAY = 4, 8, 9
NAMES = {
    1: "bit", 2: "bit-string", 3: "byte-string", 4: "int", 5: "timer", 6: "counter", 7: "control", 8: "float",
    15: "address", 16: "bcd", 20: "pid", 21: "message", 32: "sfc-status",
}  # fmt: skip
_MAX_LEVELS = 8


class Kind(NamedTuple):
    """What data follows: type number, octets of one element, octets of all."""

    type: int
    width: int
    size: int

    @property
    def name(self) -> str:
        """The type as values name it, with its width in bits where it is a number."""
        name = NAMES.get(self.type, f"type:{self.type}")
        return f"int{8 * self.width}" if self.type == INTEGER and self.width in (1, 2, 4) else name


def field(c: Any) -> int:
    """Read one octet, or 255 and two octets."""
    number = int(c.u8())
    return int(c.u16le()) if number == 0xFF else number


def read_address(c: Any) -> str:
    """Read a system address: `N7:0` as its sender wrote it, or `file7:0` where the wire has numbers alone.

    Raises DecodeError("address-malformed") for a mask without levels and for text without end.
    """
    mask = int(c.u8())
    if mask == 0 and c.left() and c.peek(0) == 0x24:
        return _text(c)
    numbers = {level: field(c) for level in range(_MAX_LEVELS) if mask >> level & 1}
    if not numbers:
        raise DecodeError("address-malformed", c.offset() - 1)
    area, file = numbers.get(0, 0), numbers.get(1, 0)
    text = f"file{file}" if area == 0 else f"area{area}/file{file}"
    text += f":{numbers.get(2, 0)}"
    return text + "".join(f".{numbers[level]}" for level in range(3, _MAX_LEVELS) if level in numbers)


def _text(c: Any) -> str:
    c.skip(1)
    octets = bytearray()
    while c.left() and len(octets) < 64:
        octet = c.u8()
        if octet == 0:
            return octets.decode("ascii", "backslashreplace")
        octets.append(octet)
    raise DecodeError("address-malformed", c.offset())


def read_kind(c: Any) -> Kind:
    """Read a type/data parameter; of an array, that of its elements with the size of all."""
    number, size = _parameter(c)
    if number != ARRAY:
        return Kind(number, size, size)
    before = c.offset()
    kind, width = _parameter(c)
    return Kind(kind, width, max(0, size - (c.offset() - before)))


def _parameter(c: Any) -> tuple[int, int]:
    flag = int(c.u8())
    number, size = flag >> 4 & 7, flag & 7
    if flag & 0x80:
        number = int.from_bytes(c.take(number), "little")
    if flag & 0x08:
        size = int.from_bytes(c.take(size), "little")
    return number, size
