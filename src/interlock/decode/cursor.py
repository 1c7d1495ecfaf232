# cython: compiled
"""The only way to read octets: a cursor that cannot leave its message and counts what it looks at."""

from __future__ import annotations

import struct

import cython

from interlock.errors import DecodeError

__all__ = ["BUDGET_BASE", "BUDGET_PER_OCTET", "Cursor", "OverBudgetError"]

BUDGET_BASE = 4096
BUDGET_PER_OCTET = 32
_BASE = cython.declare(
    cython.longlong, BUDGET_BASE
)  # every message asks: names of Python's would be looked up
_PER_OCTET = cython.declare(cython.longlong, BUDGET_PER_OCTET)


class OverBudgetError(DecodeError):
    """A decoder looked at far more octets than the message has: its flow turns opaque."""


class Cursor:
    """Reads from `start` to `end` of a buffer; every length check of the decoders lives here.

    Raises DecodeError("truncated") where a read would pass `end`, OverBudgetError where the octets
    looked at pass BUDGET_BASE + BUDGET_PER_OCTET * message length.
    """

    def __init__(self) -> None:
        self.octets = memoryview(b"")
        self.start = self.position = self.end = 0
        self.looked = self.budget = 0

    def bind(self, octets):
        """Read from this buffer (uint8) from now on."""
        self.octets = octets

    def begin(self, start, end):
        """Stand at `start`; nothing at or past `end` can be read."""
        self.start = start
        self.position = start
        self.end = end
        self.looked = 0
        self.budget = _BASE + _PER_OCTET * (end - start)
        return 0

    def need(self, count):
        """Check that `count` octets are left, and account for looking at them."""
        if count < 0 or count > self.end - self.position:
            raise DecodeError("truncated", self.position - self.start)
        self.looked += count
        if self.looked > self.budget:
            raise OverBudgetError("over-budget", self.position - self.start)
        return 0

    def _look(self, count):
        """As `need`, for the few octets of one number: never overridden, so that C can call it directly."""
        p: cython.Py_ssize_t = self.position
        if count > self.end - p or self.looked + count > self.budget:
            self.need(count)  # raises, and says which of the two it was
        self.looked += count
        self.position = p + count
        return p

    def left(self):
        """Octets left in the message."""
        return self.end - self.position

    def offset(self):
        """Octets from the message's start."""
        return self.position - self.start

    def skip(self, count):
        """Pass over `count` octets."""
        if count < 0 or count > self.end - self.position:
            raise DecodeError("truncated", self.position - self.start)
        self.position += count
        return 0

    def seek(self, offset):
        """Stand `offset` octets from the message's start."""
        if offset < 0 or offset > self.end - self.start:
            raise DecodeError("truncated", self.position - self.start)
        self.looked += 1
        if self.looked > self.budget:
            raise OverBudgetError("over-budget", self.position - self.start)
        self.position = self.start + offset
        return 0

    def peek(self, ahead):
        """The octet `ahead` of the cursor, without moving."""
        if ahead < 0 or ahead >= self.end - self.position:
            raise DecodeError("truncated", self.position - self.start)
        self.looked += 1
        return self.octets[self.position + ahead]

    def u8(self):
        """One octet."""
        p: cython.Py_ssize_t = self._look(1)
        return self.octets[p]

    def u16be(self):
        """Two octets, most significant first."""
        p: cython.Py_ssize_t = self._look(2)
        high: cython.int = self.octets[p]
        low: cython.int = self.octets[p + 1]
        return (high << 8) | low

    def u16le(self):
        """Two octets, least significant first."""
        p: cython.Py_ssize_t = self._look(2)
        low: cython.int = self.octets[p]
        high: cython.int = self.octets[p + 1]
        return (high << 8) | low

    def u24be(self):
        """Three octets, most significant first."""
        high: cython.int = self.u8()
        low: cython.int = self.u16be()
        return (high << 16) | low

    def u32be(self):
        """Four octets, most significant first."""
        p: cython.Py_ssize_t = self._look(4)
        a: cython.longlong = self.octets[p]
        b: cython.longlong = self.octets[p + 1]
        c: cython.longlong = self.octets[p + 2]
        d: cython.longlong = self.octets[p + 3]
        return (a << 24) | (b << 16) | (c << 8) | d

    def u32le(self):
        """Four octets, least significant first."""
        p: cython.Py_ssize_t = self._look(4)
        d: cython.longlong = self.octets[p]
        c: cython.longlong = self.octets[p + 1]
        b: cython.longlong = self.octets[p + 2]
        a: cython.longlong = self.octets[p + 3]
        return (a << 24) | (b << 16) | (c << 8) | d

    def u64be(self):
        """Eight octets, most significant first."""
        high: cython.ulonglong = self.u32be()
        low: cython.ulonglong = self.u32be()
        return (high << 32) | low

    def u64le(self):
        """Eight octets, least significant first."""
        low: cython.ulonglong = self.u32le()
        high: cython.ulonglong = self.u32le()
        return (high << 32) | low

    def i16be(self):
        """Two octets, signed, most significant first."""
        value: cython.int = self.u16be()
        return value - 65536 if value > 32767 else value

    def i16le(self):
        """Two octets, signed, least significant first."""
        value: cython.int = self.u16le()
        return value - 65536 if value > 32767 else value

    def i32be(self):
        """Four octets, signed, most significant first."""
        value: cython.longlong = self.u32be()
        return value - 4294967296 if value > 2147483647 else value

    def i32le(self):
        """Four octets, signed, least significant first."""
        value: cython.longlong = self.u32le()
        return value - 4294967296 if value > 2147483647 else value

    def f32be(self):
        """IEEE 754 single, most significant octet first."""
        if cython.compiled:
            return self._single(self.u32be())
        return struct.unpack(">f", self.take(4))[0]

    def f32le(self):
        """IEEE 754 single, least significant octet first."""
        if cython.compiled:
            return self._single(self.u32le())
        return struct.unpack("<f", self.take(4))[0]

    def f64be(self):
        """IEEE 754 double, most significant octet first."""
        if cython.compiled and self.end - self.position >= 8:
            return self._double(self.u64be())
        return struct.unpack(">d", self.take(8))[0]

    def f64le(self):
        """IEEE 754 double, least significant octet first."""
        if cython.compiled and self.end - self.position >= 8:
            return self._double(self.u64le())
        return struct.unpack("<d", self.take(8))[0]

    def _single(self, bits):
        """A number from its 32 bits, without the way over Python's octets; compiled only."""
        word: cython.uint = bits
        number: cython.float = 0
        memcpy(cython.address(number), cython.address(word), 4)
        return number

    def _double(self, bits):
        """A number from its 64 bits; compiled only."""
        word: cython.ulonglong = bits
        number: cython.double = 0
        memcpy(cython.address(number), cython.address(word), 8)
        return number

    def same(self, expected, cuts):
        """Whether the octets from here on are those of `expected` in each stretch of cuts, without moving.

        expected: bytes, as if it began here. cuts: int32, ascending: where a stretch begins, where it ends, and so on.
        How cyclic protocols tell that a message is laid out as the one before it.
        """
        k: cython.Py_ssize_t
        begin: cython.Py_ssize_t
        end: cython.Py_ssize_t = 0
        p: cython.Py_ssize_t = self.position
        left: cython.Py_ssize_t = min(self.end - p, len(expected))
        for k in range(0, len(cuts) - 1, 2):
            begin = cuts[k]
            if begin < end or cuts[k + 1] < begin or cuts[k + 1] > left:
                return False
            end = cuts[k + 1]
            if begin == end:
                continue
            if cython.compiled:
                first = cython.cast(cython.p_char, expected)
                if memcmp(cython.address(self.octets[p + begin]), first + begin, end - begin) != 0:
                    return False
            elif self.octets[p + begin : p + end] != expected[begin:end]:
                return False
        self.need(end)
        return True

    def take(self, count):
        """`count` octets as bytes."""
        self.need(count)
        p: cython.Py_ssize_t = self.position
        if count == 0:
            return b""
        self.position = p + count
        if cython.compiled:
            return cython.cast(cython.p_char, cython.address(self.octets[p]))[:count]
        return bytes(self.octets[p : p + count])

    def rest(self):
        """Everything that is left, as bytes."""
        return self.take(self.end - self.position)
