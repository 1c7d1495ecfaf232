"""The JSON files of an output folder: `assets.json`, `findings.json`, `incidents.json`, `summary.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.report.atomic import make_folder, write_atomic
from interlock.report.documents import (
    assets_text,
    dump,
    findings_document,
    incidents_document,
    summary_document,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interlock.report.record import Report

__all__ = ["write_json_files"]

_TEXTS: Final[dict[str, Callable[[Report], str]]] = {
    "assets": assets_text,
    "findings": lambda report: dump(findings_document(report)),
    "incidents": lambda report: dump(incidents_document(report.incidents)),
    "summary": lambda report: dump(summary_document(report)),
}


def write_json_files(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the four files into `folder`, making it where needed; returns their paths.

    Raises OutputError with one sentence; each file is there whole or as it was before.
    """
    make_folder(folder)
    paths = []
    for name, text in _TEXTS.items():
        path = folder / f"{name}.json"
        write_atomic(path, text(report))
        paths.append(path)
    return tuple(paths)
