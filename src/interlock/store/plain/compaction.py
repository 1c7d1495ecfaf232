"""What happens to rows once they are on disk: journals folded, ended segments sealed, old ones removed, all forced.

None of it needs whoever writes: files say by their locks who still writes to them, by their numbers what was done
already. So it may be a process of its own, which can be killed at any moment and begun anew (ADR 10); and where a store
has one process only, that one does it between its rows.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from interlock.store.plain.aging import aged_out, kept_segments, remove
from interlock.store.plain.journal import FOLDED_AS
from interlock.store.plain.lanes import Folder, Sealer
from interlock.store.plain.limits import Limits, Retention
from interlock.store.plain.lock import Lock
from interlock.store.plain.programs import FOLDER as PROGRAMS
from interlock.store.plain.segments import STREAM, force_file
from interlock.store.plain.table import Table
from interlock.store.plain.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from interlock.store.plain.lanes import Lane
    from interlock.store.port import Event

    Say = Callable[[Event, str, int], None]

__all__ = ["LOCK", "Compactor"]

LOCK: Final = "compactor.lock"
_SECOND: Final = 1_000_000_000


class Compactor:
    """The one that folds, seals, forces and removes in a store's folder.

    say(event, sentence, count): for the diary. trouble: why the disk refused last; None where it did not. Raises
    OutputError where another process does it here already, OSError where the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: int,
        say: Say,
        limits: Limits | None = None,
        retention: Retention | None = None,
        spared: Callable[[Path], bool] = lambda _path: False,
        trials: Trials | None = None,
    ) -> None:
        """now: UTC ns of the wall. spared: streams that are still to be cut back by their next writer (port.Puts).

        trials: what is known of those over which compactors died before; None where none is ever begun anew.
        """
        self._spared, self._trials = spared, trials or Trials()
        self._folder, self._say = folder, say
        self._limits, self._retention = limits or Limits(), retention or Retention()
        self.trouble: OSError | None = None
        self._refused = self._forced_at = self._aged = 0
        self._forced: dict[str, tuple[int, int]] = {}
        self._sealers: dict[str, Sealer] = {}
        self._lock = Lock(folder / LOCK, now)
        with ExitStack() as undone:
            undone.callback(self._lock.release)
            self._trials.opened()
            self._folders = [
                Folder(
                    folder / "journal" / raw,
                    raw,
                    Table(folder / "tables" / kept, self._limits),
                    spared,
                    self._trials,
                )
                for raw, (kept, _) in FOLDED_AS.items()
            ]
            for lane in self._folders:
                self._say_what_broke(lane)
            self._look()
            undone.pop_all()

    def retain(self, retention: Retention) -> None:
        """Keep rows so long from now on."""
        self._retention = retention

    def tend(self, now: int) -> bool:
        """One step of whatever is due in each table; whether anything was done. now: UTC ns of the wall."""
        if self.trouble is not None and 0 <= now - self._refused < self._limits.retry_ns:
            return False
        self.trouble = None
        done = self._step(now)
        with self._trying(now):
            if not 0 <= now - self._forced_at < self._limits.sync_ns:
                self._force()
                self._forced_at = now
            if not 0 <= now - self._aged < self._limits.age_every_ns:
                self._aged = now
                self._age(now)
        return done

    def close(self, now: int, beat: Callable[[], None] = lambda: None) -> None:
        """Everything that nobody writes to folded and sealed, as far as the disk takes it. beat: after each step."""
        self.trouble = None
        while self._step(now, last=True):
            beat()
        for folder in self._folders:
            folder.table.roll()
        self._lock.release()

    def _step(self, now: int, *, last: bool = False) -> bool:
        """Journals first: what they hold goes to tables. last: those are ended once they hold all."""
        done = False
        with self._trying(now):
            self._look()
        for folder in self._folders:
            with self._trying(now):
                done |= folder.step(now)
            self._say_what_broke(folder)
        for folder in self._folders:
            if folder.table.due(now) or (last and not done):
                folder.table.roll()
        if last and not done:
            with self._trying(now):
                self._look()
        return self._seal(now) or done

    def _seal(self, now: int) -> bool:
        """A row group of one segment: of several that are sealed by turns each would hold its own in memory.

        The tables' segments have their turns, and one that the disk refuses keeps nobody else from his.
        """
        for name, sealer in sorted(self._sealers.items(), key=lambda one: not one[1].busy):
            done = False
            with self._trying(now):
                done = sealer.step(now)
            self._say_what_broke(sealer)
            if not sealer.busy:
                self._sealers[name] = self._sealers.pop(name)
            if done:
                return True
        return False

    @contextmanager
    def _trying(self, now: int) -> Iterator[None]:
        """Where the disk refuses one thing, it may still take another."""
        try:
            yield
        except OSError as error:
            self.trouble, self._refused = error, now

    def _look(self) -> None:
        """What nobody writes to any more; where its writer died before it ended it, that is said."""
        for place in sorted((self._folder / "tables").iterdir()):
            if place.name not in self._sealers and place.is_dir():
                self._sealers[place.name] = Sealer(place, self._spared, self._trials)
        if octets := sum(lane.look() for lane in self._lanes()):
            says = f"A writer before did not end well; {octets:,} octets of open segments are read and sealed"
            self._say("recovered", says, octets)

    def _say_what_broke(self, lane: Lane) -> None:
        """At once: the next step may be this compactor's last."""
        while lane.broken:
            one = lane.broken.pop(0)
            why = f"killed {one.deaths} compactors" if one.deaths else "can be neither folded nor sealed"
            says = f"{one.was} ({one.octets:,} octets) {why}; its rows were set aside as {one.now}"
            self._say("state-lost", says, one.octets)

    def _lanes(self) -> Iterator[Lane]:
        yield from self._folders
        yield from self._sealers.values()

    def _force(self) -> None:
        """What has grown since to disk, by whomever it is written: a file's octets are forced by its name.

        A power cut costs what came since the last time.
        """
        forced: dict[str, tuple[int, int]] = {}
        streams = (p for top in ("journal", "tables") for p in (self._folder / top).glob(f"*/*{STREAM}"))
        for path in (*streams, *(self._folder / PROGRAMS).glob("[0-9a-f]*")):
            with suppress(FileNotFoundError):  # folded or sealed meanwhile
                status = path.stat()
                forced[str(path)] = state = (status.st_ino, status.st_size)
                if self._forced.get(str(path)) != state:
                    force_file(path)
        self._forced = forced

    def _age(self, now: int) -> None:
        """Remove what was kept long enough, and say so."""
        removed = remove(aged_out(kept_segments(self._folder / "tables"), self._retention, now // _SECOND))
        for gone in removed:
            says = f"{gone.segments:,} segments of {gone.table} were removed: {gone.why}"
            self._say("aged-out", says, gone.octets)
