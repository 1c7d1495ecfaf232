"""The sensor's figures as JSON, and the small file through which other processes read them.

The file is replaced once a second and never half written; it is not forced to disk, since after a power failure
nobody asks how fast the sensor was.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import OutputError, SourceError
from interlock.records.figures import (
    BudgetFigures,
    BufferFigures,
    Figures,
    IncidentFigures,
    InterfaceFigures,
    OutletFigures,
    ProcessFigures,
)
from interlock.records.histogram import Histogram
from interlock.report.quantities import iso_time, parse_time
from interlock.report.schema import SchemaError, check

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "FIGURES_FILE",
    "BudgetFigures",
    "BufferFigures",
    "Figures",
    "Histogram",
    "InterfaceFigures",
    "OutletFigures",
    "ProcessFigures",
    "figures_document",
    "figures_octets",
    "place_figures",
    "read_figures",
    "read_figures_file",
    "write_figures_file",
]

FIGURES_FILE: Final = "figures.json"
"""Its name in the store's folder."""

_MAX_OCTETS: Final = 4 << 20
_TIMES: Final = frozenset({"time", "started", "capture_time", "since", "failing_since"})
_ROWS: Final[dict[str, type]] = {
    "processes": ProcessFigures,
    "budgets": BudgetFigures,
    "buffers": BufferFigures,
    "interfaces": InterfaceFigures,
    "outlets": OutletFigures,
    "incidents": IncidentFigures,
}


def figures_document(figures: Figures) -> dict[str, Any]:
    """`interlock/figures/1`: fields in declared order, times as ISO 8601 UTC, what is unknown absent."""
    return {"schema": "interlock/figures/1", **_plain(figures)}


def _plain(record: Any) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if value is None:
            continue
        if field.name in _TIMES:
            document[field.name] = iso_time(value)
        elif isinstance(value, Histogram):
            document[field.name] = value.document()
        elif isinstance(value, tuple):
            document[field.name] = [_plain(row) if is_dataclass(row) else row for row in value]
        else:
            document[field.name] = value
    return document


def read_figures(document: object) -> Figures:
    """The inverse of `figures_document`. Raises SchemaError where the document is no such thing."""
    check(document, "figures")
    assert isinstance(document, dict)
    try:
        return Figures(**{key: _value(key, value) for key, value in document.items() if key != "schema"})
    except (TypeError, ValueError, KeyError) as error:
        raise SchemaError(f"/: {error}") from error


def _value(key: str, value: Any) -> Any:
    if key in _TIMES:
        return parse_time(value)
    if key in _ROWS:
        kind = _ROWS[key]
        return tuple(kind(**{name: _value(name, item) for name, item in row.items()}) for row in value)
    return Histogram.read(value) if key.endswith("_latency") else value


def write_figures_file(folder: Path, figures: Figures) -> None:
    """Replace the file in the store's folder. Raises OutputError with one sentence."""
    place_figures(folder, figures_octets(figures))


def figures_octets(figures: Figures) -> bytes:
    """What the file holds."""
    return json.dumps(figures_document(figures), separators=(",", ":")).encode() + b"\n"


def place_figures(folder: Path, octets: bytes) -> None:
    """As `write_figures_file`, of `figures_octets`."""
    path = folder / FIGURES_FILE
    partial = folder / f".{FIGURES_FILE}.part"
    try:
        partial.write_bytes(octets)
        partial.replace(path)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise OutputError(
            f"{path}: cannot be written ({reason}); free space or name another place"
        ) from error


def read_figures_file(folder: Path) -> Figures | None:
    """What the sensor last said, None where it never did. Raises SourceError where the file is not readable."""
    path = folder / FIGURES_FILE
    try:
        with path.open("rb") as file:
            octets = file.read(_MAX_OCTETS + 1)
        if len(octets) > _MAX_OCTETS:
            raise SourceError(f"{path}: is larger than any file of figures; name the sensor's own store")
        return read_figures(json.loads(octets))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: is no file of figures ({error})") from error
