# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)
"""Thrift's compact protocol, as far as Parquet's headers and footers need it: structs, written field by field.

    field    (number less the one before) << 4 | type      then the value; a struct ends with 0
    list     count << 4 | type, or 0xF0 | type and the count as a varint; then the values
    number   zigzag varint         octets   varint length, then they

Source: Apache Thrift, doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BINARY", "I8", "I16", "I32", "I64", "STRUCT", "Struct", "binary", "number"]

TRUE, FALSE, I8, I16, I32, I64, BINARY, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 8, 9, 12
MANY: Final = 15
"""Items of a list that its first octet cannot count."""


def _varint(value: int) -> bytes:
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def number(value: int) -> bytes:
    """A number of 16, 32 or 64 bits."""
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def binary(octets: bytes) -> bytes:
    """A string."""
    return _varint(len(octets)) + octets


class Struct:
    """One struct: its fields in rising order, then `end`. Begun with `octets`, it goes on behind field `last`."""

    def __init__(self, octets: bytes = b"", last: int = 0) -> None:
        self._octets = bytearray(octets)
        self._last = last

    @property
    def begun(self) -> bytes:
        """What is written so far."""
        return bytes(self._octets)

    def _field(self, field: int, kind: int) -> None:
        self._octets.append((field - self._last) << 4 | kind)
        self._last = field

    def number(self, field: int, value: int, kind: int = I32) -> Struct:
        """Write a number of 16, 32 or 64 bits."""
        self._field(field, kind)
        self._octets += number(value)
        return self

    def small(self, field: int, value: int) -> Struct:
        """Write a number of 8 bits."""
        self._field(field, I8)
        self._octets.append(value)
        return self

    def flag(self, field: int, *, value: bool) -> Struct:
        """Write whether."""
        self._field(field, TRUE if value else FALSE)
        return self

    def binary(self, field: int, octets: bytes) -> Struct:
        """Write a string."""
        self._field(field, BINARY)
        self._octets += binary(octets)
        return self

    def struct(self, field: int, octets: bytes) -> Struct:
        """Write a struct that has ended."""
        self._field(field, STRUCT)
        self._octets += octets
        return self

    def items(self, field: int, kind: int, items: Sequence[bytes]) -> Struct:
        """Write a list of what `number`, `binary` or `end` gave."""
        self._field(field, LIST)
        count = len(items)
        self._octets += bytes([count << 4 | kind]) if count < MANY else bytes([0xF0 | kind]) + _varint(count)
        self._octets += b"".join(items)
        return self

    def end(self) -> bytes:
        """The whole struct."""
        self._octets.append(0)
        return bytes(self._octets)
