"""Data of COSEM attributes in A-XDR, as numbers, text or octets.

Source: IEC 62056-5-3 clause 9.5 (type Data); IEC 61334-6 (A-XDR).
"""

from __future__ import annotations

import struct

from interlock.errors import DecodeError

__all__ = ["Datum", "length", "read_data", "skip_data"]

NUMBERS = {
    kind: (name, struct.Struct(form), struct.calcsize(form))
    for kind, name, form in (
        (3, "boolean", "B"),
        (5, "double-long", ">i"),
        (6, "double-long-unsigned", ">I"),
        (13, "bcd", "b"),
        (15, "integer", "b"),
        (16, "long", ">h"),
        (17, "unsigned", "B"),
        (18, "long-unsigned", ">H"),
        (20, "long64", ">q"),
        (21, "long64-unsigned", ">Q"),
        (22, "enum", "B"),
        (23, "float32", ">f"),
        (24, "float64", ">d"),
    )
}
"""Tag → name, layout, octets."""
TEXTS = {9: "octet-string", 10: "visible-string", 12: "utf8-string"}
TIMES = {25: ("date-time", 12), 26: ("date", 5), 27: ("time", 4)}
MAX_ELEMENTS = 65536
MAX_DEPTH = 16


class Datum:
    """kind: its type's name; numbers: tuple of one float or empty; octets: of strings, times and composed data."""

    __slots__ = ("kind", "numbers", "octets")

    def __init__(self, kind, numbers=(), octets=None):
        self.kind = kind
        self.numbers = numbers
        self.octets = octets

    def text(self):
        """Its octets as text, where they are printable; else None."""
        if self.octets is None:
            return None
        try:
            text = self.octets.decode("utf-8").rstrip("\x00 ")
        except UnicodeDecodeError:
            return None
        return text if text and text.isprintable() else None


def length(c):
    """A length: one octet, or 0x80 + how many octets follow."""
    first = c.u8()
    if first < 0x80:
        return first
    if not 1 <= first & 0x7F <= 4:
        raise DecodeError("length-invalid", c.offset() - 1)
    return int.from_bytes(c.take(first & 0x7F), "big")


def read_data(c):
    """The Data at the cursor. Arrays and structures stay octets. Raises DecodeError."""
    begin = c.offset()
    kind = c.u8()
    plain = NUMBERS.get(kind)
    if plain is not None:
        name, form, size = plain
        return Datum(name, (float(form.unpack(c.take(size))[0]),))
    if kind in TEXTS:
        return Datum(TEXTS[kind], octets=c.take(length(c)))
    if kind in TIMES:
        name, size = TIMES[kind]
        return Datum(name, octets=c.take(size))
    if kind == 0:
        return Datum("null-data")
    c.seek(begin)
    skip_data(c)
    end = c.offset()
    c.seek(begin)
    name = {1: "array", 2: "structure", 4: "bit-string", 19: "compact-array"}[kind]
    return Datum(name, octets=c.take(end - begin))


def skip_data(c):
    """Pass one Data with all that is in it. Raises DecodeError."""
    waiting = [1]  # elements still to come, at each depth
    for _ in range(MAX_ELEMENTS):
        while waiting and waiting[-1] == 0:
            waiting.pop()
        if not waiting:
            return
        waiting[-1] -= 1
        kind = c.u8()
        if kind in (1, 2):
            waiting.append(length(c))
            if len(waiting) > MAX_DEPTH:
                raise DecodeError("nested-too-deep", c.offset())
        else:
            _skip_plain(c, kind)
    raise DecodeError("nested-too-deep", c.offset())


def _skip_plain(c, kind):
    if kind in NUMBERS:
        c.skip(NUMBERS[kind][2])
    elif kind in TEXTS:
        c.skip(length(c))
    elif kind in TIMES:
        c.skip(TIMES[kind][1])
    elif kind == 4:
        c.skip((length(c) + 7) // 8)
    elif kind == 19:
        _skip_description(c)
        c.skip(length(c))
    elif kind != 0:
        raise DecodeError("data-type-unknown", c.offset() - 1)


def _skip_description(c):
    """The type description of a compact array: arrays have a count of 2 octets, structures of descriptions."""
    waiting = 1
    for _ in range(256):
        if waiting == 0:
            return
        waiting -= 1
        kind = c.u8()
        if kind == 1:
            c.skip(2)
            waiting += 1
        elif kind == 2:
            waiting += length(c)
    raise DecodeError("nested-too-deep", c.offset())
