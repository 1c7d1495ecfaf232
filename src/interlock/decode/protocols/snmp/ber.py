# cython: compiled
"""The little of BER (ITU-T X.690) that SNMP uses: definite lengths, low tags.

Compiled: a message of one variable is ten elements, each in another.
"""

from __future__ import annotations

from functools import lru_cache

import cython

from interlock.errors import DecodeError

__all__ = ["Ber", "oid_text"]


class Ber:
    """Reads elements one after another from octets[at:end]; raises DecodeError where they do not fit."""

    def __init__(self, octets, at, end):
        self.octets, self.at, self.end = octets, at, end
        self.start = at

    def _next(self):
        """Tag of the next element, whose content stands between `start` and `at` then."""
        octets: bytes = self.octets
        begin: cython.Py_ssize_t = self.at
        start: cython.Py_ssize_t = begin + 2
        if start > self.end:
            raise DecodeError("truncated", begin)
        length: cython.longlong = octets[begin + 1]
        if length & 0x80:
            width: cython.Py_ssize_t = length & 0x7F
            if not 1 <= width <= 4 or start + width > self.end:
                raise DecodeError("length-invalid", begin)
            length = 0
            for _ in range(width):
                length = length << 8 | octets[start]
                start += 1
        if start + length > self.end:
            raise DecodeError("truncated", begin)
        self.start = start
        self.at = start + length
        return octets[begin]

    def element(self):
        """Tag octet, and where its content begins and ends; stands behind it afterwards."""
        tag: cython.int = self._next()
        return tag, self.start, self.at

    def content(self, tag):
        """Where the next element's content begins; it ends at `at`. The element must have this tag."""
        if self._next() != tag:
            raise DecodeError("tag-unexpected", self.start)
        return self.start

    def inside(self, tag):
        """A reader of the next element's content, which must have this tag."""
        start: cython.Py_ssize_t = self.content(tag)
        return Ber(self.octets, start, self.at)

    def integer(self):
        """The next element, an INTEGER of at most 9 octets."""
        tag: cython.int = self._next()
        size: cython.Py_ssize_t = self.at - self.start
        if tag != 2 or not 1 <= size <= 9:
            raise DecodeError("integer-invalid", self.start)
        if size > 4:
            return int.from_bytes(self.octets[self.start : self.at], "big", signed=True)
        octets: bytes = self.octets
        value: cython.longlong = octets[self.start]
        k: cython.Py_ssize_t
        if value & 0x80:
            value -= 256
        for k in range(self.start + 1, self.at):
            value = value * 256 + octets[k]
        return value

    def string(self):
        """The next element, an OCTET STRING."""
        start: cython.Py_ssize_t = self.content(4)
        return self.octets[start : self.at]

    def left(self):
        """Whether anything is left."""
        return self.at < self.end


KEPT_OCTETS = 64


def oid_text(octets):
    """Object identifier content → `1.3.6.1.2.1.1.1.0`. Raises DecodeError for arcs over 64 bits or cut short."""
    return _kept(octets) if len(octets) <= KEPT_OCTETS else _spelled(octets)


@lru_cache(4096)
def _kept(octets):
    """Managers ask for the same objects again and again, and answers repeat their names."""
    return _spelled(octets)


def _spelled(octets):
    arcs: list = []
    value: cython.ulonglong = 0
    width: cython.int = 0
    k: cython.Py_ssize_t
    octet: cython.int
    for k in range(len(octets)):
        octet = octets[k]
        width += 1
        if width > 9:
            raise DecodeError("oid-arc-too-long", 0)
        value = (value << 7) | (octet & 0x7F)
        if not octet & 0x80:
            arcs.append(value)
            value = 0
            width = 0
    if width or not arcs:
        raise DecodeError("oid-cut-short", 0)
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
