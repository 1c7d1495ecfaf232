"""How often something new is still to be expected, with a bound that holds in 95 of 100 cases."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

__all__ = ["CONVERGED_A_DAY", "MINUTES_A_DAY", "Expectation", "expected", "has_converged", "upper_count"]

MINUTES_A_DAY: Final = 1_440
CONVERGED_A_DAY: Final = 1.0
"""A relation has converged where, in 95 of 100 cases, less than one new thing a day is still to come."""
_CONFIDENCE: Final = 0.95
_LEAST_DAYS: Final = 2.99
"""With no event in fewer days nothing has converged; nor with three in as many, since a bound exceeds its events."""


class Expectation:
    """New things a day: the estimate, its 95 % upper bound, and the minutes behind it."""

    __slots__ = ("a_day", "at_most", "minutes")

    def __init__(self, a_day: float, at_most: float, minutes: int) -> None:
        self.a_day, self.at_most, self.minutes = a_day, at_most, minutes

    @property
    def converged(self) -> bool:
        """Whether little enough is to come."""
        return self.at_most <= CONVERGED_A_DAY


def expected(events: int, minutes: int) -> Expectation:
    """What `events` in so many observed minutes say of the next day; nothing at all where none was observed.

    With events = things seen in one minute only, this is the missing mass after Good and Turing, in its form for
    things that occur or not in each of many samples (Chao et al., 2014): what was met once is what was nearly missed.
    """
    if minutes <= 0:
        return Expectation(math.inf, math.inf, 0)
    scale = MINUTES_A_DAY / minutes
    return Expectation(events * scale, upper_count(events) * scale, minutes)


def has_converged(events: int, minutes: int) -> bool:
    """As `expected(...).converged`; of what is far from it without working its bound out."""
    return _LEAST_DAYS * MINUTES_A_DAY * max(1, events / 3) <= minutes and expected(events, minutes).converged


@lru_cache(1024)
def upper_count(events: int) -> float:
    """Largest mean of a Poisson count that gives at most `events` in 5 of 100 cases or more (exact, one-sided)."""
    low, high = float(events), events + 4.0 * math.sqrt(events + 1.0) + 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(events, middle) > 1 - _CONFIDENCE else (low, middle)
    return high


def _at_most(events: int, mean: float) -> float:
    """Chance of no more than `events` where `mean` is expected."""
    term = total = math.exp(-mean)
    for number in range(1, events + 1):
        term *= mean / number
        total += term
    return total
