"""Tables that are folded: rows go to a journal first, and a journal's rows go to their folded table all at once.

Folding holds rows of minutes in memory; a death would cost them. So they are on disk before, and the one batch that a
journal becomes carries its number: a journal whose number stands in the table was folded, and is only removed, however
whoever folded died between the two (compaction.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pyarrow as pa

from interlock.export.parquet import ROWS
from interlock.records.gathering import as_one
from interlock.store.folding import MINUTE_NS, Folding
from interlock.store.plain.segments import found, span, stream_name
from interlock.store.plain.streams import Stream
from interlock.store.plain.table import clear, last_folded
from interlock.store.value_folding import ValueFolding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from interlock.store.plain.limits import Limits

__all__ = ["FOLDED_AS", "Journal", "folded_rows"]


class _Folding(Protocol):
    def add(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]: ...

    def rest(self) -> list[pa.RecordBatch]: ...


FOLDED_AS: Final[dict[str, tuple[str, Callable[[], _Folding]]]] = {
    "operations": ("operations_folded", Folding),
    "values": ("values_folded", ValueFolding),
}
"""Table → the table that its rows are kept as, and who folds them."""


class Journal:
    """Appends rows of one table on their way to the table that they are folded into. One process at a time may."""

    def __init__(
        self,
        folder: Path,
        folded: Path,
        limits: Limits,
        grows: Callable[[Path, int], None] = lambda _path, _octets: None,
    ) -> None:
        """folder: of the journal. folded: of the table where folded rows go. grows: see port.Puts."""
        self._folder, self._limits, self._grows = folder, limits, grows
        self._stream: Stream | None = None
        self._boundary = self._numbers = 0
        clear(folder)
        # In this order: a journal that is folded meanwhile is still seen, or stands in the table by then.
        there = [segment.number for segment in found(folder)]
        self._number = max([*there, last_folded(folded)])

    def cut(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The rows that belong to the open journal, and those after its last minute."""
        times = span(batch)
        if self._stream is None or times is None or not times[0] < self._boundary <= times[1]:
            return [batch]
        early = np.asarray(batch.column("time").cast(pa.int64())) < self._boundary
        return [rows for rows in (batch.filter(pa.array(early)), batch.filter(pa.array(~early))) if len(rows)]

    def append(self, batch: pa.RecordBatch, now: int) -> None:
        """Rows with their words written out, all or none. now: UTC ns of the wall. Raises OSError."""
        times = span(batch) or (now, now)
        if self._stream is not None and (
            times[0] >= self._boundary or not self._stream.schema.equals(batch.schema)
        ):
            self.roll()
        if self._stream is None:
            self._stream = Stream(
                self._folder / stream_name(self._number + 1), batch.schema, now, self._grows
            )
            self._number += 1
            self._boundary = (times[0] // MINUTE_NS + self._limits.fold_minutes) * MINUTE_NS
        self._stream.append(batch)
        self._numbers += _numbers(batch)

    def due(self, now: int) -> bool:
        """Whether it is old or large enough to be folded."""
        s, limits = self._stream, self._limits
        if s is None or not s.rows:
            return False
        s.begun = min(s.begun, now)
        # A minute more than it spans: where rows go on coming, the next minute's first row ends it.
        late = now - s.begun >= (limits.fold_minutes + 1) * MINUTE_NS
        return late or s.rows >= limits.fold_rows or self._numbers >= limits.fold_numbers

    def roll(self) -> None:
        """End the open journal; it waits to be folded."""
        if self._stream is not None:
            self._stream.end()
            self._stream, self._numbers = None, 0


def folded_rows(name: str, batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch | None:
    """What rows of a table are folded to, as one batch; None where there are none."""
    folding = FOLDED_AS[name][1]()
    done = [rows for batch in _larger(batches) for rows in folding.add(batch)]
    done += folding.rest()
    return as_one(done) if done else None


def _larger(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in fewer batches: who groups rows pays for a batch, not for a row."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.num_rows for b in held) >= ROWS:
            yield _let_go_as_one(held)
    if held:
        yield _let_go_as_one(held)


def _let_go_as_one(held: list[pa.RecordBatch]) -> pa.RecordBatch:
    """The batches as one, and no longer in the list: or all of them would be there twice until they are folded."""
    whole = as_one(held)
    held.clear()
    return whole


def _numbers(batch: pa.RecordBatch) -> int:
    """Numbers in lists, which weigh more than their rows."""
    lists = (c for c in batch.columns if pa.types.is_list(c.type))
    return sum(len(column.flatten()) for column in lists)
