"""How often a relation speaks: its highest and lowest whole minutes, and how seldom it paused."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["Rhythm"]

_OPEN: Final = 8
"""Minutes that still may grow; older ones are settled."""


class Rhythm:
    """peak: most in a minute. low: least in a whole one, -1 where none has passed. minutes: in which it spoke.

    gap: longest pause in minutes. first, last: since 1970.
    """

    __slots__ = ("_open", "first", "gap", "last", "low", "minutes", "peak")

    def __init__(self) -> None:
        self.peak = self.minutes = self.gap = 0
        self.first = self.last = 0
        self.low = -1
        self._open: dict[int, int] = {}

    def count(self, minute: int) -> int:
        """How many there are in a minute that may still grow."""
        return self._open.get(minute, 0)

    def add(self, minute: int, count: int) -> None:
        """Count in a minute. Peak and pauses are right in the end, in whatever pieces it comes."""
        if minute not in self._open:
            self.minutes += 1
            if self.last and minute > self.last:
                self.gap = max(self.gap, minute - self.last)
            self.first = min(self.first, minute) if self.first else minute
            self.last = max(self.last, minute)
        self._open[minute] = self._open.get(minute, 0) + count
        self.peak = max(self.peak, self._open[minute])
        if len(self._open) > _OPEN:
            self._settle(min(self._open))

    def _settle(self, minute: int) -> None:
        """A minute can no longer grow; the first one was not seen whole."""
        count = self._open.pop(minute)
        if minute != self.first:
            self.low = count if self.low < 0 else min(self.low, count)

    @property
    def steady(self) -> bool:
        """Whether it speaks like a clock: ten whole minutes or more, never a pause, all of them nearly alike."""
        return self.low >= 20 and self.even

    @property
    def even(self) -> bool:
        """Whether it never paused in ten minutes or more, and all whole minutes were nearly alike, however few."""
        return self.minutes >= 10 and self.gap <= 1 and self.low >= max(1, 0.8 * self.peak)

    def state(self) -> list[Any]:
        """As JSON values."""
        return [
            self.peak,
            self.minutes,
            self.gap,
            self.first,
            self.last,
            self.low,
            sorted(self._open.items()),
        ]

    @classmethod
    def of(cls, state: list[Any]) -> Rhythm:
        """From JSON values."""
        rhythm = cls()
        rhythm.peak, rhythm.minutes, rhythm.gap, rhythm.first, rhythm.last, rhythm.low = (
            int(n) for n in state[:6]
        )
        rhythm._open = {int(minute): int(count) for minute, count in state[6]}
        return rhythm
