"""A set value that goes on to where it never was, step by step: how unlikely that is where nobody drives it there."""

from __future__ import annotations

import math
from typing import Any, Final

from interlock.detect.learned.chances import MINUTES_A_DAY

__all__ = ["HORIZON_NS", "LEAST_RECORDS", "Settings", "chance_of"]

_SECOND_NS: Final = 1_000_000_000
TOGETHER_NS: Final = 10 * _SECOND_NS
"""Changes closer than that are one: somebody presses an arrow key, or a program ramps."""
HORIZON_NS: Final = 24 * 3600 * _SECOND_NS
LEAST_RECORDS: Final = 4
"""Three in a row may be a person who looks for a better set point."""


def chance_of(records: int, known: int) -> float:
    """Chance that the last so many of known + records values are a new extreme each, one beyond the other.

    Where values come in any order alike (are exchangeable), the (known + k)-th is the highest so far with
    1 / (known + k), each independently of the others (Renyi, 1962).
    """
    return math.exp(math.lgamma(known + 1) - math.lgamma(known + records + 1))


class Settings:
    """What one object was set to. known: changes that were learned; low, high: the extremes; last, at: the latest."""

    __slots__ = ("at", "began", "high", "known", "last", "low", "records", "since", "up")

    def __init__(self) -> None:
        self.known, self.at, self.since, self.records = 0, 0, 0, 0
        self.low, self.high, self.last, self.began = math.inf, -math.inf, math.nan, math.nan
        self.up = True

    def learn(self, value: float, at: int) -> None:
        """Take a value that is normal (UTC ns); the same again is no change."""
        if value != self.last:
            self.known += not self.known or at - self.at >= TOGETHER_NS
            self.last, self.at = value, at
        self.low, self.high = min(self.low, value), max(self.high, value)

    def step(self, value: float, at: int) -> bool:
        """Take a value while judging; whether it went on with a run of extremes, or began one."""
        if value == self.last:
            return False
        spaced = at - self.at >= TOGETHER_NS
        began, self.last, self.at = self.last, value, at
        up, down = value > self.high, value < self.low
        if not up and not down:
            self.records = 0
            return False
        goes_on = self.records and up == self.up and at - self.since <= HORIZON_NS
        if not goes_on:
            self.records, self.since, self.up, self.began = 1, at, up, began
        else:
            self.records += spaced
        self.low, self.high = min(self.low, value), max(self.high, value)
        return True

    def alarms_a_day(self, minutes: int) -> float:
        """How often such a run is to be expected where nobody drives it: changes a day, times its chance.

        minutes: observed while learning; one change of a day is expected before.
        """
        return (1 + self.known) / (1 + minutes / MINUTES_A_DAY) * chance_of(self.records, self.known)

    def state(self) -> list[Any]:
        """As JSON values."""
        numbers = [self.low, self.high, self.last, self.began]
        return [self.known, self.at, self.since, self.records, self.up, *(repr(number) for number in numbers)]

    @classmethod
    def of(cls, state: list[Any]) -> Settings:
        """From JSON values."""
        settings = cls()
        settings.known, settings.at, settings.since, settings.records = (int(n) for n in state[:4])
        settings.up = bool(state[4])
        settings.low, settings.high, settings.last, settings.began = (float(n) for n in state[5:9])
        return settings
