# cython: compiled
"""Data items of reads, writes, cyclic data and alarms, decoded to numbers.

| return code 1 | transport size 1 | length 2 | data … |     length in bits for sizes 3, 4, 5, else in octets
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.s7comm.address import KINDS
from interlock.decode.protocols.s7comm.timestamps import bcd_text

__all__ = ["Items", "bcd", "s5time"]

_WIDTHS = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 4, 9: 2, 10: 4, 11: 4, 12: 2, 15: 8, 28: 2, 29: 2}
_BY_SIZE = {3: 1, 4: 2, 5: 5, 6: 7, 7: 8}
"""What an item is taken for where the request is not known, by the answer's transport size."""
MAX_RAW = 4096


def bcd(word):
    """Three BCD digits in the low 12 bits; -1 where they are none."""
    hundreds, tens, ones = (word >> 8) & 15, (word >> 4) & 15, word & 15
    return -1 if hundreds > 9 or tens > 9 or ones > 9 else hundreds * 100 + tens * 10 + ones


def s5time(word):
    """Seconds of a BCD time (base in bits 12 and 13), or -1. Source: STEP 7, format of S5TIME."""
    digits = bcd(word)
    return -1 if digits < 0 or word & 0xC000 else digits * (10, 100, 1000, 10000)[word >> 12] / 1000


class Items:
    """Reads data items; after `head`, `code`, `size` and `octets` (length in octets) say what follows."""

    def __init__(self, tools, protocol_code):
        self.cursor = tools.cursor
        self.values = tools.values
        self.protocol_code = protocol_code
        self.names = {kind: tools.names.code(name) for kind, name in KINDS.items()}
        self.raw_name = tools.names.code("OCTET STRING")
        self.widths = bytearray(256)
        self.by_size = bytearray(256)
        for kind, width in _WIDTHS.items():
            self.widths[kind] = width
        for size, kind in _BY_SIZE.items():
            self.by_size[size] = kind
        self.code = 0
        self.size = 0
        self.octets = 0

    def head(self):
        """Read the four octets before an item's data."""
        c: Cursor = self.cursor
        self.code = c.u8()
        self.size = c.u8()
        length: cython.int = c.u16be()
        self.octets = (length + 7) >> 3 if 3 <= self.size <= 5 else length
        return 0

    def block(self, m, i, operation, unit, object, direction, kind):  # noqa: A002
        """Read the item's data as one block of values; kind: transport size of the request, 0 unknown."""
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        n: cython.int = self.octets
        if not v.wanted or n == 0:
            return c.skip(n)
        c.need(n)
        if kind <= 0 or kind > 255:
            kind = self.by_size[self.size & 255]
        width: cython.int = self.widths[kind]
        if width == 0 or n % width:
            row: cython.int = v.block(
                m, i, self.protocol_code, operation, unit, object, direction, self.raw_name
            )
            v.take_raw(row, c, min(n, MAX_RAW))
            return c.skip(n - min(n, MAX_RAW))
        row = v.block(m, i, self.protocol_code, operation, unit, object, direction, self.names[kind])
        self._numbers(row, kind, n // width)
        return 0

    def _numbers(self, row, kind, count):
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        k: cython.int
        if kind == 2:
            for k in range(count):
                v.number(c.u8())
        elif kind == 1:
            for k in range(count):
                v.number(c.u8() & 1)
        elif kind == 4 or kind == 9:
            for k in range(count):
                v.number(c.u16be())
        elif kind == 5:
            for k in range(count):
                v.number(c.i16be())
        elif kind == 6 or kind == 10:
            for k in range(count):
                v.number(c.u32be())
        elif kind == 7 or kind == 11:
            for k in range(count):
                v.number(c.i32be())
        elif kind == 8:
            for k in range(count):
                v.number(c.f32be())
        else:
            self._coded(row, kind, count)
        return 0

    def _coded(self, row, kind, count):
        """Characters, dates, and BCD timers and counters; what is no BCD stays raw."""
        v = self.values
        if kind == 3:
            octets = self.cursor.take(count)
            for o in octets:
                v.number(o)
            v.set_text(row, octets.decode("latin-1"))
        elif kind == 15:
            octets = self.cursor.take(8 * count)
            v.set_text(row, ", ".join([bcd_text(octets[k : k + 8]) for k in range(0, len(octets), 8)]))
        else:
            octets = self.cursor.take(2 * count)
            words = [int.from_bytes(octets[k : k + 2], "big") for k in range(0, len(octets), 2)]
            numbers = [bcd(w) for w in words] if kind == 28 else [s5time(w) for w in words]
            if min(numbers) < 0:
                v.set_raw(row, octets)
            else:
                for n in numbers:
                    v.number(n)
        return 0
