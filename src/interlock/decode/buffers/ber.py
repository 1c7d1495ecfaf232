"""Elements of BER and DER with tags of one octet, as far as they can be told apart. Source: X.690 clause 8.1."""

from __future__ import annotations

__all__ = ["elements", "span"]


def elements(octets: bytes, most: int = 8) -> list[tuple[int, bytes]]:
    """Tag and content of each element, at most so many; nothing where one runs out of the octets."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(octets) and len(found) < most:
        begin, end = span(octets, at)
        if begin < 0 or end > len(octets):
            return []
        found.append((octets[at], octets[begin:end]))
        at = end
    return found


def span(octets: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at a place begins and ends; -1 where that cannot be told."""
    if len(octets) - at < 2:
        return -1, -1
    length, begin = octets[at + 1], at + 2
    if length < 0x80:
        return begin, begin + length
    width = length & 0x7F
    if not 0 < width <= 4 or len(octets) < begin + width:
        return -1, -1
    return begin + width, begin + width + int.from_bytes(octets[begin : begin + width], "big")
