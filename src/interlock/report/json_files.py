"""The JSON files of an output folder: `assets.json`, `findings.json`, `incidents.json`, `summary.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.report.atomic import make_folder, write_atomic
from interlock.report.documents import (
    assets_document,
    dump,
    findings_document,
    incidents_document,
    summary_document,
)

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.report.record import Report

__all__ = ["write_json_files"]

_DOCUMENTS = {
    "assets": assets_document,
    "findings": findings_document,
    "incidents": lambda report: incidents_document(report.incidents),
    "summary": summary_document,
}


def write_json_files(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the four files into `folder`, making it where needed; returns their paths.

    Raises OutputError with one sentence; each file is there whole or as it was before.
    """
    make_folder(folder)
    paths = []
    for name, document in _DOCUMENTS.items():
        path = folder / f"{name}.json"
        write_atomic(path, dump(document(report)))
        paths.append(path)
    return tuple(paths)
