"""A thread per outlet that follows the committed findings with a cursor of its own, and tells of incidents behind them.

The cursor is kept after a delivery and never before, so that a finding is delivered at least once whatever dies in
between; its id and the number of its commit tell a receiver what it already has. A finding that grows while an
outlet fails is delivered once, as it is by then.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, Protocol

from interlock.errors import DeliveryError, InterlockError
from interlock.export.delivery.incident_news import IncidentNews
from interlock.export.delivery.outlet import Reopened, Reporting
from interlock.export.finding_message import Committed
from interlock.records.figures import OutletFigures
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from interlock.export.delivery.outlet import Outlet
    from interlock.export.incident_message import Reported
    from interlock.records.config import Told
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident
    from interlock.records.vocabulary import Severity

__all__ = ["Chances", "Pump", "Pumps", "Source", "Voice", "incidents_name", "state_name"]

Event = Literal["outlet-failing", "outlet-back", "refused"]

_BATCH: Final = 100
_INCIDENTS: Final = 10
"""As many at once: each may be as long as a hundred findings."""
_POLL_S: Final = 1.0
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_STORE_WAIT_S: Final = 0.1
_QUIET_TRIES: Final = 6
"""Times in a row that the store cannot be read before it is said: after about six seconds."""
_PATIENCE: Final = 5
"""Times that a single finding is refused before the one behind it is tried."""


class Source(Protocol):
    """What a pump needs of a store (store.port.Store)."""

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """Findings by the number of their last commit, ascending."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """As they are by now, gravest first."""
        ...

    def kept(self, name: str) -> bytes | None:
        """The state of that name."""
        ...

    def keep(self, name: str, state: bytes) -> None:
        """Keep a state in place of the one before; on disk when this returns."""
        ...


@dataclass(frozen=True, slots=True)
class Chances:
    """What a pump takes from outside. wall: UTC ns. chance: a number from 0 to 1, by which waits are scattered."""

    wall: Callable[[], int]
    chance: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Voice:
    """An outlet with what it is to tell: findings, incidents or both, from which severity on."""

    outlet: Outlet
    least: Severity = "info"
    tells: Told = "findings"


def state_name(outlet: str) -> str:
    """Under which name of the store an outlet's cursor is kept."""
    return f"outlet/{outlet}"


def incidents_name(outlet: str) -> str:
    """Under which name is kept what an outlet has told of incidents."""
    return f"incidents/{outlet}"


