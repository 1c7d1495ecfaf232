"""The twin's clock: what happens next, in order; equal times keep the order in which they were asked for."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SECOND", "Clock"]

SECOND: Final = 1_000_000_000
"""Nanoseconds."""


class Clock:
    """Events by time. now: nanoseconds since the epoch."""

    def __init__(self, start_ns: int) -> None:
        self.now = start_ns
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0

    def at(self, when_ns: int, what: Callable[[], None]) -> None:
        """Ask for something at a time; a time that is past means as soon as may be."""
        self._asked += 1
        when_ns = when_ns if when_ns > self.now else self.now  # noqa: FURB136 (a call less, millions of times)
        heapq.heappush(self._waiting, (when_ns, self._asked, what))

    def run(self, until_ns: int) -> None:
        """Let everything happen that is due before `until_ns`, and move on to it."""
        waiting = self._waiting
        while waiting and waiting[0][0] < until_ns:
            self.now, _, what = heapq.heappop(waiting)
            what()
        self.now = until_ns
