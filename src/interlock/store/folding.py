"""Cyclic operations folded for storage: a poll of 10 ms is 6,000 rows a minute to decode and one row to keep.

The rule: rows that agree in every column of ALIKE, that ended well, whose verb is one of FOLDED, and that began in
the same minute of capture time are one row: the earliest of them, with how many there were, when and in which frame
the last one was, the slowest answer, and the time between them. Whatever else happened is a row of its own. What
they carried stands in `values`, which are folded by a rule of their own (value_folding).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.inventory.ledger import group
from interlock.records.tables import OPERATIONS, OPERATIONS_FOLDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ALIKE", "FOLDED", "MINUTE_NS", "Folding", "codes_of", "integers_of"]

MINUTE_NS: Final = 60_000_000_000
FOLDED: Final = frozenset({"read", "write", "report", "discover", "identify", "diagnose"})
"""Verbs of cyclic traffic; what starts, stops, programs, forces, configures or lets somebody in is never folded."""

ALIKE: Final = (
    *(
        "source",
        "realm",
        "flow",
        "client",
        "server",
        "client_port",
        "server_port",
        "protocol",
        "verb",
        "function",
    ),
    *("function_name", "item", "items", "user", "unit", "object", "count", "outcome", "code"),
)
_ENDED_WELL: Final = frozenset({"ok", "unsolicited"})
_LATE_NS: Final = MINUTE_NS
"""So long after a minute's end its rows are given out: an answer may come late, and a row with it."""
MAX_OPEN: Final = 100_000
MAX_TIMES: Final = 4_000_000
"""Rows that wait for others like them, and instants kept for their periods; past either, what waits is given out."""


class _Run:
    """Rows that are alike. home: a batch of first rows, and which of them is the earliest of this run."""

    __slots__ = ("home", "last", "rank", "slowest", "times")

    def __init__(self, home: tuple[pa.RecordBatch, int], rank: tuple[int, int]) -> None:
        self.home, self.rank, self.last = home, rank, rank
        self.slowest = -1
        self.times: list[NDArray[np.int64]] = []

    def periods(self) -> tuple[int | None, int | None, int | None]:
        """Median, 99th percentile and longest of the times from one row to the next."""
        if sum(map(len, self.times)) < 2:
            return None, None, None
        periods = np.sort(np.diff(np.sort(np.concatenate(self.times))))
        half, rare = ((len(periods) - 1) * share // 100 for share in (50, 99))
        return int(periods[half]), int(periods[rare]), int(periods[-1])


@dataclass(slots=True)
class _Groups:
    """Rows of a batch that are alike, by time: `order` from starts[g] on are the rows of group g."""

    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, batch: pa.RecordBatch, minute: NDArray[np.int64], time: NDArray[np.int64],
           frame: NDArray[np.int64]) -> _Groups:  # fmt: skip
        """Sort rows by what they agree in, then by time and frame."""
        codes = [codes_of(batch, name) for name in ALIKE]
        number, example = group([*codes, minute - minute.min()], len(minute))
        order = np.lexsort((frame, time, number))
        return cls(order, np.searchsorted(number[order], np.arange(len(example) + 1)))


