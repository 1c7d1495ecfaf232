"""Rows of one table that are alike, gathered as columns: of many thousand kinds none is an object of Python's.

Such objects would be gone after a moment, and most of their room with them lost to others: Python gives back what it
had for them only where a whole mebibyte of it is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.inventory.ledger import group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    _Ranks = tuple[NDArray[np.int64], NDArray[np.int64]]
    """(times, frames)."""

__all__ = ["ALIKE", "DURATION", "MINUTE_NS", "Runs", "codes_of", "frames_of", "integers_of"]

MINUTE_NS: Final = 60_000_000_000
DURATION: Final = pa.duration("ns")

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


@dataclass(slots=True)
class Runs:
    """Rows that are alike, a run each, as columns: no object of Python's for a run, of which there are many thousand.

    firsts: the earliest row of each. begin and last: (time, frame) of its earliest and of its latest. slowest: answer,
    ns, -1 for none. times: of all rows, run by run; those of run n are times[bounds[n]:bounds[n + 1]].
    """

    firsts: pa.RecordBatch
    begin: _Ranks
    last: _Ranks
    slowest: NDArray[np.int64]
    times: NDArray[np.int64]
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> Runs:
        """The runs of one batch, whose rows may all be folded."""
        time, frame, latency = integers_of(batch, "time"), frames_of(batch), integers_of(batch, "latency", -1)
        groups = _Groups.of(batch, time // MINUTE_NS, time, frame)
        begins, ends = groups.order[groups.starts[:-1]], groups.order[groups.starts[1:] - 1]
        return cls(
            # Words are written out: the pools that dictionaries refer to may be far larger than these few rows.
            firsts=_plain(batch.take(pa.array(begins))),
            begin=(time[begins], frame[begins]),
            last=(time[ends], frame[ends]),
            slowest=np.maximum.reduceat(latency[groups.order], groups.starts[:-1]),
            times=time[groups.order],
            bounds=groups.starts,
        )

    @classmethod
    def joined(cls, several: Sequence[Runs]) -> Runs:
        """The same as one; runs of one minute that are alike are one run. At least one is given."""
        whole = cls._beside(several) if len(several) > 1 else several[0]
        groups = _Groups.of(whole.firsts, whole.begin[0] // MINUTE_NS, *whole.begin)
        if len(groups.starts) == len(whole) + 1:
            return whole
        begins = groups.order[groups.starts[:-1]]
        later = np.lexsort((whole.last[1], whole.last[0], groups.number))[groups.starts[1:] - 1]
        met = np.argsort(
            np.minimum.reduceat(groups.order, groups.starts[:-1])
        )  # in the order in which they came
        made = cls(
            firsts=whole.firsts.take(pa.array(begins)),
            begin=(whole.begin[0][begins], whole.begin[1][begins]),
            last=(whole.last[0][later], whole.last[1][later]),
            slowest=np.maximum.reduceat(whole.slowest[groups.order], groups.starts[:-1]),
            times=_pieces(whole.times, whole.bounds, groups.order),
            bounds=np.append(0, np.cumsum(np.diff(whole.bounds)[groups.order]))[groups.starts],
        )
        return made.taken(met)

    @classmethod
    def _beside(cls, several: Sequence[Runs]) -> Runs:
        counts = np.concatenate([np.diff(runs.bounds) for runs in several])
        return cls(
            firsts=pa.Table.from_batches([r.firsts for r in several]).combine_chunks().to_batches()[0],
            begin=_ranks([r.begin for r in several]),
            last=_ranks([r.last for r in several]),
            slowest=np.concatenate([r.slowest for r in several]),
            times=np.concatenate([r.times for r in several]),
            bounds=np.append(0, np.cumsum(counts)),
        )

    def __len__(self) -> int:
        return len(self.slowest)

    def taken(self, which: NDArray[np.int64]) -> Runs:
        """Some of them, in that order."""
        return Runs(
            firsts=self.firsts.take(pa.array(which)),
            begin=(self.begin[0][which], self.begin[1][which]),
            last=(self.last[0][which], self.last[1][which]),
            slowest=self.slowest[which],
            times=_pieces(self.times, self.bounds, which),
            bounds=np.append(0, np.cumsum(np.diff(self.bounds)[which])),
        )

    def periods(self) -> tuple[pa.Array, ...]:
        """Median, 99th percentile and longest of the times from one row of a run to the next, null for a single one."""
        counts = np.diff(self.bounds)
        run = np.repeat(np.arange(len(counts)), counts)
        follows = np.ones(len(run), np.bool_)
        follows[self.bounds[:-1]] = False
        times = self.times[np.lexsort((self.times, run))]
        periods, of = np.diff(times, prepend=0)[follows], run[follows]
        periods = periods[np.lexsort((periods, of))]
        single = counts < 2
        at = np.where(single, 0, np.cumsum(counts - 1) - counts + 1)
        periods = periods if len(periods) else np.zeros(1, np.int64)
        return tuple(
            pa.array(periods[at + np.where(single, 0, (counts - 2) * share // 100)], DURATION, mask=single)
            for share in (50, 99, 100)
        )


@dataclass(slots=True)
class _Groups:
    """Rows of a batch that are alike, by time: `order` from starts[g] on are the rows of group g.

    number: of each row's group.
    """

    number: NDArray[np.int64]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, batch: pa.RecordBatch, minute: NDArray[np.int64], time: NDArray[np.int64],
           frame: NDArray[np.int64]) -> _Groups:  # fmt: skip
        """Sort rows by what they agree in, then by time and frame."""
        codes = [codes_of(batch, name) for name in ALIKE]
        number, example = group([*codes, minute - minute.min()], len(minute))
        order = np.lexsort((frame, time, number))
        return cls(number, order, np.searchsorted(number[order], np.arange(len(example) + 1)))


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


def frames_of(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Frame of the request, else of the answer; 0 for none."""
    frame = integers_of(batch, "frame")
    return np.where(frame > 0, frame, integers_of(batch, "response_frame"))


def _ranks(several: Sequence[_Ranks]) -> _Ranks:
    return np.concatenate([times for times, _ in several]), np.concatenate([frames for _, frames in several])


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with their words in place of codes."""
    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _pieces(
    values: NDArray[np.int64], bounds: NDArray[np.int64], which: NDArray[np.int64]
) -> NDArray[np.int64]:
    """values[bounds[n]:bounds[n + 1]] for each n of `which`, one after the other."""
    counts = np.diff(bounds)[which]
    ends = np.cumsum(counts)
    pieces: NDArray[np.int64] = values[
        np.repeat(bounds[which] - ends + counts, counts) + np.arange(counts.sum())
    ]
    return pieces