class Pump:
    """One outlet's way through the findings; all its steps are one thread's.

    tell(event, says, count): a line for the sensor's diary.
    """

    def __init__(
        self,
        voice: Voice,
        source: Source,
        chances: Chances,
        tell: Callable[[Event, str, int], None],
    ) -> None:
        self._outlet = outlet = voice.outlet
        self._source = source
        self._least = SEVERITIES.index(voice.least)
        self._tells_findings = voice.tells != "incidents"
        self._reporting = outlet if isinstance(outlet, Reporting) and voice.tells != "findings" else None
        self._news = IncidentNews(voice.least, source.kept(incidents_name(outlet.name)))
        self._chances = chances
        self._tell = tell
        self._cursor = _read_cursor(source.kept(state_name(outlet.name)))
        self._kept = self._cursor
        self._size = _BATCH
        self._failures = self._failures_in_row = 0
        self._failing_since: int | None = None
        self._unkept_told = False
        self._delivered = self._waiting = self._incidents = 0
        self.looked = False
        """Whether it could read the store."""

    def figures(self) -> OutletFigures:
        """How it goes, as of the last step."""
        return OutletFigures(
            name=self._outlet.name,
            delivered=self._delivered,
            incidents_told=self._incidents,
            failures=self._failures,
            waiting=self._waiting,
            failing_since=self._failing_since,
        )

    def step(self) -> float:
        """Deliver what waits, at most one batch; how many seconds to wait before the next step."""
        with closing(self._after(self._cursor)) as rows:
            seen = list(islice(rows, self._size))
        self.looked = True
        if not seen:
            self._waiting = 0
            self._keep()
            return self._report()
        wanted = [row for row in seen if self._passes(row)]
        if wanted:
            try:
                self._deliver(wanted)
            except DeliveryError as error:
                return self._failed(error, wanted)
            self._worked()
            self._delivered += len(wanted)
            self._waiting = max(0, self._waiting - len(wanted))
        self._cursor = seen[-1].commit
        self._keep()
        return 0.0

    def _after(self, commit: int) -> Generator[Committed, None, None]:
        yield from (Committed(*row) for row in self._source.findings(after=commit))

    def _pending(self) -> Iterator[Committed]:
        return (row for row in self._after(self._cursor) if self._passes(row))

    def _passes(self, row: Committed) -> bool:
        finding = row.finding  # what a drill found is nobody's alarm
        grave = SEVERITIES.index(finding.severity) >= self._least
        return self._tells_findings and grave and not finding.exercise

    def _report(self) -> float:
        """Tell of incidents that are new or worse; as `step`."""
        if self._reporting is None:
            return _POLL_S
        incidents = self._source.incidents()
        waiting = self._news.waiting(incidents)
        if not waiting:
            if self._news.forget(incidents):
                self._keep_news()
            return _POLL_S
        some = waiting[: max(1, min(_INCIDENTS, self._size))]
        try:
            self._guarded(partial(self._reporting.report, some))
        except DeliveryError as error:
            return self._unreported(error, some)
        self._worked()
        self._incidents += len(some)
        self._news.told(some)
        self._keep_news()
        return 0.0

    def _unreported(self, error: DeliveryError, some: Sequence[Reported]) -> float:
        """One that is refused again and again, alone, is passed over and named; it stays in the store."""
        wait = self._again_in(error, len(some))
        if error.refused and len(some) == 1 and self._failures_in_row >= _PATIENCE:
            says = f"{self._outlet.name} will not have incident {some[0].incident.id}; it stays in the store"
            self._tell("refused", says, 1)
            self._news.told(some)
            self._keep_news()
        return wait

    def _keep_news(self) -> None:
        self._keep_state(incidents_name(self._outlet.name), self._news.state())

    def _deliver(self, rows: Sequence[Committed]) -> None:
        self._guarded(lambda: self._outlet.deliver(rows))

    def _guarded(self, deliver: Callable[[], None]) -> None:
        try:
            deliver()
        except DeliveryError:
            raise
        except Exception as error:
            says = f"{self._outlet.name}: fails ({type(error).__name__}: {error}); please report it"
            raise DeliveryError(says, refused=True) from error

    def _worked(self) -> None:
        """The receiver took a batch: say so where it had failed, and ask more of it."""
        if self._failing_since is not None:
            waited = sum(1 for _ in self._pending())
            self._tell(
                "outlet-back", f"{self._outlet.name} takes findings again; {waited} had waited", waited
            )
        self._failing_since = None
        self._failures_in_row = 0
        self._size = min(_BATCH, 2 * self._size)

    def _failed(self, error: DeliveryError, rows: Sequence[Committed]) -> float:
        wait = self._again_in(error, len(rows))
        if (
            error.refused
            and self._size == 1
            and self._failures_in_row >= _PATIENCE
            and self._goes_around(rows[0])
        ):
            return 0.0
        return wait

    def _again_in(self, error: DeliveryError, count: int) -> float:
        """Note a failure with so many at once; seconds until they are tried again."""
        self._failures += 1
        self._failures_in_row += 1
        self._waiting = sum(1 for _ in self._pending())
        if self._failing_since is None:
            self._failing_since = self._chances.wall()
            says = f"{error}; findings wait in the store and are sent when it is back"
            self._tell("outlet-failing", says, count)
        self._size = max(1, count // 2)  # one that it will not have holds up as few others as possible
        longest: float = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(self._failures_in_row - 1, 16))
        return longest * (0.5 + self._chances.chance() / 2)

    def _goes_around(self, refused: Committed) -> bool:
        """Whether the receiver takes the finding behind: then it is this one that it will not have, and all hear of it.

        Where it refuses that one, too, it is the receiver that is at fault, and nothing is passed over.
        """
        behind = next((row for row in self._after(refused.commit) if self._passes(row)), None)
        if behind is None:
            return False
        try:
            self._deliver([behind])
        except DeliveryError:
            return False
        says = f"{self._outlet.name} will not have finding {refused.finding.id}; it stays in the store"
        self._tell("refused", says, 1)
        self._cursor = behind.commit
        self._worked()
        self._delivered += 1
        self._keep()
        return True

    def _keep(self) -> None:
        """Keep the cursor; where the disk refuses, go on: what was delivered since may then come twice."""
        if self._cursor == self._kept:
            return
        cursor = json.dumps({"commit": self._cursor}).encode()
        if self._keep_state(state_name(self._outlet.name), cursor):
            self._kept = self._cursor

    def _keep_state(self, name: str, state: bytes) -> bool:
        try:
            self._source.keep(name, state)
        except InterlockError as error:
            if not self._unkept_told:
                self._tell(
                    "outlet-failing", f"{self._outlet.name}: how far it came cannot be kept ({error})", 0
                )
            self._unkept_told = True
            return False
        self._unkept_told = False
        return True


