"""Ledger: what was seen, folded per key into counts, times, and the frame that showed it first.

All state of the inventory is such ledgers: equally long numpy columns, some 40 octets a key, no object per
row. A batch is folded first, so that a ledger grows by keys and never by rows; folds are sums, minima and
maxima, so that the order of batches makes no difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from interlock.records.cells import fold_up, views
from interlock.records.crossing import MOST_CELLS, crossed, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["COLUMNS", "Ledger", "Tally", "fold", "group"]

_DIRECT = 1 << 20
_WIDE = 1 << 12
_SORTED = 32
"""Places of a table that are walked in the time that sorting one row takes."""
_MOST = 1 << 62
_MOST_WAITING = 1 << 18
"""Rows that wait, some 25 MB, however many are kept: all of them are copied when they are folded."""
_LEAST, _GREATEST = -(2**63), 2**63 - 1


@dataclass(slots=True, kw_only=True)
class Tally:
    """n rows as columns. keys: numbers that name the row.

    count: how often. weight: how much of what the ledger weighs. top: confidence in 1/10,000.
    first, last: UTC ns. frame, source: where it was seen first (a source's number does not depend on the
    order of sources).
    """

    keys: tuple[NDArray[np.int64], ...]
    count: NDArray[np.int64]
    weight: NDArray[np.int64]
    top: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    frame: NDArray[np.int64]
    source: NDArray[np.int64]

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.first)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Tally:
        """Return some rows."""
        return Tally(
            keys=tuple(k[rows] for k in self.keys),
            **{name: getattr(self, name)[rows] for name in COLUMNS},
        )


COLUMNS = ("count", "weight", "top", "first", "last", "frame", "source")
"""Columns of a tally besides its keys."""


class Ledger:
    """Tally that folds itself together as batches come, of at most about `limit` keys.

    trim: what to keep where it grew beyond that (rows of a tally); by default what was seen most, then first.
    """

    def __init__(
        self, width: int, limit: int, trim: Callable[[Tally, int], NDArray[np.int64]] | None = None
    ) -> None:
        """width: how many numbers make a key."""
        self._kept = _empty(width)
        self._pending: list[Tally] = []
        self._waiting = 0
        self._limit = limit
        self._trim = trim or most_seen
        self.dropped = 0

    def add(self, tally: Tally) -> None:
        """Take in rows; equal keys may repeat."""
        if not tally.n:
            return
        folded = fold(tally)
        self._pending.append(folded)
        self._waiting += folded.n
        if self._waiting > max(1 << 16, min(self._kept.n, _MOST_WAITING)):
            self._compact()

    def __len__(self) -> int:
        """How many keys there are at most: some of those that wait may be known already."""
        return self._kept.n + self._waiting

    def rows(self) -> Tally:
        """Everything so far, one row a key."""
        if self._pending:
            self._compact()
        return self._kept

    def restore(self, tally: Tally, dropped: int) -> None:
        """In place of everything so far: what `rows` gave once, one row a key, and how many were dropped by then."""
        self._kept, self._pending, self._waiting = _tight(tally), [], 0
        self.dropped = dropped

    def rename(self, table: NDArray[np.int64], places: Sequence[int], needed: Sequence[int]) -> None:
        """Replace the numbers at some places of the key by `table[number]`.

        needed: places whose number must not become 0; rows where one does are dropped.
        """
        kept = self.rows()
        keys = tuple(table[k] if i in places else k for i, k in enumerate(kept.keys))
        right = np.all([keys[i] > 0 for i in needed], axis=0)
        self.dropped += int((~right).sum())
        self._kept = fold(replace(kept, keys=keys).take(right))

    def _compact(self) -> None:
        joined = _join([self._kept, *self._pending])
        # Let go of before it is folded, which takes as much again.
        self._kept, self._pending, self._waiting = _empty(len(joined.keys)), [], 0
        joined = fold(joined)
        if joined.n > self._limit:
            rows = self._trim(joined, self._limit)
            self.dropped += joined.n - len(rows)
            joined = joined.take(rows)
        self._kept = _tight(joined)


def most_seen(tally: Tally, limit: int) -> NDArray[np.int64]:
    """Rows seen most often, the earlier before the later."""
    return np.lexsort((tally.first, -tally.count))[:limit]


def fold(tally: Tally) -> Tally:
    """One row for each key: sums, highest confidence, first and last, the first sighting's frame."""
    parts = [(np.ascontiguousarray(key, np.int64), int(key.max(initial=0)) + 1) for key in tally.keys]
    code = crossed(parts, tally.n)
    number, example = numbered(code)
    if len(example) == tally.n:
        return tally
    made = [
        np.full(len(example), begin, np.int64)
        for begin in (0, 0, _LEAST, _GREATEST, _LEAST, _GREATEST, _GREATEST)
    ]
    given = [np.ascontiguousarray(getattr(tally, name), np.int64) for name in COLUMNS]
    fold_up(*views(number), tuple(views(*given)), tuple(views(*made)))
    keys = tuple(key[example] for key in tally.keys)
    # By their keys: who takes the first of equals takes the same however rows came.
    rising = math.prod(span for _, span in parts) <= MOST_CELLS
    order = np.argsort(code[example]) if rising else np.lexsort(keys[::-1])
    return Tally(
        keys=tuple(key[order] for key in keys),
        **{name: column[order] for name, column in zip(COLUMNS, made, strict=True)},
    )


