"""How one measured value behaves: within its envelope or not, too fast, told twice over, frozen, or no longer told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.safety.trend import Trend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.safety.limits import Limits
    from interlock.records.site import Tag

__all__ = ["Habit", "Watch"]

SECOND: Final = 10**9
_MINUTE_NS: Final = 60 * SECOND
LEARNED: Final = 200
"""Readings after which a value's habits are known."""
HYSTERESIS: Final = 0.02
"""Share of the safe span by which a value must be back within before it can leave again."""
CONFLICTS: Final = 4
FASTER: Final = 20
"""Within a minute: so many leaps in less than a reading's time, or so many readings too many, are two tellers."""
FROZEN: Final = 60
"""Readings, and seconds, for which a value that never stands still has to."""
STALE: Final = 20
"""Times its own longest gap, and at least a minute."""


@dataclass(slots=True, kw_only=True)
class Habit:
    """What the first readings taught. gap: median; shortest, longest: of the gaps (ns). leap: largest change.

    moving: share of readings that changed. low, high: least and most.
    """

    gap: float
    shortest: float
    longest: float
    leap: float
    moving: float
    low: float
    high: float

    @property
    def steady(self) -> bool:
        """Whether it is told in a rhythm at all; what is told when it changes has none."""
        return self.longest <= 4 * self.gap

    @property
    def strict(self) -> bool:
        """Whether it is told by a clock."""
        return self.steady and self.shortest >= 0.6 * self.gap


