"""The range that numbers of one object had while learning, and how far outside is news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Range"]

_FEW: Final = 20
"""Writes: from fewer nothing is known of how far the next one may go."""
_BRIEF: Final = 60
"""Minutes: what a process asked for within an hour is no measure of where it goes in a shift."""
_LEAST_TOLD: Final = 60
_LEAST_MINUTES: Final = 10
_GREW: Final = 0.05
"""A range that grows by more than this part of itself still wanders."""


class Range:
    """Least and most of each number of a block; rows and minutes behind them; when it last grew much."""

    __slots__ = ("first", "grew", "high", "last", "low", "rows")

    def __init__(self, width: int) -> None:
        self.low, self.high = np.full(width, np.inf), np.full(width, -np.inf)
        self.rows, self.first, self.last, self.grew = 0, 0, 0, 0

    def widen(self, numbers: NDArray[np.float64], first: int, last: int) -> None:
        """Take in rows (rows x numbers) of these minutes."""
        low, high = np.fmin.reduce(numbers, axis=0), np.fmax.reduce(numbers, axis=0)
        if self.rows:
            with np.errstate(invalid="ignore", over="ignore"):
                width = self.high - self.low
                more = np.maximum(self.low - low, high - self.high)
                grew = bool((more > np.maximum(_GREW * width, 1e-9)).any())
            if grew:
                self.grew = max(self.grew, last)
        self.first = min(self.first, first) if self.rows else first
        self.low, self.high = np.fmin(self.low, low), np.fmax(self.high, high)
        self.rows, self.last = self.rows + len(numbers), max(self.last, last)

    def ready(self, direction: str) -> bool:
        """Whether so much was seen that something can be said."""
        if direction == "written":
            return self.rows > 0
        return self.rows >= _LEAST_TOLD and self.last - self.first >= _LEAST_MINUTES

    def judges(self, direction: str, settled: int) -> bool:
        """Whether it is a yardstick: what is told must have stood still since the minute `settled`."""
        return self.ready(direction) and (direction == "written" or self.grew < settled)

    def outside(self, numbers: NDArray[np.float64], direction: str) -> NDArray[np.bool_]:
        """Which of them lie outside, with a margin that is wider where less is known."""
        with np.errstate(invalid="ignore", over="ignore"):  # what is endless has no margin, and is not judged
            width = self.high - self.low
            size = np.maximum(np.abs(self.low), np.abs(self.high))
            if direction == "written":
                little = self.rows < _FEW or self.last - self.first < _BRIEF
                margin = np.maximum(width, 0.5 * size) if little else 0.25 * width
                margin = np.where(width == 0, 0.5 * size, margin)  # one value says nothing of a width
            else:
                # What never moved is a state or set point: when it does, that is a person's or the process's business.
                margin = np.where(width > 0, np.maximum(2.0 * width, 0.1 * size), np.inf)
            found: NDArray[np.bool_] = (numbers < self.low - margin) | (numbers > self.high + margin)
            if direction == "written":
                found &= ~(_is_state(numbers) & _is_state(self.low) & _is_state(self.high))
        return found

    def text(self, at: int) -> str:
        """Say what number `at` was."""
        low, high = float(self.low[at]), float(self.high[at])
        return f"{low:g}" if low == high else f"{low:g} to {high:g}"

    def state(self) -> list[Any]:
        """As JSON values."""
        return [self.low.tolist(), self.high.tolist(), self.rows, self.first, self.last, self.grew]

    @classmethod
    def of(cls, state: list[Any]) -> Range:
        """From JSON values."""
        known = cls(0)
        known.low, known.high = np.array(state[0], np.float64), np.array(state[1], np.float64)
        known.rows, known.first, known.last, known.grew = (int(n) for n in state[2:6])
        return known


def _is_state(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of them are off or on: between these there is no distance."""
    states: NDArray[np.bool_] = (numbers == 0.0) | (numbers == 1.0)
    return states
