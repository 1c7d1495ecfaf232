"""Numbers read from octets, as byte_test and its kin read them.

Source: Suricata user guide, "Payload Keywords", byte_test to byte_extract; digits are read as C's strtoull does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.language.steps import ANY_BASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.detect.signatures.language.steps import Number, Reading

__all__ = ["Found", "masked", "number_at", "signed", "unsigned", "value_of"]

_WHOLE: Final = (1 << 64) - 1
_MOST_DIGITS: Final = 23
_DIGITS: Final = {
    ANY_BASE: re.compile(rb"\s*([+-]?)(0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)"),
    8: re.compile(rb"\s*([+-]?)([0-7]+)"),
    10: re.compile(rb"\s*([+-]?)([0-9]+)"),
    16: re.compile(rb"\s*([+-]?)(?:0[xX](?=[0-9A-Fa-f]))?([0-9A-Fa-f]+)"),
}


class Found(NamedTuple):
    """A number and where the octets behind it begin."""

    number: int
    end: int


def unsigned(number: int) -> int:
    """As a field of 64 bits has it."""
    return number & _WHOLE


def signed(number: int) -> int:
    """The same field, read with a sign."""
    number &= _WHOLE
    return number - (1 << 64) if number >> 63 else number


def value_of(number: Number, values: Mapping[str, int]) -> int:
    """A constant, or what was read under a name."""
    return values.get(number, 0) if isinstance(number, str) else number


def masked(number: int, mask: int | None) -> int:
    """The bits of a mask, moved down by its trailing zeros."""
    if not mask:
        return number if mask is None else 0
    return (number & mask) >> ((mask & -mask).bit_length() - 1)


def number_at(reading: Reading, octets: bytes, place: int, values: Mapping[str, int]) -> Found | None:
    """The number, without its mask; None where it is not within the buffer, or is none."""
    count = value_of(reading.count, values)
    start = value_of(reading.offset, values) + (place if reading.relative else 0)
    if not octets or start < 0 or count < 0 or start + count > len(octets):
        return None
    if reading.relative and start >= len(octets):
        return None
    if reading.base:
        return _digits(octets, start, count, reading.base)
    if count > 8:
        return None
    end = "little" if reading.endian == "little" else "big"
    return Found(int.from_bytes(octets[start : start + count], end), start + count)  # type: ignore[arg-type]


def _digits(octets: bytes, start: int, count: int, base: int) -> Found | None:
    """count: 0 for as many digits as there are."""
    if count > _MOST_DIGITS:
        return None
    found = _DIGITS[base].match(octets, start, start + (count or _MOST_DIGITS))
    if found is None:
        return None
    said = found.group(2)
    if base == ANY_BASE:
        base = 16 if said[1:2] in {b"x", b"X"} else 8 if said[:1] == b"0" else 10
    number = int(said, base)
    if number > _WHOLE:
        return None
    return Found(unsigned(-number if found.group(1) == b"-" else number), found.end())
