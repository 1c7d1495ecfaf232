"""One capture through the whole analysis, in this process and without files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.bootstrap import build_analysis, build_engine, read_site
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.pipeline.decode_run import decoded

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.bootstrap.detecting import Judgement
    from interlock.report.record import Report

__all__ = ["analyzed"]


def analyzed(capture: Path, site_file: Path, out: Path, judgement: Judgement | None = None) -> Report:
    """What `interlock analyze CAPTURE --site SITE_FILE` would report; tables below `out` are thrown away."""
    analysis, tables = build_analysis(read_site(str(site_file)), out, judgement)
    tables.open()
    with open_sources(specify((str(capture),), ())) as run:
        engine = build_engine(run.sources, wanted=analysis.wanted, read=analysis.read)
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            analysis.feed(batches, engine.dissector.now)
        report = analysis.report(run, version="", seconds=0.0, wall_now=0)
    tables.abandon()
    return report
