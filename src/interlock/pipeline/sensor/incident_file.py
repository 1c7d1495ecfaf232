"""The file of incidents in a store's folder: the judge writes it, whoever tells people of incidents reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import SourceError
from interlock.records.incident import Incident, Step
from interlock.report.atomic import write_atomic
from interlock.report.documents import dump_row, dump_rows, incident_document, incidents_document
from interlock.report.quantities import parse_time
from interlock.report.schema import check

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["FILE", "IncidentFile", "incident_of", "incident_row", "incidents_octets", "place_incidents"]

FILE: Final = "incidents.json"


def incident_row(incident: Incident) -> str:
    """An incident as the file holds it."""
    return dump_row(incident_document(incident))


def incidents_octets(rows: Iterable[str]) -> bytes:
    """What the file holds. rows: of `incident_row`, gravest first."""
    return dump_rows(incidents_document(()), "incidents", rows).encode()


def place_incidents(folder: Path, octets: bytes) -> None:
    """Replace the file; only its owner may read it. Raises OutputError."""
    write_atomic(folder / FILE, octets, mode=0o600)


class IncidentFile:
    """Reads it, and reads it again only where it has been replaced."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._seen: tuple[int, int, int] | None = None
        self._document: dict[str, Any] = {"schema": "interlock/incidents/1", "incidents": []}
        self._incidents: tuple[Incident, ...] = ()

    def document(self) -> dict[str, Any]:
        """`interlock/incidents/1`; without any where none was written. Raises SourceError where it cannot be read."""
        try:
            said = self._path.stat()
            seen = (said.st_mtime_ns, said.st_ino, said.st_size)
            if seen != self._seen:
                self._document = json.loads(self._path.read_text("utf-8"))
                check(self._document, "incidents")
                self._incidents = tuple(map(incident_of, self._document["incidents"]))
                self._seen = seen
        except FileNotFoundError:
            pass
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SourceError(f"{self._path}: cannot be read ({reason})") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            says = "is not what a sensor writes; it is written anew with the next incident"
            raise SourceError(f"{self._path}: {says}") from error
        return self._document

    def incidents(self) -> tuple[Incident, ...]:
        """All of them, gravest first. Raises SourceError where the file cannot be read."""
        self.document()
        return self._incidents


def incident_of(document: dict[str, Any]) -> Incident:
    """The inverse of `incident_document`. Raises ValueError, TypeError or KeyError where it is none."""
    said = _frozen(document)
    steps = tuple(Step(**_frozen(step)) for step in document["steps"])
    return Incident(**{**said, "steps": steps})


def _frozen(document: dict[str, Any]) -> dict[str, Any]:
    """Times as numbers, lists as tuples; a time that is absent was not known."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
    return values | {key: parse_time(document[key]) if key in document else 0 for key in ("time", "last")}
