"""The last twenty seconds of the numbers of many objects, second by second, in one array."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.learned.places import Placed, roomy
from interlock.detect.walks import put_down, views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.learned.readings import Lined
    from interlock.detect.tally import Key

__all__ = ["SPAN", "Tape"]

SPAN: Final = 20
"""Seconds that are looked at together."""
HOLD: Final = 11
"""Seconds for which a number that is told when it changes, and else every ten seconds, holds."""
_SECOND_NS: Final = 1_000_000_000


class Tape(Placed):
    """Objects by key; each has some numbers, which stand side by side among all numbers.

    numbers: [number of all, second] NaN where nothing was read; frames: [object, second], 0 where nothing was.
    owner: per number, its object's place. begins: per object. stretch: which stretch since 1970 it is; -1: none yet.
    """

    def __init__(self, most: int, most_numbers: int) -> None:
        """most, most_numbers: objects and their numbers; more are not taken in."""
        super().__init__(most)
        self._most_numbers, self.used, self.stretch = most_numbers, 0, -1
        self.numbers, self.owner = np.zeros((0, SPAN)), np.zeros(0, np.int64)
        self.frames, self.begins = np.zeros((0, SPAN), np.int64), np.zeros(0, np.int64)
        self.sources: list[str] = []
        self._holds, self._carried, self._age = np.zeros(0, np.bool_), np.zeros(0), np.zeros(0, np.int64)
        """Per number: whether it holds until it is told anew; the last one, and how many seconds it is old."""

    def hold(self, place: int, width: int) -> None:
        """Say of an object that its numbers hold until they are told anew."""
        self._holds[self.begins[place] : self.begins[place] + width] = True

    def make(self, key: Key, width: int) -> int:
        """Give the place of an object that has so many numbers, new if need be; -1 where there is no room."""
        before = len(self._places)
        if self.find(key) < 0 and self.used + width > self._most_numbers:
            return -1
        place = self._places.make(key)
        if place < before:
            return place
        self.numbers, self.owner, self._holds, self._carried, self._age = roomy(
            (self.numbers, self.owner, self._holds, self._carried, self._age),
            self.used + width,
            (np.nan, 0, False, np.nan, HOLD),
        )
        self.frames, self.begins = roomy((self.frames, self.begins), place + 1, (0, 0))
        self.sources.append("")
        self.begins[place] = self.used
        self.owner[self.used : self.used + width] = place
        self.used += width
        return place

    def put(self, lined: Lined, which: NDArray[np.bool_], frames: NDArray[np.int64]) -> None:
        """Write down the rows `which` of this stretch. frames: per row of `lined`."""
        mine = np.flatnonzero(which)
        places, seconds = lined.places[mine], lined.times[mine] // _SECOND_NS % SPAN
        rows = (lined.begins[mine], lined.widths[mine], self.begins[places], seconds)
        put_down(*views(lined.values, *rows), self.numbers)
        self.frames[places, seconds] = frames[mine]

    def ended(self) -> NDArray[np.float64]:
        """Give this stretch, what holds filled in: [slot, second]."""
        numbers = self.numbers[: self.used].copy()
        held = np.flatnonzero(self._holds[: self.used])
        if len(held):
            numbers[held] = self._filled(held)
        return numbers

    def _filled(self, held: NDArray[np.int64]) -> NDArray[np.float64]:
        now = self.numbers[held]
        seconds = np.arange(SPAN)
        latest = np.maximum.accumulate(np.where(np.isnan(now), -1, seconds), axis=1)
        known = np.take_along_axis(now, np.maximum(latest, 0), axis=1)
        age = np.where(latest < 0, self._age[held][:, None] + 1 + seconds, seconds - latest)
        filled = np.where(latest < 0, self._carried[held][:, None], known)
        self._carried[held], self._age[held] = filled[:, -1], np.minimum(age[:, -1], HOLD)
        return np.where(age < HOLD, filled, np.nan)

    def clear(self, *, next_one: bool) -> None:
        """Begin another stretch. next_one: whether it follows this one."""
        self.numbers[: self.used] = np.nan
        self.frames[:] = 0
        if not next_one:
            self._age[:] = HOLD

    def number_of(self, slot: int) -> int:
        """Which number of its object one is, from 0."""
        return int(slot - self.begins[self.owner[slot]])

    def label(self, slot: int) -> list[Any]:
        """Say which number of which object one is, so that another tape finds it: key, number, numbers it has."""
        place = int(self.owner[slot])
        return [list(self.keys[place]), self.number_of(slot)]

    def state(self) -> list[Any]:
        """Give the stretch that has begun, as JSON values: which, and of each object that was read what."""
        return [self.stretch, list(self._written())]

    def _written(self) -> Iterator[list[Any]]:
        ends = [*self.begins[1 : len(self)].tolist(), self.used]
        for place, (key, end) in enumerate(zip(self.keys, ends, strict=True)):
            if self.frames[place].any() or self.sources[place]:
                parts = (self.numbers[int(self.begins[place]) : end], self.frames[place])
                packed = [b64encode(part.astype(kind).tobytes()).decode("ascii")
                          for part, kind in zip(parts, ("<f8", "<i8"), strict=True)]  # fmt: skip
                begin = int(self.begins[place])
                carried = [
                    [repr(n) for n in self._carried[begin:end].tolist()],
                    self._age[begin:end].tolist(),
                ]
                yield [list(key), self.sources[place], *packed, *carried, bool(self._holds[begin])]

    def restore(self, state: list[Any]) -> None:
        """Take it back. Raises ValueError where it is no such thing."""
        self.stretch = int(state[0])
        for words, source, numbers, frames, carried, age, holds in state[1]:
            table = np.frombuffer(b64decode(numbers, validate=True), "<f8").reshape(-1, SPAN)
            shown = np.frombuffer(b64decode(frames, validate=True), "<i8")
            if len(shown) != SPAN:
                raise ValueError("a stretch has twenty seconds")
            place = self.make(tuple(str(w) for w in words), len(table))
            if place >= 0:
                begin = int(self.begins[place])
                self.numbers[begin : begin + len(table)], self.frames[place] = table, shown
                self.sources[place] = str(source)
                mine = slice(begin, begin + len(table))
                self._carried[mine] = [float(n) for n in carried]
                self._age[mine] = [int(n) for n in age]
                self._holds[mine] = bool(holds)
