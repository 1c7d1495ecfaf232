"""Cyclic operations folded for storage: a poll of 10 ms is 6,000 rows a minute to decode and one row to keep.

The rule: rows that agree in every column of ALIKE, that ended well, whose verb is one of FOLDED, and that began in
the same minute of capture time are one row: the earliest of them, with how many there were, when and in which frame
the last one was, the slowest answer, and the time between them. Whatever else happened is a row of its own. What
they carried stands in `values`, which are folded by a rule of their own (value_folding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.records.tables import OPERATIONS, OPERATIONS_FOLDED
from interlock.store.runs import ALIKE, DURATION, MINUTE_NS, Runs, frames_of, integers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["ALIKE", "FOLDED", "MINUTE_NS", "Folding"]

FOLDED: Final = frozenset({"read", "write", "report", "discover", "identify", "diagnose"})
"""Verbs of cyclic traffic; what starts, stops, programs, forces, configures or lets somebody in is never folded."""

_ENDED_WELL: Final = frozenset({"ok", "unsolicited"})
_LATE_NS: Final = MINUTE_NS
"""So long after a minute's end its rows are given out: an answer may come late, and a row with it."""
MAX_OPEN: Final = 100_000
MAX_TIMES: Final = 4_000_000
"""Rows that wait for others like them, and instants kept for their periods; past either, what waits is given out."""


class Folding:
    """Give it batches of `operations`; it gives batches of `operations_folded`, then the rest. Memory is bounded."""

    def __init__(self) -> None:
        self._open: list[Runs] = []
        self._now = -(1 << 62)

    @property
    def open_runs(self) -> int:
        """Runs that wait."""
        return sum(map(len, self._open))

    @property
    def open_times(self) -> int:
        """Instants that are kept of them."""
        return sum(len(runs.times) for runs in self._open)

    def add(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """Rows that are final now: those that are never folded, and those whose minute is over."""
        if not batch.num_rows:
            return []
        folds = _foldable(batch)
        done = [_single(batch.filter(pa.array(~folds)))] if not folds.all() else []
        if folds.any():
            self._open.append(Runs.of(batch if folds.all() else batch.filter(pa.array(folds))))
        self._now = max(self._now, int(integers_of(batch, "time").max()))
        if self.open_runs > MAX_OPEN:
            self._open = [Runs.joined(self._open)]  # of several batches some may be the same
        full = self.open_runs > MAX_OPEN or self.open_times > MAX_TIMES
        return [*done, *self._give(None if full else (self._now - _LATE_NS) // MINUTE_NS)]

    def rest(self) -> list[pa.RecordBatch]:
        """What still waits."""
        return self._give(None)

    def _give(self, before: int | None) -> list[pa.RecordBatch]:
        """Runs of minutes before one (None: all), in order of time."""
        if before is not None and all(r.begin[0].min() // MINUTE_NS >= before for r in self._open):
            return []
        if not self._open:
            return []
        held, self._open = self._open, []
        runs = Runs.joined(held)
        held.clear()
        over = np.ones(len(runs), np.bool_) if before is None else runs.begin[0] // MINUTE_NS < before
        if not over.all():
            self._open = [runs.taken(np.flatnonzero(~over))]
            runs = runs.taken(np.flatnonzero(over))
        return [_folded(runs)]


def _foldable(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    return _among(batch, "verb", FOLDED) & _among(batch, "outcome", _ENDED_WELL)


def _among(batch: pa.RecordBatch, name: str, wanted: frozenset[str]) -> NDArray[np.bool_]:
    column = batch.column(name)
    words = np.array([word in wanted for word in column.dictionary.to_pylist()], np.bool_)
    mask: NDArray[np.bool_] = words[column.indices.to_numpy(zero_copy_only=False)]
    return mask


def _single(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows that are never folded, as rows of the folded table."""
    one, none = np.ones(batch.num_rows, np.uint32), pa.nulls(batch.num_rows, DURATION)
    time, frame = integers_of(batch, "time"), frames_of(batch)
    return _with(batch, one, time, frame, batch.column("latency"), (none, none, none))


def _folded(runs: Runs) -> pa.RecordBatch:
    """First rows of runs, by time, with what is known of the others."""
    order = np.lexsort((runs.begin[1], runs.begin[0]))
    coded = [
        column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        for field, column in zip(OPERATIONS.schema, runs.firsts.take(pa.array(order)).columns, strict=True)
    ]
    return _with(
        pa.RecordBatch.from_arrays(coded, schema=OPERATIONS.schema),
        np.diff(runs.bounds)[order].astype(np.uint32),
        runs.last[0][order],
        runs.last[1][order],
        pa.array(runs.slowest[order], DURATION, mask=runs.slowest[order] < 0),
        tuple(period.take(pa.array(order)) for period in runs.periods()),
    )


def _with(
    rows: pa.RecordBatch,
    repeats: NDArray[np.uint32],
    last: NDArray[np.int64],
    frame: NDArray[np.int64],
    slowest: pa.Array,
    periods: tuple[pa.Array, ...],
) -> pa.RecordBatch:
    own = [
        pa.array(repeats),
        pa.array(last, pa.timestamp("ns", "UTC")),
        pa.array(frame.astype(np.uint64), mask=frame == 0),
        slowest,
        *periods,
    ]
    return pa.RecordBatch.from_arrays([*rows.columns, *own], schema=OPERATIONS_FOLDED.schema)
