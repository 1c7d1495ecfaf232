"""Process values folded for storage: a poll of 10 ms is 6,000 rows a minute to decode and a few rows to keep.

The rule. Rows that agree in every column of ALIKE and in how many numbers they carry, and that were on the wire in the
same minute, are a block's minute. Within it, in order of time, rows from one change to the next are one row (a run):

- Of what was *written* every change counts: a row of its own for each value that a write carried, in order, with how
  often it was repeated.
- Of what was *read* or *reported*, a number's changes count where there are at most CHANGES_EACH of them in the minute,
  and with those of the block's other numbers, rarest first, at most CHANGES_TOGETHER; so do those of text and octets
  where there are at most CHANGES_TOGETHER. A valve, a mode, a setpoint keep every change so, with its instant.
- Numbers that change more often (a level, a counter, a heartbeat) do not end a run. It tells of each of its numbers the
  first, the last, the least, the most, the largest step from one row to the next, and how many changes there were.

So nothing is lost of what was written but the instants of repetitions; of what was read, the values between least
and most of what moves all the time. `repeats` adds up to the rows there were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.inventory.ledger import group
from interlock.records.gathering import as_one
from interlock.records.tables import VALUES_FOLDED
from interlock.store.runs import MINUTE_NS, codes_of, integers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["ALIKE", "CHANGES_EACH", "CHANGES_TOGETHER", "ValueFolding", "fold_values"]

ALIKE: Final = (
    *("source", "realm", "flow", "client", "server", "protocol", "unit", "object"),
    *("direction", "type", "quality"),
)
CHANGES_EACH: Final = 12
CHANGES_TOGETHER: Final = 60
MOST_ROWS: Final = 500_000
MOST_NUMBERS: Final = 4_000_000
"""Rows, and numbers in them, that wait for their minute to end."""
_AT_ONCE: Final = 131_072
"""Numbers in memory as a matrix, of which there are some six at a time; one block's minute is never divided."""
_LISTS_AT_ONCE: Final = 2048