class Folding:
    """Give it batches of `operations`; it gives batches of `operations_folded`, then the rest. Memory is bounded."""

    def __init__(self) -> None:
        self._open: dict[tuple[Any, ...], _Run] = {}
        self._times = 0
        self._now = -(1 << 62)

    def add(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """Rows that are final now: those that are never folded, and those whose minute is over."""
        if not batch.num_rows:
            return []
        folds = _foldable(batch)
        done = [_single(batch.filter(pa.array(~folds)))] if not folds.all() else []
        if folds.any():
            self._gather(batch if folds.all() else batch.filter(pa.array(folds)))
        self._now = max(self._now, int(integers_of(batch, "time").max()))
        full = len(self._open) > MAX_OPEN or self._times > MAX_TIMES
        return [*done, *self._give(None if full else (self._now - _LATE_NS) // MINUTE_NS)]

    def rest(self) -> list[pa.RecordBatch]:
        """What still waits."""
        return self._give(None)

    def _gather(self, batch: pa.RecordBatch) -> None:
        time, frame, latency = integers_of(batch, "time"), _frames(batch), integers_of(batch, "latency", -1)
        groups = _Groups.of(batch, time // MINUTE_NS, time, frame)
        begins, ends = groups.order[groups.starts[:-1]], groups.order[groups.starts[1:] - 1]
        # Words are written out: the pools that dictionaries refer to may be far larger than these few rows.
        firsts = _plain(batch.take(pa.array(begins)))
        slowest = np.maximum.reduceat(latency[groups.order], groups.starts[:-1]).tolist()
        ranks = [zip(time[at].tolist(), frame[at].tolist(), strict=True) for at in (begins, ends)]
        keys = zip(
            (time[begins] // MINUTE_NS).tolist(), *(firsts.column(n).to_pylist() for n in ALIKE), strict=True
        )
        for g, (key, begin, end) in enumerate(zip(keys, *ranks, strict=True)):
            run = self._open.get(key)
            if run is None:
                run = self._open[key] = _Run((firsts, g), begin)
            elif begin < run.rank:
                run.home, run.rank = (firsts, g), begin
            run.last, run.slowest = max(run.last, end), max(run.slowest, slowest[g])
            run.times.append(time[groups.order[groups.starts[g] : groups.starts[g + 1]]])
        self._times += len(time)

    def _give(self, before: int | None) -> list[pa.RecordBatch]:
        """Runs of minutes before one (None: all), in order of time."""
        over = [key for key in self._open if before is None or key[0] < before]
        runs = sorted((self._open.pop(key) for key in over), key=lambda run: run.rank)
        self._times -= sum(len(times) for run in runs for times in run.times)
        return [_folded(runs)] if runs else []


def _foldable(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    return _among(batch, "verb", FOLDED) & _among(batch, "outcome", _ENDED_WELL)


def _among(batch: pa.RecordBatch, name: str, wanted: frozenset[str]) -> NDArray[np.bool_]:
    column = batch.column(name)
    words = np.array([word in wanted for word in column.dictionary.to_pylist()], np.bool_)
    mask: NDArray[np.bool_] = words[column.indices.to_numpy(zero_copy_only=False)]
    return mask


def codes_of(batch: pa.RecordBatch, name: str) -> NDArray[np.int64]:
    """A column as small numbers from 0 on, null one of them."""
    column = batch.column(name)
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes: NDArray[np.int64] = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    return codes


def integers_of(batch: pa.RecordBatch, name: str, absent: int = 0) -> NDArray[np.int64]:
    """A column of whole numbers, times (ns) or durations (ns), `absent` where it is null."""
    column = batch.column(name)
    if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
        column = column.view(pa.int64())
    numbers: NDArray[np.int64] = column.fill_null(absent).to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def _frames(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Frame of the request, else of the answer; 0 for none."""
    frame = integers_of(batch, "frame")
    return np.where(frame > 0, frame, integers_of(batch, "response_frame"))


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with their words in place of codes."""
    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _single(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows that are never folded, as rows of the folded table."""
    one = np.ones(batch.num_rows, np.uint32)
    none = [None] * batch.num_rows
    return _with(
        batch, one, integers_of(batch, "time"), _frames(batch), batch.column("latency"), (none, none, none)
    )


def _folded(runs: list[_Run]) -> pa.RecordBatch:
    """First rows of runs, wherever they are kept, with what is known of the others."""
    homes = {id(run.home[0]): run.home[0] for run in runs}
    begins = dict(zip(homes, np.cumsum([0, *(b.num_rows for b in homes.values())]).tolist(), strict=False))
    places = pa.array([begins[id(run.home[0])] + run.home[1] for run in runs])
    rows = pa.Table.from_batches(list(homes.values())).take(places).combine_chunks().to_batches()[0]
    coded = [
        column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        for field, column in zip(OPERATIONS.schema, rows.columns, strict=True)
    ]
    return _with(
        pa.RecordBatch.from_arrays(coded, schema=OPERATIONS.schema),
        np.array([sum(map(len, run.times)) for run in runs], np.uint32),
        np.array([run.last[0] for run in runs], np.int64),
        np.array([run.last[1] for run in runs], np.int64),
        pa.array([run.slowest if run.slowest >= 0 else None for run in runs], pa.duration("ns")),
        tuple(zip(*(run.periods() for run in runs), strict=True)),
    )


def _with(
    rows: pa.RecordBatch,
    repeats: NDArray[np.uint32],
    last: NDArray[np.int64],
    frame: NDArray[np.int64],
    slowest: pa.Array,
    periods: tuple[Sequence[int | None], ...],
) -> pa.RecordBatch:
    own = [
        pa.array(repeats),
        pa.array(last, pa.timestamp("ns", "UTC")),
        pa.array(frame.astype(np.uint64), mask=frame == 0),
        slowest,
        *(pa.array(period, pa.duration("ns")) for period in periods),
    ]
    return pa.RecordBatch.from_arrays([*rows.columns, *own], schema=OPERATIONS_FOLDED.schema)
