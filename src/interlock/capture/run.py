"""A run over captures: opens them, hands out their frames in time order, keeps their figures."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from interlock.capture.merge import merge
from interlock.capture.pipes import is_pipe, open_pipe
from interlock.capture.reader import Reader
from interlock.capture.specs import STDIN, SourceSpec, display_name
from interlock.capture.statistics import Statistics
from interlock.capture.streams import RawOctets
from interlock.errors import SourceError
from interlock.records.frames import Frames, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

__all__ = ["BATCH_FRAMES", "BATCH_OCTETS", "CaptureRun", "open_sources"]

BATCH_OCTETS: Final = 4 << 20
BATCH_FRAMES: Final = 32_768
_BUFFER_OCTETS: Final = 1 << 17
_PEEK_OCTETS: Final = 1 << 16


class _Capture:
    """One source, opened when it is due. `first`: time of its first frame, 0 where that could not be seen."""

    def __init__(
        self, spec: SourceSpec, index: int, stdin: BinaryIO | None, stop: Callable[[], bool]
    ) -> None:
        self.spec = spec
        self.stop = stop
        self.statistics = Statistics()
        self.first = 0
        self.size: int | None = None
        self._name = display_name(spec.path)
        self._index = index
        self._stdin = stdin
        self._raw: RawOctets | None = None
        self._reader: Reader | None = None
        self._taken = 0
        self._ended = False

    @property
    def unfinished(self) -> bool:
        """Whether octets are left that could be read: a run that ended here was stopped."""
        whole = self.size is not None and self.taken >= self.size
        return not (self._ended or whole or self.statistics.failure is not None)

    @property
    def taken(self) -> int:
        """Octets of the file that were read so far."""
        return self._raw.taken if self._raw else self._taken

    def look(self, *, alone: bool) -> None:
        """Check that it can be opened; where it is not alone, find its first frame's time and close it.

        What cannot be read twice (standard input, a pipe) stays open.
        """
        try:
            self._open(_PEEK_OCTETS, 1)
            if self.size is None or alone or self._reader is None:
                return
            statistics, self.statistics = self.statistics, Statistics()
            self._reader.statistics = statistics
            frames = self._reader.batch()
            self.first = int(frames.time[0]) if frames else 0
            self.close()
            self._taken = 0
        except SourceError as error:
            self._fail(error)

    def batch(self, octets_limit: int, frames_limit: int) -> Frames | None:
        """Return the next frames; None at the end or where reading failed (see `statistics`)."""
        if self.statistics.failure is not None:
            return None
        try:
            if self._reader is None:
                self._open(octets_limit, frames_limit)
            assert self._reader is not None
            self._reader.octets_limit, self._reader.frames_limit = octets_limit, frames_limit
            frames = self._reader.batch()
        except SourceError as error:
            self._fail(error)
            return None
        if frames is None:
            self._ended = True
            self._shut()
        return frames

    def close(self) -> None:
        """Give the file back; reading can begin anew."""
        self._shut()
        self._reader = None

    def _shut(self) -> None:
        if self._raw:
            self._taken = self._raw.taken
            if self.spec.path != STDIN:
                self._raw.close()
            self._raw = None

    def _fail(self, error: SourceError) -> None:
        self.statistics.failure = str(error)
        self.close()

    def _open(self, octets_limit: int, frames_limit: int) -> None:
        file = self._file()
        self._raw = RawOctets(file, self._name)
        self._reader = Reader(
            self._raw, self._index, self.statistics, octets_limit=octets_limit, frames_limit=frames_limit
        )

    def _stops(self) -> bool:
        """As is said now, not when the pipe was opened."""
        return self.stop()

    def _file(self) -> BinaryIO:
        path = self.spec.path
        if path == STDIN:
            if self._stdin is None:
                raise SourceError("stdin: there is no standard input here; name a file")
            return self._stdin
        try:
            if Path(path).is_dir():
                next(Path(path).iterdir(), None)
                raise SourceError(
                    f"{self._name}: is a folder without captures; name one that holds pcap files"
                )
            if is_pipe(path):
                return open_pipe(path, _BUFFER_OCTETS, self._stops)
            file = Path(path).open("rb", buffering=_BUFFER_OCTETS)  # noqa: SIM115 (closed by _shut)
            status = os.fstat(file.fileno())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SourceError(
                f"{self._name}: cannot be opened ({reason}); check its name and your rights to it"
            ) from error
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        return file


class CaptureRun:
    """Iterate once for the frames of all sources in time order; `statistics` grow on the way.

    sources, statistics: one each per capture, in the order they were named. A capture that cannot be read
    says why in its `statistics.failure` and the others go on; where none can be read, SourceError is raised.
    """

    def __init__(self, captures: list[_Capture], *, batch_octets: int, batch_frames: int) -> None:
        self._captures = captures
        self._octets, self._frames = batch_octets, batch_frames
        self.sources = tuple(
            Source(name=display_name(capture.spec.path), realm=capture.spec.realm) for capture in captures
        )

    def until(self, stop: Callable[[], bool]) -> None:
        """Wait for named pipes only while `stop` does not say that this is to end."""
        for capture in self._captures:
            capture.stop = stop

    @property
    def statistics(self) -> tuple[Statistics, ...]:
        """The sources' figures so far."""
        return tuple(capture.statistics for capture in self._captures)

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence for each source that could not be read (to its end)."""
        return tuple(s.failure for s in self.statistics if s.failure is not None)

    @property
    def unfinished(self) -> tuple[bool, ...]:
        """For each source, whether it was left before its end."""
        return tuple(capture.unfinished for capture in self._captures)

    @property
    def losses(self) -> tuple[str, ...]:
        """A sentence for each source that was not read to its end because of what it is."""
        told: list[str] = []
        for source, statistics in zip(self.sources, self.statistics, strict=True):
            if statistics.failure is not None:
                told.append(statistics.failure)
            elif statistics.cut is not None:
                told.append(
                    f"{source.name}: {statistics.cut_reason} at octet {statistics.cut};"
                    f" the {statistics.frames} frames before it were used"
                )
        return tuple(told)

    @property
    def octets_read(self) -> int:
        """Octets of the files (compressed as they are) that were read so far."""
        return sum(capture.taken for capture in self._captures)

    @property
    def octets_total(self) -> int | None:
        """Size of all files, None where one of them is a stream without a known end."""
        sizes = [c.size for c in self._captures if c.statistics.failure is None or c.size is not None]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def __iter__(self) -> Iterator[Frames]:
        try:
            if len(self._captures) == 1:
                only = self._captures[0]
                while (frames := only.batch(self._octets, self._frames)) is not None:
                    yield frames
            else:
                yield from merge(self._captures, octets_limit=self._octets, frames_limit=self._frames)
            self.require_readable()
        finally:
            self.close()

    def require_readable(self) -> None:
        """Raise SourceError where every source failed."""
        failures = self.failures
        if len(failures) == len(self._captures):
            more = f" (and {len(failures) - 1} more sources that cannot be read)" if failures[1:] else ""
            raise SourceError(failures[0] + more if failures else "no capture is named; name one")

    def close(self) -> None:
        """Give all files back."""
        for capture in self._captures:
            capture.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_sources(
    specs: Sequence[SourceSpec],
    *,
    batch_octets: int = BATCH_OCTETS,
    batch_frames: int = BATCH_FRAMES,
    stdin: BinaryIO | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> CaptureRun:
    """Open captures (folders were opened up by `specify`) for one pass in time order.

    A batch aims at no more than batch_frames frames and batch_octets octets. stdin: what `-` reads from.
    stop: see CaptureRun.until; already for the first octet.
    Raises SourceError where none can be read.
    """
    captures = [_Capture(spec, index, stdin, stop) for index, spec in enumerate(specs)]
    for capture in captures:
        capture.look(alone=len(captures) == 1)
    run = CaptureRun(captures, batch_octets=batch_octets, batch_frames=batch_frames)
    run.require_readable()
    return run