class ValueFolding:
    """Give it batches of `values`; it gives batches of `values_folded`, then the rest. Memory is bounded."""

    def __init__(self) -> None:
        self._held: list[pa.RecordBatch] = []
        self._rows = self._numbers = 0

    def add(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """Rows that are final now: where much is held, those of minutes that are over."""
        if not batch.num_rows:
            return []
        self._hold(batch)
        if self._rows <= MOST_ROWS and self._numbers <= MOST_NUMBERS:
            return []
        whole = as_one(self._held)
        minute = integers_of(whole, "time") // MINUTE_NS
        over = minute < minute.max() - 1
        self._held, self._rows, self._numbers = [], 0, 0
        if over.sum() * 4 < len(over):  # little would be gained: the minute is too full to be held
            return [fold_values(whole)]
        self._hold(whole.filter(pa.array(~over)))
        return [fold_values(whole.filter(pa.array(over)))]

    def rest(self) -> list[pa.RecordBatch]:
        """What is still held."""
        held, self._held, self._rows, self._numbers = self._held, [], 0, 0
        if not held:
            return []
        whole = as_one(held)
        held.clear()  # or all of it would be there twice
        return [fold_values(whole)]

    def _hold(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._rows += batch.num_rows
        self._numbers += len(batch.column("number").flatten())


@dataclass(slots=True)
class _Slab:
    """Blocks' minutes of `width` numbers a row. rows: places in the batch, by block's minute, then time.

    starts: where each block's minute begins among them.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    width: int


@dataclass(slots=True)
class _Runs:
    """Runs as columns. moved: which have numbers that changed within; of those alone `lists` tell."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    repeats: NDArray[np.int64]
    moved: NDArray[np.bool_]
    lists: tuple[NDArray[np.float64], ...]
    texts: NDArray[np.int64]


def fold_values(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of `values`, any order → rows of `values_folded`, by time."""
    columns = _Columns(batch)
    runs = [_runs(columns, slab) for slab in _slabs(columns)]
    first = np.concatenate([r.first for r in runs]) if runs else np.zeros(0, np.int64)
    order = np.lexsort((columns.frame[first], columns.time[first]))
    first = first[order]
    last = np.concatenate([r.last for r in runs])[order] if runs else first
    texts = np.concatenate([r.texts for r in runs])[order] if runs else first
    which = pa.array(first)
    rows = [
        _taken(c, first) if f.name == "number" else c.take(which)
        for f, c in zip(batch.schema, batch.columns, strict=True)
    ]
    end = batch.select(["time", "frame", "text", "raw"]).take(pa.array(last))
    same = pa.array(texts == 0)
    lists = [_lists(runs, which).take(pa.array(order)) for which in range(5)]
    folded = [
        *rows,
        pa.array(np.concatenate([r.repeats for r in runs])[order] if runs else first, pa.uint32()),
        end.column("time"),
        end.column("frame"),
        *lists[:4],
        lists[4].cast(pa.list_(pa.uint32())),
        *(_where_not(same, end.column(name)) for name in ("text", "raw")),
        pa.array(texts, pa.uint32()),
    ]
    return pa.RecordBatch.from_arrays(folded, schema=VALUES_FOLDED.schema)


class _Columns:
    """What folding looks at, as numpy arrays."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        lists = batch.column("number")
        self.n = batch.num_rows
        self.offsets = lists.offsets.to_numpy().astype(np.int64)[:-1]
        self.widths = lists.value_lengths().fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        values = lists.values if not lists.values.null_count else lists.values.fill_null(np.nan)
        self.numbers: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
        self.time, self.frame = integers_of(batch, "time"), integers_of(batch, "frame")
        self.text = group([codes_of(batch, "text"), codes_of(batch, "raw")], self.n)[0]
        self.written = _is(batch, "direction", "written")
        minute = self.time // MINUTE_NS
        keys = [codes_of(batch, name) for name in ALIKE]
        self.block = group([*keys, self.widths + 1, minute - minute.min(initial=0)], self.n)[0]


def _slabs(columns: _Columns) -> Iterator[_Slab]:
    """All rows, in pieces of blocks' minutes that are equally wide."""
    c = columns
    order = np.lexsort((c.frame, c.time, c.block, c.widths))
    edges = np.flatnonzero(np.diff(c.block[order], prepend=-1))
    widths = c.widths[order[edges]]
    ends = np.append(edges[1:], c.n)
    begin = 0
    while begin < len(edges):
        width = max(0, int(widths[begin]))
        most = edges[begin] + max(1, _AT_ONCE // max(1, width))
        same = np.searchsorted(widths, widths[begin], "right")
        end = min(int(same), max(begin + 1, int(np.searchsorted(ends, most, "right"))))
        rows = order[edges[begin] : ends[end - 1]]
        yield _Slab(rows, edges[begin:end] - edges[begin], width)
        begin = end


def _runs(c: _Columns, slab: _Slab) -> _Runs:
    """Cut each block's minute into runs, and measure them."""
    rows, starts, n = slab.rows, slab.starts, len(slab.rows)
    numbers = c.numbers[c.offsets[rows][:, None] + np.arange(slab.width)]
    follows = np.ones(n, np.bool_)
    follows[starts] = False
    changed = np.zeros((n, slab.width), np.bool_)
    bits = numbers.view(np.int64)  # a NaN is equal to itself here
    changed[1:] = (bits[1:] != bits[:-1]) & follows[1:, None]
    retold = np.zeros(n, np.bool_)
    retold[1:] = (c.text[rows[1:]] != c.text[rows[:-1]]) & follows[1:]
    of_row = np.cumsum(~follows) - 1
    written = c.written[rows[starts]]
    exact = _exact(_sums(changed, starts)) | written[:, None]
    telling = (_sums(retold, starts) <= CHANGES_TOGETHER) | written
    cut = ~follows | (changed & exact[of_row]).any(axis=1) | (retold & telling[of_row])
    begins = np.flatnonzero(cut)
    ends = np.append(begins[1:], n) - 1
    changed[begins], retold[begins] = False, False
    changes = _sums(changed, begins)
    moved: NDArray[np.bool_] = np.any(changes, axis=1)
    return _Runs(
        first=rows[begins], last=rows[ends], repeats=ends - begins + 1, moved=moved,
        lists=_measured(numbers, begins, ends, changes, moved), texts=_sums(retold, begins),
    )  # fmt: skip


def _exact(changes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of each block's minute the numbers whose every change counts. changes: how many, (minutes, numbers)."""
    order = np.argsort(changes, axis=1, kind="stable")
    ranked = np.take_along_axis(changes, order, axis=1)
    kept = (ranked <= CHANGES_EACH) & (np.cumsum(ranked, axis=1) <= CHANGES_TOGETHER)
    exact = np.empty_like(kept)
    np.put_along_axis(exact, order, kept, axis=1)
    return exact


def _measured(
    numbers: NDArray[np.float64],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    changes: NDArray[np.int64],
    moved: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], ...]:
    """last, least, most, step, changes of the runs that moved, (runs, numbers)."""
    if not moved.any():
        return (np.zeros((0, numbers.shape[1])),) * 5
    steps = np.zeros_like(numbers)
    with np.errstate(invalid="ignore", over="ignore"):
        np.abs(numbers[1:] - numbers[:-1], out=steps[1:])
    steps[begins] = 0.0
    reduced = (
        np.fmin.reduceat(numbers, begins),
        np.fmax.reduceat(numbers, begins),
        np.fmax.reduceat(steps, begins),
    )
    columns = (numbers[ends], *reduced, changes.astype(np.float64))
    return tuple(column[moved] for column in columns)


def _sums(flags: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many are set from each start to the next."""
    if not flags.size:
        return np.zeros((len(starts), *flags.shape[1:]), np.int64)
    sums: NDArray[np.int64] = np.add.reduceat(flags, starts, axis=0, dtype=np.int64)
    return sums


def _lists(runs: list[_Runs], which: int) -> pa.Array:
    """One list column of all runs; null where nothing moved."""
    if not runs:
        return pa.array([], pa.list_(pa.float64()))
    moved = np.concatenate([r.moved for r in runs])
    widths = np.concatenate([np.where(r.moved, r.lists[which].shape[1], 0) for r in runs])
    offsets = np.concatenate([[0], np.cumsum(widths)]).astype(np.int32)
    flat = np.concatenate([r.lists[which].ravel() for r in runs])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat), mask=pa.array(~moved))


def _taken(lists: pa.ListArray, which: NDArray[np.int64]) -> pa.ListArray:
    """The rows `which` of a column of lists of floats. Arrow's own `take` needs three times the room of its result."""
    if lists.values.null_count:
        return lists.take(pa.array(which))
    values = lists.values.to_numpy()
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)[which]
    offsets = np.append(0, np.cumsum(lengths, dtype=np.int64))
    shift = lists.offsets.to_numpy()[which] - offsets[:-1]
    flat = np.empty(offsets[-1])
    for at in range(0, len(which), _LISTS_AT_ONCE):
        some = slice(at, at + _LISTS_AT_ONCE)
        begin, end = offsets[at], offsets[min(at + _LISTS_AT_ONCE, len(which))]
        np.take(values, np.repeat(shift[some], lengths[some]) + np.arange(begin, end), out=flat[begin:end])
    there = lists.is_valid().take(pa.array(which)).buffers()[1] if lists.null_count else None
    numbers = pa.Array.from_buffers(pa.float64(), len(flat), [None, pa.py_buffer(flat)])
    at_32 = pa.py_buffer(offsets.astype(np.int32))
    return pa.Array.from_buffers(lists.type, len(which), [there, at_32], children=[numbers])


def _where_not(same: pa.Array, column: pa.Array) -> pa.Array:
    """The column, null where `same`."""
    return pa.compute.if_else(same, pa.scalar(None, column.type), column)


def _is(batch: pa.RecordBatch, name: str, word: str) -> NDArray[np.bool_]:
    flags = pa.compute.equal(batch.column(name), word)
    mask: NDArray[np.bool_] = flags.fill_null(False).to_numpy(zero_copy_only=False)
    return mask
