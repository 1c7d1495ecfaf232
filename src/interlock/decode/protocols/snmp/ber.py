"""The little of BER (ITU-T X.690) that SNMP uses: definite lengths, low tags."""

from __future__ import annotations

from functools import lru_cache

from interlock.errors import DecodeError

__all__ = ["Ber", "oid_text"]


class Ber:
    """Reads elements one after another from octets[at:end]; raises DecodeError where they do not fit."""

    __slots__ = ("at", "end", "octets")

    def __init__(self, octets: bytes, at: int, end: int) -> None:
        self.octets, self.at, self.end = octets, at, end

    def element(self) -> tuple[int, int, int]:
        """Tag octet, and where its content begins and ends; stands behind it afterwards."""
        octets, begin, end = self.octets, self.at, self.end
        at = begin + 2
        if at > end:
            raise DecodeError("truncated", begin)
        length = octets[begin + 1]
        if length & 0x80:
            width = length & 0x7F
            if not 1 <= width <= 4 or at + width > end:
                raise DecodeError("length-invalid", begin)
            length, at = int.from_bytes(octets[at : at + width], "big"), at + width
        behind = at + length
        if behind > end:
            raise DecodeError("truncated", begin)
        self.at = behind
        return octets[begin], at, behind

    def inside(self, tag: int) -> Ber:
        """A reader of the next element's content, which must have this tag."""
        found, start, end = self.element()
        if found != tag:
            raise DecodeError("tag-unexpected", start)
        return Ber(self.octets, start, end)

    def integer(self) -> int:
        """The next element, an INTEGER of at most 8 octets."""
        tag, start, end = self.element()
        if tag != 2 or not 1 <= end - start <= 9:
            raise DecodeError("integer-invalid", start)
        return int.from_bytes(self.octets[start:end], "big", signed=True)

    def string(self) -> bytes:
        """The next element, an OCTET STRING."""
        tag, start, end = self.element()
        if tag != 4:
            raise DecodeError("tag-unexpected", start)
        return self.octets[start:end]

    def left(self) -> bool:
        """Whether anything is left."""
        return self.at < self.end


_KEPT_OCTETS = 64


def oid_text(octets: bytes) -> str:
    """Object identifier content → `1.3.6.1.2.1.1.1.0`. Raises DecodeError for arcs over 64 bits or cut short."""
    return _kept(octets) if len(octets) <= _KEPT_OCTETS else _spelled(octets)


@lru_cache(4096)
def _kept(octets: bytes) -> str:
    """Managers ask for the same objects again and again, and answers repeat their names."""
    return _spelled(octets)


def _spelled(octets: bytes) -> str:
    arcs, value, width = [], 0, 0
    for octet in octets:
        value, width = (value << 7) | (octet & 0x7F), width + 1
        if width > 9:
            raise DecodeError("oid-arc-too-long", 0)
        if not octet & 0x80:
            arcs.append(value)
            value = width = 0
    if width or not arcs:
        raise DecodeError("oid-cut-short", 0)
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
