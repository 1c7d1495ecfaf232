"""The habit of one relation: how many of its requests fail, minute by minute, and which minutes break it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Final

__all__ = ["KEPT_MINUTES", "Break", "Habit"]

KEPT_MINUTES: Final = 16
"""Minutes that still take late records; older ones are judged for good and folded into the habit."""
LEAST_MINUTES: Final = 5
LEAST_REQUESTS: Final = 100
LEAST_FAILURES: Final = 10
"""Below these nothing is known of a habit, or nothing has happened."""
TOGETHER: Final = 5
"""Minutes that are judged together where each has too few failures: who is asked every ten seconds fails six times."""
SIGMAS: Final = 6.0
TIMES_HABIT: Final = 5.0
LEAST_SHARE: Final = 0.05
"""A minute breaks the habit where its failures lie SIGMAS binomial standard deviations above what the habit
lets expect, and their share is TIMES_HABIT the habit's and at least LEAST_SHARE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A minute that broke the habit. share, habit: failed part of the requests then, and before.

    usual: requests that came to something in a minute before.
    """

    minute: int
    requests: int
    failures: int
    share: float
    habit: float
    usual: float

    def lost(self, elapsed: float) -> bool:
        """Whether what failed used to be answered, rather than was asked for besides.

        elapsed: part of the minute up to the last failure. Usual requests that go on unharmed leave no shortfall.
        """
        shortfall = self.usual * elapsed - (self.requests - self.failures)
        return 2 * shortfall >= self.failures


@dataclass(slots=True)
class Habit:
    """requests, failures, minutes: of all folded minutes that broke nothing. recent: minute → both counts."""

    requests: int = 0
    failures: int = 0
    minutes: int = 0
    recent: dict[int, list[int]] = field(default_factory=dict)

    def add(self, minute: int, requests: int, failures: int) -> None:
        """Count requests of a minute. Once minutes were folded, an older one counts towards the habit."""
        if self.minutes and self.recent and minute < min(self.recent):
            self.requests += requests
            self.failures += failures
            return
        counts = self.recent.setdefault(minute, [0, 0])
        counts[0] += requests
        counts[1] += failures

    def fold(self) -> list[Break]:
        """Judge for good what is too old to change; give the minutes that broke the habit."""
        breaks = []
        while len(self.recent) > KEPT_MINUTES:
            minute = min(self.recent)
            broken = self._first()
            requests, failures = self.recent.pop(minute)
            if broken is None:
                self._take(requests, failures)
            else:
                breaks.append(broken)
        return breaks

    def _first(self) -> Break | None:
        """Judge the oldest of the recent minutes."""
        return _judged(sorted(self.recent.items()), (self.requests, self.failures, self.minutes))

    def _take(self, requests: int, failures: int) -> None:
        self.requests += requests
        self.failures += failures
        self.minutes += 1

    def settle(self, most: int) -> None:
        """Fold all but so many minutes, whatever they broke: they are taken for normal."""
        while len(self.recent) > most:
            self._take(*self.recent.pop(min(self.recent)))

    def breaks(self) -> list[Break]:
        """Judge the recent minutes, in order, each by what came before it; nothing is changed."""
        whole = Habit(self.requests, self.failures, self.minutes)
        rows, found = sorted(self.recent.items()), []
        for at, (_, counts) in enumerate(rows):
            broken = _judged(rows[at:], (whole.requests, whole.failures, whole.minutes))
            if broken is None:
                whole = Habit(whole.requests + counts[0], whole.failures + counts[1], whole.minutes + 1)
            else:
                found.append(broken)
        return found

    def state(self) -> list[Any]:
        """As JSON values."""
        return [self.requests, self.failures, self.minutes, [[m, *c] for m, c in self.recent.items()]]

    @classmethod
    def of(cls, state: list[Any]) -> Habit:
        """From JSON values."""
        recent = {int(m): [int(n), int(f)] for m, n, f in state[3]}
        return cls(int(state[0]), int(state[1]), int(state[2]), recent)


def _judged(rows: list[tuple[int, list[int]]], before: tuple[int, int, int]) -> Break | None:
    """Judge the first minute: alone, or with those after it where each has too few failures.

    rows: minute → requests and failures, in order, not empty.
    """
    first, (asked, failed) = rows[0]
    requests, failures = asked, failed
    broken = _judge(first, requests, failures, before)
    if broken is not None or not 0 < failed < LEAST_FAILURES:
        return broken
    for minute, counts in rows[1:TOGETHER]:
        if minute >= first + TOGETHER:
            break
        requests, failures = requests + counts[0], failures + counts[1]
        if (broken := _judge(first, requests, failures, before)) is not None:
            return replace(broken, requests=asked, failures=failed)
    return None


def _judge(minute: int, requests: int, failures: int, before: tuple[int, int, int]) -> Break | None:
    known, failed, minutes = before
    if minutes < LEAST_MINUTES or known < LEAST_REQUESTS or failures < LEAST_FAILURES:
        return None
    # Rule of succession: a habit without a failure is still not a promise that none ever comes.
    habit = (failed + 1) / (known + 2)
    limit = requests * habit + SIGMAS * math.sqrt(requests * habit * (1 - habit))
    share = failures / requests
    if failures <= limit or share < max(LEAST_SHARE, min(TIMES_HABIT * habit, (1 + habit) / 2)):
        return None
    usual = (known - failed) / minutes
    return Break(minute=minute, requests=requests, failures=failures, share=share, habit=habit, usual=usual)
