"""One table's open segment: rows are appended until it is old or large; who folds and seals takes it from there."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pyarrow as pa

from interlock.store.plain.sealing import UPTO
from interlock.store.plain.segments import found, stream_name
from interlock.store.plain.streams import BEGUN, Stream, last_journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interlock.store.plain.limits import Limits

__all__ = ["Table", "clear", "last_folded"]


class Table:
    """Appends rows. One process at a time may: what an earlier one left open is none of its business."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        grows: Callable[[Path, int], None] = lambda _path, _octets: None,
    ) -> None:
        """grows: see port.Puts."""
        self._grows = grows
        self.folder = folder
        self._limits = limits
        self._stream: Stream | None = None
        clear(folder)
        self._number = max((segment.number for segment in found(folder)), default=0)

    def append(self, batch: pa.RecordBatch, now: int, upto: int | None = None) -> None:
        """Rows, all or none of them. now: UTC ns of the wall. upto: see Stream.append. Raises OSError."""
        if self._stream is not None and not self._stream.schema.equals(batch.schema):
            self.roll()
        try:
            self._open(batch.schema, now).append(batch, upto)
        except OSError as error:
            # A file that may not grow further says nothing of the next one.
            if error.errno != errno.EFBIG or self._stream is None or not self._stream.rows:
                raise
            self.roll()
            self._open(batch.schema, now).append(batch, upto)

    def _open(self, schema: pa.Schema, now: int) -> Stream:
        if self._stream is None:
            self._stream = Stream(self.folder / stream_name(self._number + 1), schema, now, self._grows)
            self._number += 1
        return self._stream

    def due(self, now: int) -> bool:
        """Whether the open segment is old or large enough."""
        s, limits = self._stream, self._limits
        if s is None or not s.rows:
            return False
        s.begun = min(s.begun, now)  # a wall clock that was set back must not keep it open
        return (
            now - s.begun >= limits.seal_after_ns
            or s.octets >= limits.seal_octets
            or s.rows >= limits.seal_rows
        )

    def roll(self) -> None:
        """End the open segment; it waits to be sealed."""
        if self._stream is not None:
            self._stream.end()
            self._stream = None

    def force(self) -> None:
        """What is open to disk. Raises OSError."""
        if self._stream is not None:
            self._stream.force()


def clear(folder: Path) -> None:
    """Make a folder of streams; what its writer only began before it died held no rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for begun in folder.glob(f"*{BEGUN}"):
        begun.unlink()


def last_folded(
    folder: Path, reading: Callable[[Path, Callable[[Path], int]], int] = lambda path, read: read(path)
) -> int:
    """Number of the last journal that a folded table's segments hold, also while another process seals them.

    reading(path, read): reads a segment, for who wants to know which one is being read.
    """
    while True:
        there = found(folder)
        try:
            newest = [reading(s.path, _sealed_upto) for s in [s for s in there if s.sealed][-1:]]
            return max([0, *newest, *(reading(s.path, last_journal) for s in there if not s.sealed)])
        except FileNotFoundError:
            continue  # it was sealed, or aged out, since


def _sealed_upto(path: Path) -> int:
    """What a sealed segment says of journals (sealing.UPTO)."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow, and seldom needed)

    try:
        return int((pq.read_schema(path).metadata or {}).get(UPTO, b"0"))
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError):
        return 0
