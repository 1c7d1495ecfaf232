"""Text protocols cut into lines, both ways, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_LINE", "Lines"]

MAX_LINE: Final = 8192
"""Octets of a line; a longer one ends there."""


class Lines:
    """The lines of one direction, without their ends."""

    def __init__(self) -> None:
        self._held = b""

    def add(self, octets: bytes) -> None:
        """The next octets."""
        self._held += octets

    def drop(self) -> None:
        """What is half read will not go on."""
        self._held = b""

    def take(self, count: int) -> bytes:
        """At most `count` octets, whatever they are."""
        part, self._held = self._held[:count], self._held[count:]
        return part

    def rest(self) -> bytes:
        """What is left: no lines any more."""
        return self.take(len(self._held))

    def __iter__(self) -> Iterator[bytes]:
        """Every line that is whole; whoever wants octets in between takes them."""
        while self._held:
            end = self._held.find(b"\n", 0, MAX_LINE)
            if end < 0 and len(self._held) < MAX_LINE:
                return
            yield self.take(end + 1 if end >= 0 else MAX_LINE).rstrip(b"\r\n")
