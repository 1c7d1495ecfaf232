"""A sensor's incidents: joined as findings are committed, kept in its store, written for people once a second."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from interlock.detect.incidents.threads import Incidents, gravest_first, state_of
from interlock.errors import OutputError, SourceError
from interlock.pipeline.sensor.incident_file import incident_row, incidents_octets
from interlock.records.figures import IncidentFigures
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interlock.detect.interface import Context
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident
    from interlock.store.port import Store

_Pieces = list[tuple["Incident", str, str]]
"""An incident, its row in the file for people, and its part of what the store keeps."""

__all__ = ["STATE", "IncidentBook"]

STATE: Final = "incidents"
"""Name of what is kept in the store."""
_ATTEMPTS: Final = 2
"""Times that writing is begun anew because incidents became one; then it is done at once."""
GROWTH_NS: Final = 5_000_000_000
"""More of the same is written so often; what is new or has got worse, at once."""


class IncidentBook:
    """put(state, file): to be brought to disk, what the store keeps and what the file for people holds."""

    def __init__(self, store: Store, put: Callable[[bytes, bytes], None], now: int) -> None:
        """now: of the wall, UTC ns; for the diary where what was kept cannot be read."""
        self._store, self._put = store, put
        self._incidents = Incidents()
        self._news = self._urgent = self._at_it = False
        self._written = self._commit = self._turn = 0
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
            self._commit = min(commit, self._store.newest)  # a power cut may have taken the last ones back
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
        for news in self._incidents.take(findings, context).values():
            self._urgent |= news == "new"
            self._news = True

    def is_due(self, now: int) -> bool:
        """Whether anything is new, and to be written by now."""
        due = self._urgent or not 0 <= now - self._written < GROWTH_NS
        return self._news and due and not self._at_it

    def write(self, context: Context, now: int, *, last: bool = False) -> bool:
        """Where anything is new and due, or last; whether it was written. A disk that refuses leaves what was there."""
        if not self.is_due(now) and not (last and (self._news or self._at_it)):
            return False
        for _ in self.writing(context, now):
            pass
        return not self._news

    def writing(self, context: Context, now: int) -> Iterator[None]:
        """Write, an incident at a time, for whoever has other things to do between; the last one to begin wins."""
        self._news, self._urgent, self._at_it = False, False, True
        self._turn = turn = self._turn + 1
        try:
            commit = self._store.newest
            pieces: _Pieces = []
            for so_far in self._attempts(context):
                yield
                if turn != self._turn:
                    return
                pieces = so_far
            told = [(one, row, state) for one, row, state in pieces if one.id in self._incidents]
            rows = {one.id: row for one, row, _ in told}
            every = gravest_first(one for one, _, _ in told)
            state = state_of((state for _, _, state in told), self._incidents.forgotten)
            self._put(b"%d\n" % commit + state, incidents_octets(rows[one.id] for one in every))
            self._commit, self._written, self.figures = commit, now, _counted(every)
        except OutputError:
            self._news = self._urgent = True
        self._at_it = False

    def _attempts(self, context: Context) -> Iterator[_Pieces]:
        """What is to be written of every incident, the more of them the later it is given; the last time, all.

        Where two became one meanwhile, one of them may be told without the other: all are told anew, at last at once.
        """
        for attempt in range(_ATTEMPTS + 1):
            pieces: _Pieces = []
            joined = self._incidents.joined
            for one, state in self._incidents.by_turns(context):
                pieces.append((one, incident_row(one), state))
                if attempt < _ATTEMPTS:
                    yield pieces
            if joined == self._incidents.joined:
                break
        yield pieces


def _counted(incidents: Sequence[Incident]) -> tuple[IncidentFigures, ...]:
    counts = Counter((one.severity, one.consequence) for one in incidents)
    return tuple(
        IncidentFigures(severity=severity, consequence=consequence, count=count)
        for (severity, consequence), count in counts.items()
    )
