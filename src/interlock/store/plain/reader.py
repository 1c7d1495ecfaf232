"""Another process's look at a plain store, at any time, also while it is written."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from interlock.errors import SourceError
from interlock.store.plain.assets import stored_assets
from interlock.store.plain.database import open_for_reading
from interlock.store.plain.diary import stored_lines
from interlock.store.plain.findings import stored_findings
from interlock.store.plain.journal import FOLDED_AS, folded_rows
from interlock.store.plain.programs import stored_program, stored_versions
from interlock.store.plain.schema import version_of
from interlock.store.plain.sealing import UPTO
from interlock.store.plain.segments import found, time_columns
from interlock.store.plain.states import state_of_old, stored_state
from interlock.store.plain.store import DATABASE
from interlock.store.plain.streams import read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any, BinaryIO

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.store.plain.segments import Segment
    from interlock.store.port import Entry, Version

__all__ = ["PlainReader"]


class PlainReader:
    """Reads a store's folder and writes nothing. Raises SourceError, a sentence, where it is none or cannot be read."""

    def __init__(self, folder: Path) -> None:
        if not (folder / DATABASE).exists():
            raise SourceError(
                f"{folder} is no store: it has no {DATABASE}; name the folder that the sensor writes (its --out)"
            )
        self.folder = folder

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """As store.port.Store.findings."""
        with open_for_reading(self.folder / DATABASE) as db:
            yield from stored_findings(db, after)

    def diary(self) -> Iterator[Entry]:
        """The diary, oldest first."""
        with open_for_reading(self.folder / DATABASE) as db:
            yield from stored_lines(db)

    def kept(self, name: str) -> bytes | None:
        """A kept state."""
        try:
            there, state = stored_state(self.folder, name)
        except OSError as error:
            raise SourceError(f"{self.folder}: the state {name} cannot be read ({error})") from error
        if there:
            return state
        with open_for_reading(self.folder / DATABASE) as db:
            return state_of_old(db, name)

    def assets(self) -> Iterator[Asset]:
        """The machines as remembered last, by id."""
        with open_for_reading(self.folder / DATABASE) as db:
            if version_of(db) > 1:  # version 1 kept none
                yield from stored_assets(db)

    def programs(self) -> Iterator[Version]:
        """Versions of programs that crossed the wire, in the order of their times."""
        with open_for_reading(self.folder / DATABASE) as db:
            if version_of(db) > 2:  # versions before kept none
                yield from stored_versions(db)

    def program(self, sha256: str) -> bytes | None:
        """Its octets; None where they are not there, or are not what was kept."""
        try:
            return stored_program(self.folder, sha256)
        except OSError as error:
            raise SourceError(f"{self.folder}: the program {sha256} cannot be read ({error})") from error

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that there are rows of."""
        folders = sorted((self.folder / "tables").iterdir())
        waiting = {kept for raw, (kept, _) in FOLDED_AS.items() if found(self.folder / "journal" / raw)}
        return tuple(f.name for f in folders if f.name in waiting or found(f))

    def rows(
        self,
        table: str,
        *,
        since: int | None = None,
        until: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Rows that touch the time from `since` (included) to `until` (not included), UTC ns; oldest segment first.

        columns: those that are wanted, None for all. Rows that are not folded yet are folded for this reading, so that
        a minute may show as two rows until it is. Nothing comes twice.
        """
        with ExitStack() as files:
            journals = self._journals(table, files)
            upto = 0
            for segment in found(self.folder / "tables" / table):
                for batch, said in self._segment(segment, since, until, columns):
                    upto = max(upto, said)
                    if batch is not None:
                        yield from _cut(batch, since, until, columns)
            for name, number, file in journals:
                rows = folded_rows(name, (b for b, _ in read_stream(file))) if number > upto else None
                if rows is not None:
                    yield from _cut(rows, since, until, columns)

    def _journals(self, table: str, files: ExitStack) -> list[tuple[str, int, BinaryIO]]:
        """Journals open now: what is removed meanwhile can still be read, and stands in the table then."""
        opened: list[tuple[str, int, BinaryIO]] = []
        for name, (kept, _) in FOLDED_AS.items():
            if kept == table:
                for segment in found(self.folder / "journal" / name):
                    with suppress(FileNotFoundError):
                        file = files.enter_context(segment.path.open("rb"))
                        opened.append((name, segment.number, file))
        return opened

    def _segment(
        self, segment: Segment, since: int | None, until: int | None, columns: Sequence[str] | None
    ) -> Iterator[tuple[pa.RecordBatch | None, int]]:
        """Batches, and up to which journal they are (a batch of None says no more than that)."""
        try:
            if segment.sealed:
                yield from _parquet(segment, since, until, columns)
            else:
                with segment.path.open("rb") as file:
                    yield from ((batch, said or 0) for batch, said in read_stream(file))
        except FileNotFoundError:
            # Sealed since the folder was read, or aged out: a segment keeps its number.
            again = [s for s in found(segment.path.parent) if s.number == segment.number and s.sealed]
            if again and not segment.sealed:
                yield from self._segment(again[0], since, until, columns)


def _parquet(
    segment: Segment, since: int | None, until: int | None, columns: Sequence[str] | None
) -> Iterator[tuple[pa.RecordBatch | None, int]]:
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow, and seldom needed)

    with pq.ParquetFile(segment.path) as file:
        names = file.schema_arrow.names
        yield None, int((file.schema_arrow.metadata or {}).get(UPTO, b"0"))
        times = time_columns(names)
        outside = (since is not None and segment.last < since) or (
            until is not None and segment.first >= until
        )
        if times is not None and outside:
            return
        wanted = None if columns is None else [n for n in names if n in {*columns, *(times or ())}]
        groups = _groups(file.metadata, times, since, until)
        for batch in file.iter_batches(columns=wanted, row_groups=groups):
            yield batch, 0


def _groups(metadata: Any, times: tuple[str, str] | None, since: int | None, until: int | None) -> list[int]:
    """Row groups that touch the time, as far as their statistics tell."""
    places = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
    kept = []
    for number in range(metadata.num_row_groups):
        column = metadata.row_group(number).column
        begin, end = (column(places[name]).statistics for name in times) if times else (None, None)
        late = until is not None and begin is not None and begin.has_min_max and begin.min_raw >= until
        early = since is not None and end is not None and end.has_min_max and end.max_raw < since
        if not late and not early:
            kept.append(number)
    return kept


def _cut(
    batch: pa.RecordBatch, since: int | None, until: int | None, columns: Sequence[str] | None
) -> Iterator[pa.RecordBatch]:
    """The rows of the wanted time, the wanted columns."""
    times = time_columns(batch.schema.names)
    if times is not None and (since is not None or until is not None):
        begin, end = (batch.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False) for name in times)
        within = np.ones(batch.num_rows, np.bool_)
        if since is not None:
            within &= end >= since
        if until is not None:
            within &= begin < until
        if not within.all():
            batch = batch.filter(pa.array(within))
    if columns is not None:
        batch = batch.select([name for name in columns if name in batch.schema.names])
    if batch.num_rows:
        yield batch
