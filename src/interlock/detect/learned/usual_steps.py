"""How far the numbers of all objects move from one reading to the next, all objects in a few arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.learned.places import Places, roomy
from interlock.detect.walks import find_leaps, learn_steps, views, walk_moves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.learned.readings import Lined
    from interlock.detect.tally import Key

__all__ = ["TIMES", "Moves", "UsualSteps"]

LEAST_STEPS: Final = 200
MOVING: Final = 0.5
"""A number is judged that was read so often while learning, and moved in so large a part of it: not a set point."""
TIMES: Final = 5.0
"""A leap is so many times the largest step while learning."""
SPAN: Final = 0.1
"""And so large a part of what the number ever spanned: a fine instrument's smallest steps say nothing."""
PAUSE: Final = 3.0
"""Readings further apart than so many times what was usual belong to different moments."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Readings of a batch, object by object. rows: in the batch. places, pauses (ns since the reading before): per row.

    near: which rows follow a reading so soon that a step means something. Per number: row (here), slot (its place among
    all numbers), value, and step: how far it moved.
    """

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    pauses: NDArray[np.int64]
    near: NDArray[np.bool_]
    row: NDArray[np.int64]
    slot: NDArray[np.int64]
    value: NDArray[np.float64]
    step: NDArray[np.float64]


