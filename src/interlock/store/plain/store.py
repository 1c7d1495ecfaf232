"""The plain store: the port's methods over tables, database and lock."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from interlock.errors import OutputError
from interlock.store.plain.assets import Picture, stored_assets
from interlock.store.plain.compaction import Compactor
from interlock.store.plain.database import Database, set_aside
from interlock.store.plain.diary import age_lines, stored_lines
from interlock.store.plain.findings import newest_number, stored_findings
from interlock.store.plain.forcing import Forcing
from interlock.store.plain.limits import Limits, Retention
from interlock.store.plain.lock import Lock
from interlock.store.plain.owed import Owed
from interlock.store.plain.programs import CONTENTS, Programs
from interlock.store.plain.states import put_state, state_of_old, stored_state
from interlock.store.plain.tables import Tables
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.store.port import AssetRow, Event, Puts

__all__ = ["DATABASE", "LOCK", "PlainStore"]

DATABASE = "store.sqlite"
LOCK = "lock"
SECOND = 1_000_000_000


class PlainStore:
    """A store (store.port.Store) in a folder, which it makes where there is none.

    clock: UTC ns of the wall. Raises OutputError where the folder cannot be had: another process writes in it, a newer
    version wrote it, the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], int],
        retention: Retention | None = None,
        limits: Limits | None = None,
        compacts: bool = True,
        puts: Puts | None = None,
    ) -> None:
        """compacts: it folds, seals and ages out by itself. Else another process is to (compaction.Compactor)."""
        self.folder, self._clock = folder, clock
        self._retention, self._limits = retention or Retention(), limits or Limits()
        self._full = self._refused = False
        self.unkept = ""
        """After `close`: a sentence on what the disk did not take; empty where it took everything."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(folder / LOCK, clock())
        except OSError as error:
            raise _sentence(folder, error) from error
        with ExitStack() as undone:
            undone.callback(self._lock.release)
            try:
                room = self._limits.room_octets
                self._database = Database(folder / DATABASE, clock, checkpoints=compacts, room_octets=room)
                self._forcing = Forcing(folder / f"{DATABASE}-wal", clock)
                undone.callback(self._forcing.close)
                self._owed = Owed(self._database, clock, self._limits)
                self._tables = Tables(folder, self._limits, puts)
                self._programs = Programs(folder, self._database, self._retention)
                self._look()
                self._aged = 0
                self._say_what_broke()
                self._compactor = self._compacting() if compacts else None
            except OSError as error:
                raise _sentence(folder, error) from error
            undone.pop_all()

    def _compacting(self) -> Compactor:
        return Compactor(
            self.folder, now=self._clock(), say=self._say, limits=self._limits, retention=self._retention
        )

    def _look(self) -> None:
        """What of the machines is there."""
        with self._database.reading() as db:
            self._picture = Picture(db)

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Take rows of any tables. A full disk is said once in the diary, and rows wait in memory within a bound.

        Raises ValueError where a name can be no table's.
        """
        tables = dict(batches)
        octets, artifacts = tables.pop(CONTENTS, None), tables.get("artifacts")
        self._tables.write(tables, self._clock())
        if artifacts is not None:
            self._programs.take(artifacts, octets)

    def put(self) -> bool:
        """Rows that were taken to disk; whether all of them are there."""
        return self._tables.put(self._clock())

    def retain(self, retention: Retention) -> None:
        """Keep programs so long from now on; rows are the compactor's, where it is another."""
        self._retention = retention
        self._programs.retain(retention)

    def commit(self, findings: Sequence[Finding], *, forced: bool = True) -> bool:
        """Findings, new or grown; whether they, and all that waited before, are committed.

        Where they are not they are kept, and committed with the next call or `tend` that can. forced: else it does not
        wait for the disk: what is committed is on disk once `forced` has come to its number (`newest`).
        """
        if self._refused:
            self._commit_again()
        done = self._owed.findings(findings, forced=forced or self._refused)
        if done and not forced and not self._refused:
            self._forcing.begin(self.newest)
        return done

    @property
    def forced(self) -> int:
        """The number up to which findings are known to be on disk."""
        return self._forcing.upto

    def landed(self) -> Sequence[tuple[int, int]]:
        """What got to disk since this was asked last; what the disk refused is committed anew."""
        try:
            return self._forcing.landed()
        except OSError:
            self._commit_again()
            return self._forcing.landed()

    def await_forced(self) -> bool:
        """Wait until all that is committed is on disk; whether it is."""
        newest = self.newest
        self._forcing.begin(newest)
        self._forcing.wait()
        if self._forcing.upto < newest:
            self._commit_again()
        return self._forcing.upto >= newest

    def _commit_again(self) -> None:
        """What the disk refused to force may be gone, whatever it says when it is asked again."""
        try:
            self._owed.again(self._forcing.upto)
            self._forcing.done(self.newest)
            self._refused = False
        except OutputError:
            self._refused = True

    @property
    def bell(self) -> int:
        """A descriptor that can be read as soon as `landed` has something to say."""
        return self._forcing.fileno()

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """Committed findings by the number of their last commit, ascending from `after` on; see `forced`."""
        with self._database.reading() as db:
            yield from stored_findings(db, after)

    @property
    def newest(self) -> int:
        """The number of the last commit; 0 where there is none."""
        with self._database.reading() as db:
            return newest_number(db)

    def note(self, entry: Entry) -> bool:
        """A line of the diary; whether it is on disk (else it waits)."""
        return self._owed.line(entry)

    def diary(self) -> Iterator[Entry]:
        """The diary on disk, oldest first."""
        with self._database.reading() as db:
            yield from stored_lines(db)

    def keep(self, name: str, state: bytes) -> None:
        """Keep a state. Raises OutputError: the one before is still there then."""
        try:
            put_state(self.folder, name, state)
        except OSError as error:
            raise _sentence(self.folder, error) from error

    def kept(self, name: str) -> bytes | None:
        """Give the state of that name. Raises OutputError."""
        try:
            there, state = stored_state(self.folder, name)
        except OSError as error:
            raise _sentence(self.folder, error) from error
        if there:
            return state
        with self._database.reading() as db:
            return state_of_old(db, name)

    def outlined(self, assets: Sequence[Asset]) -> Iterator[AssetRow]:
        """Rows that bring what is remembered to these machines."""
        return self._picture.rows(assets)

    def remember(self, rows: Sequence[AssetRow]) -> None:
        """Take such rows, all or none. Raises OutputError: what stood there still does.

        Machines are drawn again where a power cut takes rows back; a finding must not wait for the disk to take them.
        """
        with self._database.writing(forced=False) as db:
            self._picture.put(db, rows)
        self._picture.stands(rows)

    def assets(self) -> Iterator[Asset]:
        """The machines as remembered last, by id."""
        with self._database.reading() as db:
            yield from stored_assets(db)

    def tend(self, now: int) -> None:
        """About once a second. now: UTC ns of the wall."""
        self._say_what_broke()
        if self._refused:
            self._commit_again()
        self._owed.settle()
        if not self._refused:
            self._forcing.begin(self.newest)  # what waited for a full disk, too
        self._programs.settle()
        self._tables.tend(now)
        if self._compactor is not None:
            self._compactor.tend(now)
        if not 0 <= now - self._aged < self._limits.age_every_ns:
            self._age(now)
            self._aged = now
        self._say_how_the_disk_is()

    def _age(self, now: int) -> None:
        """Remove lines of the diary that were kept long enough, and say so."""
        lines = 0
        with suppress(OutputError), self._database.writing() as db:
            days = int(self._retention.diary_days * 86_400 * SECOND)
            lines = age_lines(db, now, days, self._retention.diary_lines)
        if lines:
            self._say("aged-out", f"{lines:,} lines of the diary were removed", lines)
        self._say_what_went()

    def _say_what_went(self) -> None:
        for says, octets in self._programs.said():
            self._say("aged-out", says, octets)

    @property
    def held(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """What waits for the disk and how much may: octets of rows, findings."""
        limits = self._limits
        return (self._tables.held_octets, limits.held_octets), (self._owed.unkept, limits.held_findings)

    def close(self) -> None:
        """Everything on disk, folded and sealed where that is done here, as far as the disk takes it.

        The next one may write.
        """
        self._programs.settle()
        self._say_what_went()
        self._tables.close(self._clock())
        if self._compactor is not None:
            self._compactor.close(self._clock())
        self._say_how_the_disk_is()
        self._owed.settle()
        if self._tables.unkept or self._owed.unkept:
            self.unkept = (
                f"{self.folder} takes nothing more: {self._owed.unkept:,} findings and {self._tables.unkept:,} rows "
                "are not kept; free space or name another place"
            )
        self._forcing.close()
        self._database.close()
        self._lock.release()

    def _say_how_the_disk_is(self) -> None:
        compacting = self._compactor.trouble if self._compactor is not None else None
        trouble = self._tables.trouble or compacting or self._owed.trouble or self._programs.trouble
        if trouble is not None and not self._full:
            self._full = True
            reason = trouble.strerror or str(trouble) if isinstance(trouble, OSError) else str(trouble)
            self._say("disk-full", f"{self.folder} takes nothing more ({reason}); rows wait in memory")
        elif trouble is None and self._full:
            self._full = False
            lost = self._tables.lost()
            which = ", ".join(f"{count:,} of {name}" for name, count in sorted(lost.items()))
            self._say(
                "disk-back",
                f"{self.folder} is written again; rows lost: {which or 'none'}",
                sum(lost.values()),
            )

    def _say_what_broke(self) -> None:
        while self._database.aside:
            name = self._database.aside.pop()
            self._look()
            self._say("state-lost", set_aside(name))

    def _say(self, event: Event, says: str, count: int = 0) -> None:
        self._owed.line(Entry(time=self._clock(), event=event, says=says, count=count))


def _sentence(folder: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"{folder}: cannot be written ({reason}); free space or name another place")
