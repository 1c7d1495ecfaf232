"""A record batch as detectors read it: columns as numpy arrays, rows grouped by their words, once for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.detect.columns import ENDS, FEW, Columns, Word
from interlock.detect.walks import views
from interlock.records.arrays import taken
from interlock.records.cells import sort_out, sum_up
from interlock.records.crossing import binned, crossed, numbered

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from numpy.typing import NDArray

__all__ = ["CALL", "MINUTE_NS", "RELATION", "REQUEST", "Batch", "Groups", "Summary", "Word", "summed"]

_LATEST: Final = 2**63 - 1
RELATION: Final = ("source", "realm", "client", "server", "protocol", "verb", "outcome")
"""What most detectors group operations by, and by the minute, so that all of them share one grouping."""
CALL: Final = (
    *("source", "realm", "client", "server", "server_port", "transport", "first", "first_frame"),
    *("client_packets", "server_packets"),
)
"""What detectors read of flows that judge who calls whom."""
REQUEST: Final = (
    *("source", "realm", "time", "frame", "response_frame", "client", "server"),
    *("protocol", "verb", "outcome", "item"),
)
"""What most detectors read of operations."""
MINUTE_NS: Final = 60_000_000_000
Summary = tuple[int, int, int, int]
"""Of a group: rows, first and last time (UTC ns), smallest frame number that is not 0 (2^63 - 1 if none)."""


class Batch:
    """Some rows of one table. Whatever is worked out of a column is kept for the next detector.

    A column that the batch lacks reads as nulls (words), zeros (integers, frames, times).
    """

    def __init__(
        self,
        table: str,
        rows: pa.RecordBatch | Columns,
        chosen: NDArray[np.int64] | None = None,
        *,
        more: bool = False,
    ) -> None:
        """table: name as in records.tables or of a protocol's own table. chosen: numbers of its rows; None: all.

        more: these rows are a part of some that belong together in time, and other parts follow.
        """
        self.table, self.more = table, more
        # Of some rows no record batch is made: most columns that it would have nobody reads.
        self._base = rows if isinstance(rows, Columns) else Columns(rows)
        self._chosen = chosen
        self._words: dict[str, tuple[list[Word], NDArray[np.int64]]] = {}
        self._groups: dict[tuple[str, ...], Groups] = {}
        self._messages: Batch | None = None
        self._whole = False
        self._minutes: list[int] | None = None
        self._having: dict[str, tuple[Batch, NDArray[np.int64]]] = {}
        self._columns: dict[str, NDArray[np.int64]] = {}
        self._arrays: dict[str, Any] = {}

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._base) if self._chosen is None else len(self._chosen)

    def has(self, column: str) -> bool:
        """Whether the batch has the column."""
        return self._base.has(column)

    def column(self, name: str) -> Any:
        """Give a column that the batch has, as Arrow holds it."""
        if self._chosen is None:
            return self._base.array(name)
        if name not in self._arrays:
            self._arrays[name] = taken(self._base.array(name), self._chosen)
        return self._arrays[name]

    def words(self, column: str) -> tuple[list[Word], NDArray[np.int64]]:
        """Distinct words that occur in a column, and per row the index of its word."""
        if self._chosen is None:
            return self._base.words(column)
        if column not in self._words:
            self._words[column] = self._base.words_of(column, self._chosen)
        return self._words[column]

    def ends(self) -> tuple[NDArray[np.int64], int]:
        """Per row a number for what all of ENDS say together, and below what these numbers are."""
        numbers, many = self._base.ends()
        return (numbers if self._chosen is None else numbers.take(self._chosen)), many

    def coded(self, column: str) -> tuple[NDArray[np.int64], int]:
        """Per row a number for its word, and below what these numbers are; some may be nobody's here."""
        if self._chosen is not None and self._base.is_read(column):
            words, codes = self._base.words(column)
            return codes.take(self._chosen), len(words)
        words, codes = self.words(column)
        return codes, len(words)

    def words_at(self, column: str, rows: NDArray[np.int64]) -> list[Word]:
        """Give the words of some rows."""
        if self._chosen is not None and self._base.is_read(column):
            words, codes = self._base.words(column)
            rows = self._chosen.take(rows)
        else:
            words, codes = self.words(column)
        return [words[n] for n in codes.take(rows).tolist()]

    def among(self, column: str, wanted: Container[str]) -> NDArray[np.bool_]:
        """Tell per row whether its word is one of the wanted."""
        words, codes = self.words(column)
        said = np.array([word is not None and word in wanted for word in words], np.bool_)
        return said.take(codes)

    def integers(self, column: str) -> NDArray[np.int64]:
        """Read a column of numbers, flags, instants or durations (in its own unit); null is 0."""
        if self._chosen is None:
            return self._base.integers(column)
        if column not in self._columns:
            self._columns[column] = self._base.integers_of(column, self._chosen)
        return self._columns[column]

    def lists(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Give the numbers of a column of lists; per row where its own begin, and how many it has (null: none).

        The numbers may be those of more rows than there are here.
        """
        return self._base.lists(column) if self._chosen is None else self._base.lists_of(column, self._chosen)

    def known(self, column: str) -> NDArray[np.bool_]:
        """Per row whether the column has a value."""
        known = self._base.known(column)
        return known if self._chosen is None else known.take(self._chosen)

    def instants_ns(self, column: str) -> NDArray[np.int64]:
        """Read a column of instants as UTC nanoseconds since 1970; null is 0, beyond the range its end."""
        counts = self.integers(column)
        kind = self._base.kind(column)
        if kind is None or not pa.types.is_timestamp(kind):
            return counts
        scale = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[kind.unit]
        limit = _LATEST // scale
        return counts if scale == 1 else np.clip(counts, -limit, limit) * scale

    def frames(self) -> NDArray[np.int64]:
        """Read per row the frame that shows it: the request's, else the answer's, else 0."""
        if "/frames" not in self._columns:
            frames = self.integers("frame" if self.has("frame") else "first_frame")
            if self.has("response_frame"):
                frames = np.where(frames == 0, self.integers("response_frame"), frames)
            self._columns["/frames"] = frames
        return self._columns["/frames"]

    def times_ns(self) -> NDArray[np.int64]:
        """Read when each row happened, UTC ns since 1970: its time, or a flow's first."""
        if "/times" not in self._columns:
            self._columns["/times"] = self.instants_ns("time" if self.has("time") else "first")
        return self._columns["/times"]

    def minutes(self) -> list[int]:
        """Give the minutes since 1970 in which there are rows, rising."""
        if self._minutes is None:
            minutes = self.times_ns() // MINUTE_NS
            # Nearly in order, so that few differ from the one before them.
            turns = minutes[1:][minutes[1:] != minutes[:-1]].tolist()
            self._minutes = sorted({*minutes[:1].tolist(), *turns})
        return self._minutes

    def having(self, column: str) -> tuple[Batch, NDArray[np.int64] | None]:
        """Only the rows that have anything in a column of lists, and which these are; all (None) where most have.

        Most rows of values are states and texts: whoever weighs numbers need not group these.
        """
        if column not in self._having:
            rows = np.flatnonzero(self.lists(column)[2]) if self.has(column) else None
            if rows is None or len(self) <= FEW or 2 * len(rows) > len(self):
                return self, None
            self._having[column] = self._of(rows), rows
        return self._having[column]

    def groups(self, *columns: str, bins: NDArray[np.int64] | None = None, named: str = "") -> Groups:
        """Group rows by the words in `columns` and, where given, by a number per row called `named`."""
        key = (*columns, named)
        if key not in self._groups:
            self._groups[key] = Groups(self, columns, bins)
        return self._groups[key]

    def messages(self) -> Batch:
        """Give operations' final rows, one per message: what counts as one request."""
        if self._messages is None and not self._whole:
            if not self.integers("item").any() and "pending" not in self.words("outcome")[0]:
                self._whole = True
                return self
            mask = (self.integers("item") == 0) & ~self.among("outcome", ("pending",))
            self._whole = bool(mask.all())
            self._messages = None if self._whole else self.take(mask)
        return self if self._messages is None else self._messages

    @property
    def waits(self) -> bool:
        """Whether all rows are pending ones of operations: none says how anything ended."""
        return self.table == "operations" and self.words("outcome")[0] == ["pending"]

    def pending(self) -> Batch | None:
        """Give operations' pending rows, one per message; None where there are none. Their final rows follow."""
        if "pending" not in self.words("outcome")[0]:
            return None
        mask = (self.integers("item") == 0) & self.among("outcome", ("pending",))
        return self if mask.all() else self.take(mask)

    def relations(self) -> Groups:
        """Group the messages by RELATION and minute since 1970; row numbers are those of `messages()`."""
        messages = self.messages()
        return messages.groups(*RELATION, bins=messages.times_ns() // MINUTE_NS, named="minute")

    def take(self, mask: NDArray[np.bool_]) -> Batch:
        """Only the rows where the mask is true."""
        return self._of(np.flatnonzero(mask))

    def _of(self, rows: NDArray[np.int64]) -> Batch:
        return Batch(self.table, self._base, rows if self._chosen is None else self._chosen.take(rows))


class Groups:
    """Rows with equal words, as index lists. keys[g]: the words, then the bin; rows(g): row numbers.

    times, frames: as Batch.times_ns and Batch.frames, by row number.
    """

    def __init__(self, batch: Batch, columns: tuple[str, ...], bins: NDArray[np.int64] | None) -> None:
        """bins: int64 per row, or None."""
        self._few = len(batch) <= FEW
        if self._few:
            self.keys, self._cells = _few_groups(batch, columns, bins)
        else:
            self.keys, self._cells = _many_groups(batch, columns, bins)
        # Not the batch, which keeps its groups: a circle would keep both, and all their rows, until it is looked for.
        self.times, self.frames = batch.times_ns(), batch.frames()
        self._summaries: list[Summary] | None = None
        self._few_frames: list[list[int]] = []
        self._order: NDArray[np.int64] | None = None
        self._starts = np.zeros(0, np.int64)

    def __iter__(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Give number and key of every group."""
        return enumerate(self.keys)

    def counts(self, mask: NDArray[np.bool_] | None = None) -> list[int]:
        """Rows of every group, only those where the mask is true if there is one."""
        cells = self._cells if mask is None else self._cells[mask]
        return [int(n) for n in np.bincount(cells, minlength=len(self.keys))]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Per row the number of its group."""
        return self._cells

    def spread(self, answers: list[bool]) -> NDArray[np.bool_]:
        """Tell per row what is said of its group."""
        spread: NDArray[np.bool_] = np.array(answers, np.bool_).take(self._cells)
        return spread

    def summary(self, group: int) -> Summary:
        """Sum a group up; all of them are worked out at the first call."""
        return (self._summaries or self.summaries())[group]

    def summaries(self) -> list[Summary]:
        """Sum all groups up, in their order."""
        if self._summaries is None and self._few:
            self._summaries = self._few_summaries()
        if self._summaries is None:
            self._summaries = summed(self._cells, self.times, self.frames, len(self.keys))
        return self._summaries

    def _few_summaries(self) -> list[Summary]:
        sums = [[0, _LATEST, -_LATEST, _LATEST] for _ in self.keys]
        named: list[list[int]] = [[] for _ in self.keys]
        self._few_frames = named
        rows = zip(self._cells.tolist(), self.times.tolist(), self.frames.tolist(), strict=True)
        for cell, time, frame in rows:
            total = sums[cell]
            total[0] += 1
            total[1], total[2] = min(total[1], time), max(total[2], time)
            named[cell].append(frame)
            if 0 < frame < total[3]:
                total[3] = frame
        return [(count, first, last, least) for count, first, last, least in sums]

    def frames_of(self, group: int) -> NDArray[np.int64] | list[int]:
        """Frame numbers of a group's rows."""
        if not self._few:
            return self.frames[self.rows(group)]
        self.summary(group)
        return self._few_frames[group]

    def rows(self, group: int) -> NDArray[np.int64]:
        """Row numbers of a group, rising."""
        if self._few:
            return np.flatnonzero(self._cells == group)
        if self._order is None:
            self._order, self._starts = np.empty_like(self._cells), np.zeros(len(self.keys) + 1, np.int64)
            sort_out(*views(self._cells, self._starts, self._order))
        return self._order[self._starts[group] : self._starts[group + 1]]


def summed(
    cells: NDArray[np.int64], times: NDArray[np.int64], frames: NDArray[np.int64], many: int
) -> list[Summary]:
    """Sum rows up by the number of their cell, below `many`."""
    sums = [np.full(many, end, np.int64) for end in (0, _LATEST, -_LATEST, _LATEST)]
    sum_up(*views(cells, times, frames, *sums))
    return list(zip(*(column.tolist() for column in sums), strict=True))


def _few_groups(
    batch: Batch, columns: tuple[str, ...], bins: NDArray[np.int64] | None
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Keys in order of first sight, and per row the number of its key."""
    known: dict[tuple[Any, ...], int] = {}
    parts: list[list[Any]] = []
    for column in columns:
        words, codes = batch.words(column)
        one = words * len(codes) if len(words) == 1 else [words[code] for code in codes.tolist()]
        parts.append(one)
    if bins is not None:
        parts.append(bins.tolist())
    cells = (
        [known.setdefault(key, len(known)) for key in zip(*parts, strict=True)] if parts else [0] * len(batch)
    )
    return list(known), np.array(cells, np.int64)


def _many_groups(
    batch: Batch, columns: tuple[str, ...], bins: NDArray[np.int64] | None
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    whole = not ENDS.difference(columns)  # these are crossed once, for whoever asks for more than these
    parts = [batch.ends()] if whole else []
    parts += [batch.coded(column) for column in columns if not (whole and column in ENDS)]
    if bins is not None:
        parts.append(binned(bins))
    cells, firsts = numbered(crossed(parts, len(batch)))
    said: list[list[Any]] = [batch.words_at(column, firsts) for column in columns]
    if bins is not None:
        said.append(bins[firsts].tolist())
    return list(zip(*said, strict=True)) if said else [], cells
