"""A sensor's incidents: joined as findings are committed, kept in its store, written for people once a second."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.detect.incidents.threads import Incidents
from interlock.errors import OutputError, SourceError
from interlock.pipeline.sensor.incident_file import incidents_octets
from interlock.records.figures import IncidentFigures
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.detect.interface import Context
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident
    from interlock.store.port import Store

__all__ = ["STATE", "IncidentBook"]

STATE: Final = "incidents"
"""Name of what is kept in the store."""
GROWTH_NS: Final = 5_000_000_000
"""More of the same is written so often; what is new or has got worse, at once."""


class IncidentBook:
    """put(state, file): to be brought to disk, what the store keeps and what the file for people holds."""

    def __init__(self, store: Store, put: Callable[[bytes, bytes], None], now: int) -> None:
        """now: of the wall, UTC ns; for the diary where what was kept cannot be read."""
        self._store, self._put = store, put
        self._incidents = Incidents()
        self._news = self._urgent = False
        self._written = 0
        self._commit = 0
        self._seen: dict[str, tuple[int, str, int]] = {}
        self.figures: tuple[IncidentFigures, ...] = ()
        """How many there are, as of the last writing."""
        self._recall(now)

    def _recall(self, now: int) -> None:
        kept = self._store.kept(STATE)
        if kept is None:
            return
        head, _, state = kept.partition(b"\n")
        try:
            commit = int(head)
            self._incidents.load(state)
            self._commit = commit
        except (SourceError, ValueError) as error:
            says = f"incidents are put together anew from all findings: {error}"
            self._store.note(Entry(time=now, event="state-lost", says=says))

    def catch_up(self, context: Context) -> None:
        """Findings that were committed after this was kept, by a judge that died: none is missing in its incident."""
        late = list(self._store.findings(after=self._commit))
        self.feed([finding for _, finding in late], context)
        self._news = self._urgent = True  # also where a figure has to be told

    def feed(self, findings: Sequence[Finding], context: Context) -> None:
        """Findings as they were committed."""
        for one in self._incidents.feed(findings, context):
            said = (one.rank, one.severity, len(one.findings) + one.left_out)
            self._urgent |= self._seen.get(one.id) != said
            self._seen[one.id] = said
            self._news = True

    def write(self, context: Context, now: int, *, last: bool = False) -> bool:
        """Where anything is new and due; whether it was written. A disk that refuses leaves what was there."""
        due = self._urgent or last or not 0 <= now - self._written < GROWTH_NS
        if not self._news or not due:
            return False
        with suppress(OutputError):
            for commit, _ in self._store.findings(after=self._commit):
                self._commit = commit
            every = self._incidents.all(context)
            self._put(b"%d\n" % self._commit + self._incidents.dump(), incidents_octets(every))
            self._seen = {one.id: self._seen.get(one.id, (0, "", 0)) for one in every}
            self.figures = _counted(every)
            self._news = self._urgent = False
            self._written = now
            return True
        return False


def _counted(incidents: Sequence[Incident]) -> tuple[IncidentFigures, ...]:
    counts = Counter((one.severity, one.consequence) for one in incidents)
    return tuple(
        IncidentFigures(severity=severity, consequence=consequence, count=count)
        for (severity, consequence), count in counts.items()
    )
