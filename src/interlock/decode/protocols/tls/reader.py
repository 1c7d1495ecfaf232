"""Reads vectors with length prefixes (RFC 8446 clause 3.4) from octets that are all there."""

from __future__ import annotations

from interlock.errors import DecodeError

__all__ = ["Reader", "numbers"]


class Reader:
    """Stands at `at` in octets; raises DecodeError("truncated") where a read would pass their end."""

    def __init__(self, octets: bytes, at: int = 0) -> None:
        self.octets, self.at = octets, at

    def take(self, count: int) -> bytes:
        """`count` octets."""
        if count > len(self.octets) - self.at:
            raise DecodeError("truncated", self.at)
        self.at += count
        return self.octets[self.at - count : self.at]

    def number(self, width: int) -> int:
        """An unsigned number of `width` octets."""
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """Octets behind a length of `width` octets."""
        return self.take(self.number(width))

    def left(self) -> int:
        """Octets not read yet."""
        return len(self.octets) - self.at


def numbers(octets: bytes) -> tuple[int, ...]:
    """A vector of 16-bit numbers; an odd octet at its end is dropped."""
    return tuple(int.from_bytes(octets[k : k + 2], "big") for k in range(0, len(octets) - 1, 2))
