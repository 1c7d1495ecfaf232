"""Everything that a finished run leaves for people and neighbours, the Parquet tables excepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.report.atomic import write_atomic
from interlock.report.json_files import write_json_files

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.report.record import Report

__all__ = ["write_report"]


def write_report(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write `assets.json`, `findings.json`, `incidents.json`, `summary.json` and `report.html`; returns their paths.

    Raises OutputError with one sentence (a full disk, a missing permission).
    """
    from interlock.report.html.page import render_page  # noqa: PLC0415 - jinja2 loads only where a page is made

    paths = write_json_files(report, folder)
    page = folder / "report.html"
    write_atomic(page, render_page(report))
    return (*paths, page)