def _read_cursor(state: bytes | None) -> int:
    """The commit up to which all was delivered; from the beginning where nothing is kept or it cannot be read."""
    try:
        commit = json.loads(state or b"{}").get("commit", 0)
    except (ValueError, AttributeError):
        return 0
    return commit if type(commit) is int and commit >= 0 else 0


class Pumps:
    """The threads of all outlets: each opens the store for itself, none waits for another."""

    def __init__(
        self,
        voices: Sequence[Voice],
        open_source: Callable[[], AbstractContextManager[Source]],
        chances: Chances,
        tell: Callable[[Event, str, int], None],
    ) -> None:
        """open_source: the store, for the thread that calls it. tell: safe from any thread."""
        self._open = open_source
        self._chances = chances
        self._tell = tell
        self._stopping = threading.Event()
        self._outlets = [voice.outlet for voice in voices]
        self._wakes = {outlet.name: threading.Event() for outlet in self._outlets}
        self._figures = {outlet.name: OutletFigures(name=outlet.name) for outlet in self._outlets}
        self._threads = [
            threading.Thread(target=self._run, args=(v,), name=f"outlet {v.outlet.name}", daemon=True)
            for v in voices
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """There are new findings: who waits for some looks now; who waits for a receiver goes on waiting."""
        for wake in self._wakes.values():
            wake.set()

    def reopen(self) -> None:
        """Files have moved."""
        for outlet in self._outlets:
            if isinstance(outlet, Reopened):
                outlet.reopen()

    def figures(self) -> tuple[OutletFigures, ...]:
        """How each one goes, as it last said."""
        return tuple(self._figures.values())

    def stop(self, patience_s: float) -> None:
        """Deliver what waits if that is possible at once, then end; whoever hangs longer than that is left behind."""
        self._stopping.set()
        self.nudge()
        for thread in self._threads:
            thread.join(patience_s / max(1, len(self._threads)))

    def _run(self, voice: Voice) -> None:
        """The thread's whole life. A store that cannot be read for a moment is just being made, and no trouble."""
        tries = 0
        while tries < _QUIET_TRIES or not self._stopping.is_set():
            pump: Pump | None = None
            try:
                with self._open() as source:
                    pump = Pump(voice, source, self._chances, self._tell)
                    self._follow(pump)
                break
            except InterlockError as error:
                tries = 1 if pump is not None and pump.looked else tries + 1
                if tries == _QUIET_TRIES:
                    self._tell("outlet-failing", f"{voice.outlet.name}: findings cannot be read ({error})", 0)
                self._rest(min(_LONGEST_WAIT_S, _STORE_WAIT_S * 2.0 ** min(tries, 16)))
        voice.outlet.close()

    def _rest(self, seconds: float) -> None:
        """Wait so long, or a little where the end has been asked for."""
        if self._stopping.is_set():
            time.sleep(_STORE_WAIT_S)
        else:
            self._stopping.wait(seconds)

    def _follow(self, pump: Pump) -> None:
        wake = self._wakes[pump.figures().name]
        while True:
            wake.clear()
            wait = pump.step()
            figures = pump.figures()
            self._figures[figures.name] = figures
            if wait <= 0:
                continue
            if self._stopping.is_set():
                return
            if figures.failing_since is None:
                wake.wait(wait)
            else:
                self._stopping.wait(wait)
