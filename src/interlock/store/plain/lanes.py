"""The two ways of a stream that nobody writes to any more: a journal is folded, a segment is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from interlock.store.plain.journal import folded_rows
from interlock.store.plain.sealing import seal, tidy
from interlock.store.plain.segments import UNREADABLE, force_file, found, set_aside
from interlock.store.plain.streams import is_ended, is_held, last_journal, read_stream, written_out
from interlock.store.plain.table import last_folded
from interlock.store.plain.trials import MOST_DEATHS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from interlock.store.plain.segments import Segment
    from interlock.store.plain.table import Table
    from interlock.store.plain.trials import Trials

__all__ = ["Broken", "Folder", "Lane", "Sealer"]

_SECOND = 1_000_000_000


class Broken(NamedTuple):
    """A file that was set aside: its name before and now, its octets, how many compactors died over it."""

    was: str
    now: str
    octets: int
    deaths: int


def _aside(path: Path, deaths: int = 0) -> Broken:
    octets = path.stat().st_size
    return Broken(f"{path.parent.name}/{path.name}", set_aside(path), octets, deaths)


class Lane(Protocol):
    """Streams of one folder. broken: files set aside, for whoever says so."""

    broken: list[Broken]

    def look(self) -> int:
        """Find what nobody writes to any more; octets of what its writer did not end."""
        ...

    def step(self, now: int) -> bool:
        """Some of what is to be done; False where nothing is. now: UTC ns of the wall.

        Raises OSError: what was not done is begun anew then.
        """
        ...


class _Waiting:
    """Streams of a folder that wait, by number. spared: whether somebody is still to cut one back (port.Puts)."""

    def __init__(self, folder: Path, spared: Callable[[Path], bool]) -> None:
        self._folder, self._spared = folder, spared
        self._streams: dict[int, Segment] = {}

    def look(self, after: int = 0) -> int:
        """Find more of them; octets of those that were not ended. after: those up to this number do not count."""
        left = 0
        for segment in found(self._folder):
            if segment.sealed or segment.number in self._streams or is_held(segment.path):
                continue
            if self._spared(segment.path):  # in this order: nobody grows any more what nobody holds
                continue
            self._streams[segment.number] = segment
            if segment.number > after and not is_ended(segment.path):
                left += segment.path.stat().st_size
        return left

    def first(self) -> Segment | None:
        """The one with the lowest number that is there."""
        while self._streams:
            segment = self._streams[min(self._streams)]
            if segment.path.exists():
                return segment
            self.done(segment)  # somebody took it away
        return None

    def done(self, segment: Segment) -> None:
        """It waits no longer."""
        del self._streams[segment.number]


class Folder:
    """Folds journals of one table, in their order. table: where their rows go, which nobody else may append to."""

    def __init__(
        self, folder: Path, name: str, table: Table, spared: Callable[[Path], bool], trials: Trials
    ) -> None:
        """name: of journal.FOLDED_AS. spared: see _Waiting."""
        tidy(folder)
        self._name, self.table, self._trials = name, table, trials
        self.broken: list[Broken] = []
        self._waiting = _Waiting(folder, spared)
        # Only what lies here now can have been folded before: whoever writes gives higher numbers than those.
        upto = last_folded(table.folder, self._carefully)
        self._folded = {s.number for s in found(folder) if s.number <= upto}
        for segment in found(table.folder) if self._folded else ():
            if not segment.sealed:
                force_file(segment.path)

    def look(self) -> int:
        """See Lane.look."""
        return self._waiting.look(max(self._folded, default=0))

    def step(self, now: int) -> bool:
        """See Lane.step: the oldest journal that waits is folded."""
        journal = self._waiting.first()
        if journal is None:
            return False
        deaths = 0 if journal.number in self._folded else self._trials.deaths(journal.path)
        try:
            if journal.number not in self._folded and deaths < MOST_DEATHS:
                with self._trials.at(journal.path):
                    self._fold(journal, now)
            self.table.force()  # before the journal goes: a power cut must find the one or the other
        except UNREADABLE:
            self.broken.append(_aside(journal.path))
        else:
            if deaths < MOST_DEATHS:
                journal.path.unlink()
            else:
                self.broken.append(_aside(journal.path, deaths))
        self._trials.over(journal.path)
        self._folded.discard(journal.number)
        self._waiting.done(journal)
        return True

    def _carefully(self, path: Path, read: Callable[[Path], int]) -> int:
        """Read a segment of the folded table, as far as it lets anybody."""
        deaths = self._trials.deaths(path)
        if deaths >= MOST_DEATHS:
            self.broken.append(_aside(path, deaths))
            self._trials.over(path)
            return 0
        with self._trials.at(path):
            return read(path)

    def _fold(self, journal: Segment, now: int) -> None:
        with journal.path.open("rb") as file:
            rows: pa.RecordBatch | None = folded_rows(self._name, (batch for batch, _ in read_stream(file)))
        if rows is not None:
            self.table.append(written_out(rows), now, journal.number)
            self._folded.add(journal.number)


class Sealer:
    """Seals segments of one table, in their order."""

    def __init__(self, folder: Path, spared: Callable[[Path], bool], trials: Trials) -> None:
        """spared: see _Waiting."""
        tidy(folder)
        self._folder, self._trials = folder, trials
        self._waiting = _Waiting(folder, spared)
        self._sealing: Iterator[None] | None = None
        self.broken: list[Broken] = []

    @property
    def busy(self) -> bool:
        """Whether a segment is half sealed."""
        return self._sealing is not None

    def look(self) -> int:
        """See Lane.look."""
        return self._waiting.look()

    def step(self, now: int) -> bool:
        """See Lane.step: one row group is sealed."""
        segment = self._waiting.first()
        if segment is None:
            return False
        deaths = self._trials.deaths(segment.path)
        try:
            if deaths >= MOST_DEATHS:
                self.broken.append(_aside(segment.path, deaths))
                self._done(segment)
                return True
            with self._trials.at(segment.path):
                if self._sealing is None:
                    self._sealing = self._begun(segment, now)
                next(self._sealing)
        except StopIteration:
            self._done(segment)
        except UNREADABLE:
            self.broken.append(_aside(segment.path))
            self._done(segment)
        except OSError:
            self._sealing = None
            raise
        return True

    def _done(self, segment: Segment) -> None:
        self._sealing = None
        self._trials.over(segment.path)
        self._waiting.done(segment)

    def _begun(self, segment: Segment, now: int) -> Iterator[None]:
        if any(s.sealed and s.number == segment.number for s in found(self._folder)):
            segment.path.unlink()  # it is sealed, and could not be removed then
            return iter(())
        return seal(segment.path, segment.number, last_journal(segment.path), now // _SECOND)
