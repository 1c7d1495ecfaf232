"""What one client writes to one machine, as a run of changes, and the marks by which a run is known again.

A change is another value in an object than this client wrote there before; a mark stands for LENGTH changes in a row,
with at least DISTINCT different ones among them: to and fro between two values is no run that anybody could recognise.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["DISTINCT", "LENGTH", "Changes", "Marks"]

LENGTH: Final = 6
DISTINCT: Final = 4
MAX_MARKS: Final = 16_384
"""Marks of a client and machine that are remembered; at a change a second more than four hours of them."""
MAX_OBJECTS: Final = 256
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SECOND: Final = 10**9
_FEW: Final = 16


class Marks(NamedTuple):
    """Marks of a batch, in order. rows: of the last change of each. marks: uint32. at: seconds since 1970 (UTC)."""

    rows: NDArray[np.int64]
    marks: NDArray[np.uint32]
    at: NDArray[np.int64]


class Changes:
    """One client at one machine. seen: its marks so far; again: those that were its own already."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._tail = np.zeros(0, np.uint64)
        self._marks = np.zeros(0, np.uint32)
        self._at = np.zeros(0, np.int64)
        self.seen = self.again = 0
        self.latest = 0

    def take(
        self, objects: NDArray[np.uint64], events: NDArray[np.uint64], times: NDArray[np.int64]
    ) -> Marks:
        """Marks of writes in time order. events: what is written where, as a number; times: UTC ns."""
        rows = self._changed(objects, events)
        self.latest = max(self.latest, int(times.max()) // _SECOND)
        run = np.concatenate((self._tail, events[rows]))
        before = len(self._tail)
        self._tail = run[-(LENGTH - 1) :]
        if len(run) < LENGTH:
            return Marks(rows[:0], np.zeros(0, np.uint32), rows[:0])
        windows = np.lib.stride_tricks.sliding_window_view(run, LENGTH)
        ordered = np.sort(windows, axis=1)
        told = np.flatnonzero((np.diff(ordered, axis=1) != 0).sum(axis=1) + 1 >= DISTINCT)
        powers = _PRIME ** np.arange(LENGTH, dtype=np.uint64)
        marks = ((windows[told] * powers).sum(axis=1, dtype=np.uint64) >> np.uint64(32)).astype(np.uint32)
        ends = rows[told + LENGTH - 1 - before]
        return Marks(ends, marks, times[ends] // _SECOND)

    def _changed(self, objects: NDArray[np.uint64], events: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Rows that write something else into their object than was there before."""
        if len(objects) <= _FEW:
            return np.array(list(self._few_changed(objects.tolist(), events.tolist())), np.int64)
        order = np.argsort(objects, kind="stable")
        theirs, written = objects[order], events[order]
        first = np.concatenate(([True], theirs[1:] != theirs[:-1]))
        changed = np.concatenate(([True], written[1:] != written[:-1])) | first
        last = np.concatenate((first[1:], [True]))
        for n in np.flatnonzero(first).tolist():
            changed[n] = self._last.get(int(theirs[n])) != int(written[n])
        for n in np.flatnonzero(last).tolist():
            self._last.pop(int(theirs[n]), None)
            self._last[int(theirs[n])] = int(written[n])
        self._forget()
        return np.sort(order[changed])

    def _few_changed(self, objects: list[int], events: list[int]) -> Iterator[int]:
        """As for many, one by one: quicker than numpy's set-up."""
        for row, (thing, event) in enumerate(zip(objects, events, strict=True)):
            if self._last.get(thing) != event:
                yield row
            self._last[thing] = event
        # As for many: those written now are the youngest, in the order of their numbers.
        for thing in sorted(set(objects)):
            self._last[thing] = self._last.pop(thing)
        self._forget()

    def _forget(self) -> None:
        while len(self._last) > MAX_OBJECTS:
            self._last.pop(next(iter(self._last)))

    def known(self, marks: Marks, apart_s: int) -> NDArray[np.bool_]:
        """Which of these marks were its own at least `apart_s` seconds before."""
        if not len(self._marks) or not len(marks.marks):
            return np.zeros(len(marks.marks), np.bool_)
        if len(marks.marks) <= _FEW:
            return np.array([self._knew(mark, at, apart_s) for mark, at in zip(
                marks.marks, marks.at.tolist(), strict=True)], np.bool_)  # fmt: skip
        order = np.argsort(self._marks, kind="stable")
        place = np.minimum(np.searchsorted(self._marks[order], marks.marks), len(order) - 1)
        found = order[place]
        known: NDArray[np.bool_] = (self._marks[found] == marks.marks) & (
            marks.at - self._at[found] >= apart_s
        )
        return known

    def _knew(self, mark: np.uint32, at: int, apart_s: int) -> bool:
        """Of one: looking through all is quicker than sorting them."""
        same = self._marks == mark
        first = int(same.argmax())
        return bool(same[first]) and at - int(self._at[first]) >= apart_s

    def keep(self, marks: Marks) -> None:
        """Remember them."""
        self.seen += len(marks.marks)
        self._marks = np.concatenate((self._marks, marks.marks))[-MAX_MARKS:]
        self._at = np.concatenate((self._at, marks.at))[-MAX_MARKS:]

    def state(self) -> list[Any]:
        """As JSON values."""
        arrays = (self._tail, self._marks, self._at)
        packed = [base64.b64encode(part.tobytes()).decode() for part in arrays]
        return [list(self._last.items()), packed, self.seen, self.again, self.latest]

    @classmethod
    def of(cls, state: list[Any]) -> Changes:
        """From JSON values."""
        changes = cls()
        changes._last = {int(thing): int(event) for thing, event in state[0]}
        tail, marks, at = (base64.b64decode(part, validate=True) for part in state[1])
        changes._tail = np.frombuffer(tail, np.uint64).copy()
        changes._marks, changes._at = (
            np.frombuffer(marks, np.uint32).copy(),
            np.frombuffer(at, np.int64).copy(),
        )
        if len(changes._marks) != len(changes._at):
            raise ValueError("marks without times")
        changes.seen, changes.again, changes.latest = (int(n) for n in state[2:5])
        return changes
