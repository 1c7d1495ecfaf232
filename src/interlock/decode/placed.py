"""Octets that come with their offsets, in any order, handed to a transfer in order: what is early waits, bounded."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.artifacts import Artifact, Artifacts

__all__ = ["MAX_ALL_EARLY", "MAX_EARLY", "Placed", "Room"]

MAX_EARLY: Final = 4 << 20
"""Octets of one transfer that wait for those before them."""
MAX_ALL_EARLY: Final = 32 << 20
"""Octets of all transfers of a decoder that wait."""
_MAX_PARTS: Final = 4096


class Room:
    """What the transfers of one decoder share for octets that wait."""

    def __init__(self) -> None:
        self.used = 0


class Placed:
    """One transfer. A part that is there again must be the same, else the transfer is no whole file any more."""

    def __init__(self, artifacts: Artifacts, artifact: Artifact, room: Room) -> None:
        self._artifacts, self.artifact, self._room = artifacts, artifact, room
        self._early: dict[int, bytes] = {}
        self._order: list[int] = []
        self._octets = 0

    @property
    def waits(self) -> bool:
        """Whether octets are here that those before them are missing for."""
        return bool(self._early)

    def put(self, m: Any, i: int, at: int, octets: bytes) -> None:
        """Octets from offset `at` on, which message i carries."""
        if not octets or self.artifact.done:
            return
        if at > self.artifact.size:
            self._wait(at, octets)
            return
        self._add(m, i, at, octets)
        while self._order and self._order[0] <= self.artifact.size:
            at = heapq.heappop(self._order)
            early = self._early.pop(at)
            self._count(-len(early))
            self._add(m, i, at, early)

    def drop(self) -> None:
        """Nothing waits any more: the transfer is over. What still does counts, and others are missing before it."""
        if self._early:
            self._artifacts.gap(self.artifact)
            for at in sorted(self._early):
                self._artifacts.take(self.artifact, self._early[at])
        self._count(-self._octets)
        self._early.clear()
        self._order.clear()

    def _add(self, m: Any, i: int, at: int, octets: bytes) -> None:
        again = self.artifact.size - at
        if again > 0:
            there = self.artifact.parts
            known = min(again, len(octets))
            if there is None or there[at : at + known] != octets[:known]:
                self._artifacts.gap(self.artifact)
            octets = octets[again:]
        if octets:
            self._artifacts.add(self.artifact, m, i, octets)

    def _wait(self, at: int, octets: bytes) -> None:
        full = self._octets + len(octets) > MAX_EARLY or self._room.used + len(octets) > MAX_ALL_EARLY
        if full or at in self._early or len(self._early) >= _MAX_PARTS:
            if self._early.get(at) != octets:
                self._artifacts.gap(self.artifact)
            return
        self._early[at] = octets
        heapq.heappush(self._order, at)
        self._count(len(octets))

    def _count(self, octets: int) -> None:
        self._octets += octets
        self._room.used += octets
