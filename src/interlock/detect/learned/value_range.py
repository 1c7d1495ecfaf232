"""The ranges that numbers of all objects had while learning, and how far outside is news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.learned.places import Placed, more_room
from interlock.detect.walks import find_outside, views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.tally import Key

__all__ = ["Numbers", "Ranges"]

_FEW: Final = 20
"""Writes: from fewer nothing is known of how far the next one may go."""
_BRIEF: Final = 60
"""Minutes: what a process asked for within an hour is no measure of where it goes in a shift."""
_LEAST_TOLD: Final = 60
_LEAST_MINUTES: Final = 10
_GREW: Final = 0.05
"""A range that grows by more than this part of itself still wanders."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What rows of a batch carry. places, minutes: per row, of its object in `Ranges`, and since 1970.

    values, row, slot: per number that widens its range, or is none, itself, its row here and where its range stands.
    """

    places: NDArray[np.int64]
    minutes: NDArray[np.int64]
    values: NDArray[np.float64]
    row: NDArray[np.int64]
    slot: NDArray[np.int64]


class Ranges(Placed):
    """Least and most of each number of each object; rows and minutes behind them; when they last grew much.

    All objects in a few long arrays, so that a batch is looked at in a few steps, whatever many objects it tells of.
    """

    def __init__(self, most: int) -> None:
        """most: objects; more are not taken in."""
        super().__init__(most)
        self._low, self._high = np.zeros(0, np.float64), np.zeros(0, np.float64)
        self._used = 0
        self._begins, self._rows, self._first, self._last, self._grew = (
            np.zeros(0, np.int64) for _ in range(5)
        )
        self._written = np.zeros(0, np.bool_)

    def begin(self, key: Key) -> int:
        """Where the ranges of a known object's numbers begin."""
        return int(self._begins[self._places.find(key)])

    def make(self, key: Key, width: int, *, written: bool) -> int:
        """Give the place of an object that has so many numbers, new if need be; -1 where there is no room."""
        before = len(self._places)
        place = self._places.make(key)
        if place < before:
            return place
        self._make_room(place + 1, self._used + width)
        self._begins[place], self._written[place] = self._used, written
        self._low[self._used : self._used + width] = np.inf
        self._high[self._used : self._used + width] = -np.inf
        self._used += width
        return place

    def _make_room(self, places: int, slots: int) -> None:
        if places > len(self._rows):
            more = np.zeros(more_room(len(self._rows), places, 64), np.int64)
            for name in ("_begins", "_rows", "_first", "_last", "_grew"):
                setattr(self, name, np.concatenate((getattr(self, name), more)))
            self._written = np.concatenate((self._written, more.astype(np.bool_)))
        if slots > len(self._low):
            room = np.zeros(more_room(len(self._low), slots, 256), np.float64)
            self._low, self._high = np.concatenate((self._low, room)), np.concatenate((self._high, room))

    def numbers(
        self,
        places: NDArray[np.int64],
        minutes: NDArray[np.int64],
        flat: NDArray[np.float64],
        starts: NDArray[np.int64],
        widths: NDArray[np.int64],
    ) -> Numbers:
        """Line up rows, each carrying `widths` numbers of `flat` from `starts` on: those outside what is known."""
        count = int(widths.sum())
        values, row, slot = np.empty(count, np.float64), np.empty(count, np.int64), np.empty(count, np.int64)
        known = (self._begins[places], self._low, self._high)
        new = find_outside(*views(flat, starts, widths, *known, values, row, slot))
        return Numbers(places, minutes, values[:new], row[:new], slot[:new])

    def widen(self, numbers: Numbers) -> None:
        """Take numbers in."""
        low, high, slot = self._low[numbers.slot], self._high[numbers.slot], numbers.slot
        np.fmin.at(self._low, slot, numbers.values)
        np.fmax.at(self._high, slot, numbers.values)
        known = self._rows[numbers.places] > 0
        with np.errstate(invalid="ignore", over="ignore"):
            more = np.maximum(low - self._low[slot], self._high[slot] - high)
            grew = known[numbers.row] & (more > np.maximum(_GREW * (high - low), 1e-9))
        if grew.any():
            rows = numbers.row[grew]
            np.maximum.at(self._grew, numbers.places[rows], numbers.minutes[rows])
        fresh = numbers.places[~known]
        self._first[fresh] = np.iinfo(np.int64).max
        np.minimum.at(self._first, numbers.places, numbers.minutes)
        np.maximum.at(self._last, numbers.places, numbers.minutes)
        np.add.at(self._rows, numbers.places, 1)

    def ready(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of which so much was seen that something can be said."""
        rows = self._rows[places]
        long = self._last[places] - self._first[places] >= _LEAST_MINUTES
        return np.where(self._written[places], rows > 0, (rows >= _LEAST_TOLD) & long)

    def judges(self, places: NDArray[np.int64], settled: int) -> NDArray[np.bool_]:
        """Which are a yardstick: what is told must have stood still since the minute `settled`."""
        return self.ready(places) & (self._written[places] | (self._grew[places] < settled))

    def outside(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which numbers lie outside, with a margin that is wider where less is known."""
        low, high = self._low[numbers.slot], self._high[numbers.slot]
        rows, minutes = self._rows[numbers.places], self._last[numbers.places] - self._first[numbers.places]
        little = ((rows < _FEW) | (minutes < _BRIEF))[numbers.row]
        written = self._written[numbers.places][numbers.row]
        with np.errstate(invalid="ignore", over="ignore"):  # what is endless has no margin, and is not judged
            width, size = high - low, np.maximum(np.abs(low), np.abs(high))
            wrote = np.where(little, np.maximum(width, 0.5 * size), 0.25 * width)
            wrote = np.where(width == 0, 0.5 * size, wrote)  # one value says nothing of a width
            # What never moved is a state or set point: when it does, that is a person's or the process's business.
            told = np.where(width > 0, np.maximum(2.0 * width, 0.1 * size), np.inf)
            margin = np.where(written, wrote, told)
            found: NDArray[np.bool_] = (numbers.values < low - margin) | (numbers.values > high + margin)
        found &= ~(written & _is_state(numbers.values) & _is_state(low) & _is_state(high))
        return found

    def text(self, key: Key, at: int) -> str:
        """Say what number `at` of a known object was."""
        slot = self.begin(key) + at
        low, high = float(self._low[slot]), float(self._high[slot])
        return f"{low:g}" if low == high else f"{low:g} to {high:g}"

    def state(self) -> Iterator[list[Any]]:
        """Give every object as JSON values: key; low, high (a list each); rows, first, last, grew."""
        for place, key in enumerate(self.keys):
            begin = int(self._begins[place])
            end = int(self._begins[place + 1]) if place + 1 < len(self.keys) else self._used
            counts = (self._rows, self._first, self._last, self._grew)
            ends = [self._low[begin:end].tolist(), self._high[begin:end].tolist()]
            yield [list(key), [*ends, *(int(column[place]) for column in counts)]]

    def restore(self, key: Key, state: list[Any], *, written: bool) -> None:
        """Take back what `state` gave of an object."""
        low, high = np.array(state[0], np.float64), np.array(state[1], np.float64)
        if low.shape != high.shape or low.ndim != 1:
            raise ValueError("a range needs as many lows as highs")
        place = self.make(key, len(low), written=written)
        if place < 0:
            return
        begin = int(self._begins[place])
        self._low[begin : begin + len(low)], self._high[begin : begin + len(low)] = low, high
        counts = (self._rows, self._first, self._last, self._grew)
        for column, number in zip(counts, state[2:6], strict=True):
            column[place] = int(number)


def _is_state(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of them are off or on: between these there is no distance."""
    states: NDArray[np.bool_] = (numbers == 0.0) | (numbers == 1.0)
    return states