class UsualSteps:
    """Of objects: steps, the time they took, when last read. Of numbers: moved, largest step, least, most, last."""

    def __init__(self, most: int) -> None:
        """most: objects; more are not taken in."""
        self._places = Places(most)
        self._begins, self._widths, self._steps, self._waited, self._at = (
            np.zeros(0, np.int64) for _ in range(5)
        )
        self._read = np.zeros(0, np.bool_)
        self._used = 0
        self._moved, self._largest, self._least, self._most, self._last = (
            np.zeros(0, np.float64) for _ in range(5)
        )

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self._places)

    @property
    def keys(self) -> list[Key]:
        """The objects, by place."""
        return self._places.keys

    def find(self, key: Key, width: int) -> int:
        """Give the place of an object that has so many numbers; -1 where it is not known."""
        place = self._places.find(key)
        return place if place >= 0 and self._widths[place] == width else -1

    def make(self, key: Key, width: int) -> int:
        """Give the place of an object, new if need be; -1 where there is no room."""
        before = len(self._places)
        place = self._places.make(key)
        if place < before:
            return self.find(key, width)
        self._begins, self._widths, self._steps, self._waited, self._at, self._read = roomy(
            (self._begins, self._widths, self._steps, self._waited, self._at, self._read), place + 1, [0] * 6
        )
        self._moved, self._largest, self._least, self._most, self._last = roomy(
            (self._moved, self._largest, self._least, self._most, self._last),
            self._used + width,
            (0.0, 0.0, np.inf, -np.inf, 0.0),
        )
        self._begins[place], self._widths[place] = self._used, width
        self._used += width
        return place

    def moves(self, lined: Lined) -> Moves:
        """Compare each reading with the one before it, also of the last batch; the last ones are remembered."""
        places, times, widths = lined.places, lined.times, lined.widths
        value, count = lined.values, len(lined.values)
        pauses, near = np.empty(len(places), np.int64), np.empty(len(places), np.bool_)
        row, slot, step = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.float64)
        known = (self._begins, self._steps, self._waited, self._at, self._read, self._last)
        walk_moves(*views(value, places, widths, times, *known), PAUSE, *views(pauses, near, row, slot, step))
        return Moves(lined.rows, places, pauses, near, row, slot, value, step)

    def learn(self, moves: Moves) -> None:
        """Take readings for usual."""
        seen = (moves.value, moves.row, moves.slot, moves.step, moves.near)
        learn_steps(*views(*seen, self._moved, self._largest, self._least, self._most))
        np.add.at(self._steps, moves.places[moves.near], 1)
        np.add.at(self._waited, moves.places[moves.near], moves.pauses[moves.near])

    def leaps(self, moves: Moves, times: float = TIMES) -> NDArray[np.int64]:
        """Which numbers moved further than they can have: so many times the largest step."""
        far = np.empty(len(moves.step), np.int64)
        seen = views(moves.row, moves.slot, moves.step, moves.near, self._largest)
        far = far[: find_leaps(*seen, times, *views(far))]
        slot, steps = moves.slot[far], self._steps[moves.places[moves.row[far]]]
        judged = (steps >= LEAST_STEPS) & (self._moved[slot] >= MOVING * steps)
        with np.errstate(over="ignore", invalid="ignore"):
            judged &= moves.step[far] > SPAN * (self._most[slot] - self._least[slot])
        return far[judged]

    def amid(self, moves: Moves, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these numbers neither began nor ended a step at nothing or at an end of their range.

        To switch a drive off, or a valve open, is no leap of what steers it.
        """
        slot, value, step = moves.slot[numbers], moves.value[numbers], moves.step[numbers]
        least, most = self._least[slot], self._most[slot]
        near = 1e-9 * (most - least)
        inside = np.ones(len(numbers), np.bool_)
        # Where it came from is one of two places, a step away; where either is an end, it counts as one.
        for at in (value, value - step, value + step):
            for end in (np.zeros(len(numbers)), least, most):
                inside &= np.abs(at - end) > near
        return inside

    def number_of(self, moves: Moves, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which numbers of their objects these are, from 0."""
        at: NDArray[np.int64] = moves.slot[numbers] - self._begins[moves.places[moves.row[numbers]]]
        return at

    def largest(self, key: Key, at: int) -> float | None:
        """Give the largest step of a number while learning; None where it is not known."""
        place = self._places.find(key)
        return (
            None if place < 0 or at >= self._widths[place] else float(self._largest[self._begins[place] + at])
        )

    def width(self, key: Key) -> int:
        """How many numbers a known object has."""
        return int(self._widths[self._places.find(key)])

    def state(self) -> Iterator[list[Any]]:
        """Each object with steps, by key: steps, usual pause (ns), moved, largest, least, most (a list each)."""
        for key in sorted(self.keys):
            place = self._places.find(key)
            if steps := int(self._steps[place]):
                begin, end = self._ends(place)
                columns = (self._moved, self._largest, self._least, self._most)
                pause = float(self._waited[place]) / steps
                yield [list(key), [steps, pause, *(column[begin:end].tolist() for column in columns)]]

    def restore(self, key: Key, state: list[Any]) -> None:
        """Take back what `state` gave of an object. Raises ValueError where its lists differ in length."""
        columns = [np.array(column, np.float64) for column in state[2:6]]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("the steps of an object are lists of one length")
        place = self.make(key, len(columns[0]))
        if place < 0:
            return
        begin, end = self._ends(place)
        self._steps[place], self._waited[place] = int(state[0]), round(float(state[1]) * int(state[0]))
        kept = (self._moved, self._largest, self._least, self._most)
        for mine, column in zip(kept, columns, strict=True):
            mine[begin:end] = column

    def last(self) -> Iterator[list[Any]]:
        """Give the last readings, by key: time (UTC ns) and numbers."""
        for key in sorted(self.keys):
            place = self._places.find(key)
            if self._read[place]:
                yield [list(key), [int(self._at[place]), self._last[slice(*self._ends(place))].tolist()]]

    def restore_last(self, key: Key, time: int, numbers: list[float]) -> None:
        """Take a last reading back."""
        place = self.make(key, len(numbers))
        if place >= 0:
            self._at[place], self._read[place] = time, True
            self._last[slice(*self._ends(place))] = numbers

    def _ends(self, place: int) -> tuple[int, int]:
        begin = int(self._begins[place])
        return begin, begin + int(self._widths[place])
