"""A sensor's incidents: joined as findings are committed, kept in its store, written for people once a second."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.detect.incidents.threads import Incidents
from interlock.errors import OutputError, SourceError
from interlock.report.atomic import write_atomic
from interlock.report.documents import dump, incidents_document
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from interlock.detect.interface import Context
    from interlock.records.finding import Finding
    from interlock.store.port import Store

__all__ = ["FILE", "IncidentBook"]

FILE: Final = "incidents.json"
_STATE: Final = "incidents"


class IncidentBook:
    """folder: the store's, where the file lies beside the figures."""

    def __init__(self, store: Store, folder: Path, now: int) -> None:
        """now: of the wall, UTC ns; for the diary where what was kept cannot be read."""
        self._store, self._path = store, folder / FILE
        self._incidents = Incidents()
        self._news = False
        state = store.kept(_STATE)
        try:
            if state is not None:
                self._incidents.load(state)
        except SourceError as error:
            store.note(Entry(time=now, event="state-lost", says=f"incidents begin anew: {error}"))

    def feed(self, findings: Sequence[Finding], context: Context) -> None:
        """Findings as they were committed."""
        self._news = bool(self._incidents.feed(findings, context)) or self._news

    def write(self, context: Context) -> None:
        """Where anything is new. A disk that refuses leaves what was there; the next second tries again."""
        if not self._news:
            return
        with suppress(OutputError):
            self._store.keep(_STATE, self._incidents.dump())
            write_atomic(self._path, dump(incidents_document(self._incidents.all(context))), mode=0o600)
            self._news = False