def group(columns: Sequence[NDArray[np.int64]], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give equal rows of n the same number: (number of each row, an example row of each number).

    Products of numbers below about a million are addressed directly, without sorting; wider ones are sorted, and so are
    few rows, for which making room for all products would cost the most.
    """
    direct = _DIRECT if n * _SORTED >= _DIRECT else _MOST
    code, size = np.zeros(n, np.int64), 1
    for column in columns:
        number, span = column.astype(np.int64, copy=False), int(column.max(initial=0)) + 1
        if span > _WIDE:
            number, span = _narrow(column, span)
        if size * span > direct:
            code, size = _narrow(code, size)
        code, size = code * span + number, size * span
    return _dense(code, size)


def _narrow(code: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], int]:
    number, example = _dense(code, size)
    return number, len(example)


def _dense(code: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if size > min(max(_DIRECT, 4 * len(code)), 4096 + _SORTED * len(code)):
        _, example, number = np.unique(code, return_index=True, return_inverse=True)
        return number, example
    used = np.zeros(size, np.bool_)
    used[code] = True
    found = np.flatnonzero(used)
    table = np.empty(size, np.int64)  # few of its places are written, and only those are read
    table[found] = np.arange(len(found))
    number = table[code]
    example = np.empty(len(found), np.int64)
    example[number] = np.arange(len(code))
    return number, example


def _join(tallies: list[Tally]) -> Tally:
    width = len(tallies[0].keys)
    return Tally(
        keys=tuple(np.concatenate([t.keys[i] for t in tallies]) for i in range(width)),
        **{name: np.concatenate([getattr(t, name) for t in tallies]) for name in COLUMNS},
    )


def _tight(tally: Tally) -> Tally:
    """The same numbers in as little memory as they need; columns are no longer all int64."""
    last = tally.first if np.array_equal(tally.first, tally.last) else tally.last
    weight = tally.count if np.array_equal(tally.count, tally.weight) else tally.weight
    columns = {name: _narrowest(getattr(tally, name)) for name in ("count", "top", "frame", "source")}
    return Tally(
        keys=tuple(map(_narrowest, tally.keys)),
        weight=columns["count"] if weight is tally.count else _narrowest(weight),
        first=tally.first,
        last=last,
        **columns,
    )


def _narrowest(column: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(column):
        return column
    least, most = int(column.min()), int(column.max())
    if least == most:
        return np.broadcast_to(np.int64(least), column.shape)
    for kind in (np.int8, np.int16, np.int32):
        bounds = np.iinfo(kind)
        if bounds.min < least and most <= bounds.max:  # the least of all has no negative
            return column.astype(kind)
    return column.astype(np.int64, copy=False)


def _empty(width: int) -> Tally:
    none = np.zeros(0, np.int64)
    return Tally(keys=(none,) * width, **dict.fromkeys(COLUMNS, none))