class Watch:
    """What is remembered of one tag."""

    def __init__(self) -> None:
        self.trend = Trend()
        self.last: tuple[int, float] | None = None
        self.habit: Habit | None = None
        self._first: list[tuple[int, float]] = []
        self._side = ""
        self._streak = 0
        self._flips: list[int] = []
        self._short: list[int] = []
        self.learned_at = 0
        self._same = (0, 0)  # since when it is exactly the same (UTC ns), for how many readings

    def take(
        self,
        tag: Tag,
        limits: Limits,
        times: NDArray[np.int64],
        values: NDArray[np.float64],
        *,
        reported: bool,
    ) -> Iterator[tuple[int, str, float]]:
        """Take readings in time order; whatever is doubtful: row, what, the value before. The trend follows along."""
        learning = 0
        if self.habit is None:
            learning = min(LEARNED - len(self._first), len(times))
            self._first += zip(times[:learning].tolist(), values[:learning].tolist(), strict=True)
            if len(self._first) == LEARNED:
                self.learned_at = self._first[-1][0]
                self.habit, self._first = _habit(self._first), []
        before = np.concatenate(([values[0] if self.last is None else self.last[1]], values[:-1]))
        gaps = np.diff(times, prepend=times[0] if self.last is None else self.last[0])
        found = [*self._excursions(limits, values), *_rates(tag, values - before, gaps)]
        if self.habit is not None and learning < len(times):
            found += self._by_habit(self.habit, times, values, before, gaps, learning, reported=reported)
        fed = 0
        for row, what in sorted(found):
            self.trend.add(times[fed : row + 1], values[fed : row + 1])
            fed = max(fed, row + 1)
            yield row, what, float(before[row])
        self.trend.add(times[fed:], values[fed:])
        self.last = (int(times[-1]), float(values[-1]))

    def _excursions(self, limits: Limits, values: NDArray[np.float64]) -> Iterator[tuple[int, str]]:
        outside = (values > limits.high) | (values < limits.low)
        if not self._side and not self._streak and not outside.any():
            return
        back = limits.fraction(HYSTERESIS, *(x for x in (limits.low, limits.high) if math.isfinite(x)))
        for n, value in enumerate(values.tolist()):
            side = "above" if value > limits.high else "below" if value < limits.low else ""
            if side:
                self._streak += 1
                # One reading beyond may be a bad number on the wire; two are the process.
                if self._streak >= 2 and side != self._side:
                    self._side = side
                    yield n, side
            else:
                self._streak = 0
                if limits.low + back <= value <= limits.high - back:
                    self._side = ""

    def _by_habit(
        self, habit: Habit, times: NDArray[np.int64], values: NDArray[np.float64], before: NDArray[np.float64],
        gaps: NDArray[np.int64], begin: int, *, reported: bool,
    ) -> Iterator[tuple[int, str]]:  # fmt: skip
        late = np.arange(len(times)) >= begin
        if habit.steady:
            quick = late & (gaps < 0.5 * habit.gap)
            for n in np.flatnonzero(quick & (np.abs(values - before) > 2 * habit.leap)).tolist():
                self._flips = _lately(self._flips, int(times[n]))
                if len(self._flips) >= CONFLICTS:
                    yield n, "conflict"
        if habit.strict and reported:
            for n in np.flatnonzero(late & (gaps < 0.5 * habit.shortest)).tolist():
                self._short = _lately(self._short, int(times[n]))
                if len(self._short) >= FASTER:
                    yield n, "conflict"
        if habit.moving >= 0.9:
            yield from self._frozen(habit, times, values, before)

    def _frozen(
        self, habit: Habit, times: NDArray[np.int64], values: NDArray[np.float64], before: NDArray[np.float64]
    ) -> Iterator[tuple[int, str]]:
        moved = np.flatnonzero(values != before)
        if len(moved) == len(values):
            self._same = (int(times[-1]), 0)
            return
        edges = {int(n) for n in moved}
        room = 0.02 * (habit.high - habit.low)
        for n, value in enumerate(values.tolist()):
            since, many = self._same
            self._same = (int(times[n]), 0) if n in edges or not since else (since, many + 1)
            at_rest = value == 0 or not habit.low + room < value < habit.high - room
            if many + 1 == FROZEN and n not in edges and not at_rest and int(times[n]) - since >= _MINUTE_NS:
                yield n, "frozen"
            elif many + 1 == FROZEN and int(times[n]) - since < _MINUTE_NS:
                self._same = (since, many)  # readings enough, time not yet

    @property
    def patience_ns(self) -> int | None:
        """How long nothing may be told of it; None where it has no rhythm that is known."""
        if self.habit is None or not self.habit.steady:
            return None
        return max(_MINUTE_NS, int(STALE * self.habit.longest))

    def state(self) -> list[Any]:
        """As JSON values."""
        habit = self.habit
        kept = None if habit is None else [getattr(habit, name) for name in Habit.__slots__]
        return [
            self.trend.state(), self.last, kept, self._first, self._side, self._streak, self._flips, self._short,
            self._same, self.learned_at,
        ]  # fmt: skip

    @classmethod
    def of(cls, state: list[Any]) -> Watch:
        """From JSON values."""
        watch = cls()
        watch.trend = Trend.of(state[0])
        watch.last = None if state[1] is None else (int(state[1][0]), float(state[1][1]))
        if state[2] is not None:
            watch.habit = Habit(**dict(zip(Habit.__slots__, map(float, state[2]), strict=True)))
        watch._first = [(int(t), float(v)) for t, v in state[3]]
        watch._side, watch._streak = str(state[4]), int(state[5])
        watch._flips, watch._short = ([int(t) for t in part] for part in state[6:8])
        watch._same = (int(state[8][0]), int(state[8][1]))
        watch.learned_at = int(state[9])
        return watch


def _habit(first: list[tuple[int, float]]) -> Habit:
    times, values = np.array([t for t, _ in first]), np.array([v for _, v in first])
    gaps, changes = np.diff(times), np.abs(np.diff(values))
    return Habit(
        gap=float(np.median(gaps)),
        shortest=float(gaps.min()),
        longest=float(gaps.max()),
        leap=float(changes.max()),
        moving=float((changes > 0).mean()),
        low=float(values.min()),
        high=float(values.max()),
    )


def _rates(tag: Tag, change: NDArray[np.float64], gaps: NDArray[np.int64]) -> Iterator[tuple[int, str]]:
    if tag.rate_per_s is None or tag.drives:
        return
    allowed = tag.rate_per_s * np.maximum(gaps / SECOND, 1.0) * (1 + 1e-9)
    for n in np.flatnonzero(np.abs(change) > allowed)[:1_000].tolist():
        yield n, "rate"


def _lately(instants: list[int], now: int) -> list[int]:
    return [*[t for t in instants if now - t < _MINUTE_NS][-256:], now]
