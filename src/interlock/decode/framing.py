# cython: compiled
"""How messages are cut out of a stream: a Framer a protocol, declared where a length field says it all."""

from __future__ import annotations

import cython

__all__ = ["Framer", "LengthFramer", "LineFramer"]


class Framer:
    """Cuts one message off the front of octets[start:end].

    Subclass it where LengthFramer and LineFramer do not do. `slot` and `side` say which stream it is;
    state a framer keeps a stream must be bounded and dropped in `forget`.
    """

    def __init__(self, maximum=65536):
        """maximum: octets that an incomplete message may reach before the stream counts as broken."""
        self.bind(memoryview(b""))
        self.want = 0
        self.leap = 0
        self.maximum = maximum
        self.slot = 0
        self.side = 0

    def bind(self, octets):
        """Cut from this buffer (a memoryview of octets) from now on."""
        self.octets = octets
        vars(self)["octets"] = octets

    def cut(self, start, end):
        """Length of the first message; 0: more octets are needed (`want` of them in all, if known).

        Negative: the first -n octets are no message. Sets `leap`: octets behind the message to pass over.
        """
        self.leap = 0
        return end - start

    def begins(self, start, end):
        """1 where a message plausibly begins at `start`, as asked after a gap or a late join; else 0."""
        return 1

    def forget(self, slot):
        """Drop what is kept for this flow."""


class LengthFramer(Framer):
    """A fixed header with a length field and, for joining streams late, fixed octets to check.

    header: octets needed before the length can be read. at, width (1, 2, 3, 4), little: the length field.
    mask: which of its bits count. add: octets that the length does not count.
    minimum, maximum: bounds of the whole message; outside them the stream is not this protocol.
    magic: ((offset, mask, value), …), all within `header`.
    """

    def __init__(self, *, header, at, width, add=0, little=False, mask=0, minimum=1, maximum=65536, magic=()):
        Framer.__init__(self, maximum)
        self.header = header
        self.at = at
        self.width = width
        self.add = add
        self.little = little
        self.mask = mask or (1 << (8 * width)) - 1
        self.minimum = max(minimum, header)
        if len(magic) > 16:
            raise ValueError("at most 16 octets can be checked")
        if not cython.compiled:
            self.check_at, self.check_mask, self.check_value = [0] * 16, [0] * 16, [0] * 16
        self.checks = len(magic)
        for i, (offset, bits, value) in enumerate(magic):
            self.check_at[i] = offset
            self.check_mask[i] = bits
            self.check_value[i] = value

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        i: cython.int
        left: cython.Py_ssize_t = end - start
        for i in range(self.checks):
            if self.check_at[i] < left and (
                self.octets[start + self.check_at[i]] & self.check_mask[i] != self.check_value[i]
            ):
                return -left
        if left < self.header:
            self.want = self.header
            return 0
        length: cython.Py_ssize_t = 0
        p: cython.Py_ssize_t = start + self.at
        k: cython.Py_ssize_t
        for k in range(self.width):
            if self.little:
                length = length | (cython.cast(cython.Py_ssize_t, self.octets[p + k]) << (8 * k))
            else:
                length = (length << 8) | self.octets[p + k]
        length = (length & self.mask) + self.add
        if length < self.minimum or length > self.maximum:
            return -left
        if length > left:
            self.want = length
            return 0
        return length

    def begins(self, start, end):
        """See Framer.begins: the fixed octets hold and the length is within bounds."""
        if end - start < self.header:
            return 0
        return 0 if self.cut(start, end) < 0 else 1


class LineFramer(Framer):
    """Text lines that end with LF; an endless line is cut at `maximum`."""

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        p: cython.Py_ssize_t
        for p in range(start, end):
            if self.octets[p] == 10:
                return p + 1 - start
        if end - start >= self.maximum:
            return end - start
        self.want = end - start + 1
        return 0
