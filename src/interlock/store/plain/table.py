"""One table's segments: an open one that grows, those that wait to be sealed, and the sealed ones."""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING

import pyarrow as pa

from interlock.store.plain.sealing import UPTO, seal, tidy
from interlock.store.plain.segments import UNREADABLE, set_aside, stream_name
from interlock.store.plain.streams import Stream, read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interlock.store.plain.limits import Limits
    from interlock.store.plain.segments import Segment

__all__ = ["Table"]

_SECOND = 1_000_000_000


class Table:
    """Appends rows, and seals what is old or large. What an earlier writer left open is sealed first.

    upto: every journal with a number up to this one is in here (journal.py). left: octets found in open segments.
    broken: files set aside, for whoever says so.
    """

    def __init__(self, folder: Path, limits: Limits, *, journalled: bool) -> None:
        """journalled: rows come from a journal. Only then what is open is read here: whoever begins waits for it."""
        self.folder = folder
        self._limits = limits
        self._stream: Stream | None = None
        self._sealing: Iterator[None] | None = None
        self.broken: list[str] = []
        there = tidy(folder)
        self._number = there[-1].number if there else 0
        self._waiting: deque[tuple[int, Path]] = deque((s.number, s.path) for s in there if not s.sealed)
        self.upto = _last_journal(there) if journalled else 0
        self.left = sum(path.stat().st_size for _, path in self._waiting)

    def append(self, batch: pa.RecordBatch, now: int, upto: int | None = None) -> None:
        """Rows, all or none of them. now: UTC ns of the wall. Raises OSError."""
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
        self.upto = max(self.upto, upto or 0)

    def _open(self, schema: pa.Schema, now: int) -> Stream:
        if self._stream is None:
            self._stream = Stream(self.folder / stream_name(self._number + 1), schema, now)
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
            self._stream.close()
            self._waiting.append((self._number, self._stream.path))
            self._stream = None

    def force(self) -> None:
        """What is open to disk. Raises OSError."""
        if self._stream is not None:
            self._stream.force()

    def step(self, now: int) -> bool:
        """Some of the sealing that waits; False where nothing does. Raises OSError: it is begun anew then."""
        if self._sealing is None:
            if not self._waiting:
                return False
            number, path = self._waiting[0]
            self._sealing = seal(path, number, self.upto, now // _SECOND)
        try:
            next(self._sealing)
        except StopIteration:
            self._sealing = None
            self._waiting.popleft()
        except UNREADABLE:
            self._sealing = None
            self.broken.append(set_aside(self._waiting.popleft()[1]))
        except OSError:
            self._sealing = None
            raise
        return True


def _last_journal(there: list[Segment]) -> int:
    """Number of the last journal that segments hold."""
    upto = 0
    for segment in there:
        if not segment.sealed:
            with segment.path.open("rb") as file:
                upto = max([upto, *(said or 0 for _, said in read_stream(file))])
    sealed = [segment for segment in there if segment.sealed]
    return max(upto, sealed_upto(sealed[-1].path) if sealed else 0)


def sealed_upto(path: Path) -> int:
    """What a sealed segment says of journals (sealing.UPTO)."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow, and seldom needed)

    try:
        return int((pq.read_schema(path).metadata or {}).get(UPTO, b"0"))
    except (pa.ArrowException, OSError, ValueError):
        return 0
