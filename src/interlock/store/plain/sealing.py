"""From an open segment to a sealed one, a row group at a time, so that nobody waits long for it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

from interlock.export.parquet import ROWS, ParquetFile
from interlock.store.plain.segments import (
    PART,
    STREAM,
    Segment,
    force_folder,
    found,
    joined,
    sealed_name,
    span,
)
from interlock.store.plain.streams import read_stream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import pyarrow as pa

    from interlock.store.plain.segments import SpanOfTime

__all__ = ["UPTO", "seal", "tidy"]

UPTO: Final = b"interlock.journal"
"""Key in a sealed segment's schema: every journal up to this number is in it or in an earlier one."""


def seal(path: Path, number: int, upto: int, written: int) -> Iterator[None]:
    """Make Parquet of the stream at `path` and remove it; a step is a row group. Raises OSError.

    The order makes a death harmless at any moment: Parquet whole and forced under another name, its name given and
    the folder forced, and only then the stream removed. upto: for the schema, see UPTO. written: UTC s.
    """
    part = path.with_suffix(PART)
    try:
        times = yield from _converted(path, part, upto)
        if times is not None:
            part.replace(path.with_name(sealed_name(number, times, written)))
            force_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    path.unlink()


def _converted(path: Path, part: Path, upto: int) -> Generator[None, None, SpanOfTime | None]:
    """Rows of a stream to a Parquet file, forced to disk; returns their times, None where there are no rows."""
    times: SpanOfTime | None = None
    sink: ParquetFile | None = None
    with path.open("rb") as source, part.open("wb") as target:
        with contextlib.ExitStack() as undone:
            rows = 0
            for batch, _ in read_stream(source):
                if sink is None:
                    sink = ParquetFile(_marked(batch.schema, upto), target)
                    undone.callback(_given_up, sink)
                sink.write(batch)
                times = joined(times, span(batch) or (0, 0))
                rows += batch.num_rows
                del batch  # or it would be there beside the next one, and its row group beside both
                if rows >= ROWS:
                    rows = 0
                    yield
            undone.pop_all()
            if sink is not None:
                sink.close()
        target.flush()
        os.fsync(target.fileno())
    return times


def _given_up(sink: ParquetFile) -> None:
    with contextlib.suppress(OSError, ValueError):
        sink.close()


def _marked(schema: pa.Schema, upto: int) -> pa.Schema:
    return schema.with_metadata({**(schema.metadata or {}), UPTO: str(upto).encode()}) if upto else schema


def tidy(folder: Path) -> list[Segment]:
    """What a writer that died left: parts removed, streams that are sealed already, too. Gives what is there now."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in folder.glob(f"*{PART}"):
        part.unlink()
    streams = list(
        folder.glob(f"*{STREAM}")
    )  # before the look at what is kept: one that is begun meanwhile is alive
    kept = found(folder)
    paths = {segment.path for segment in kept}
    for stream in streams:
        if stream not in paths:
            stream.unlink()
    return kept
