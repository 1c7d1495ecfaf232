"""The one sentence that says what is here, the same in every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.records.counting import counted
from interlock.report.order import count_by_severity, open_findings
from interlock.report.quantities import clock_text, duration_text, octets_text
from interlock.report.words import CONTROLLER_ROLES

if TYPE_CHECKING:
    from interlock.report.record import Report

__all__ = ["headline", "subheadline"]


def headline(report: Report) -> str:
    """Return `41 machines were seen, 9 of them controllers. 14 findings are open: 2 critical …`."""
    total = len(report.assets)
    controllers = sum(asset.role in CONTROLLER_ROLES for asset in report.assets)
    were = "was" if total == 1 else "were"
    seen = f"{counted(total, 'machine')} {were} seen, {_controllers(controllers, total)}."
    findings = open_findings(report.findings)
    if not findings:
        return f"{seen if total else 'No machine was seen.'} No finding is open."
    grave = {s: n for s, n in count_by_severity(findings).items() if n}
    listed = ", ".join(f"{count:,} {severity}" for severity, count in grave.items())
    return (
        f"{seen} {counted(len(findings), 'finding')} {'is' if len(findings) == 1 else 'are'} open: {listed}."
    )


def _controllers(controllers: int, total: int) -> str:
    if not controllers:
        return "no controller" if total == 1 else "no controller among them"
    if total == 1:
        return "a controller"
    return "one of them a controller" if controllers == 1 else f"{controllers:,} of them controllers"


def subheadline(report: Report) -> str:
    """From when to when, how many frames and octets, from how many captures."""
    run = report.run
    parts = [
        counted(run.frames, "frame"),
        octets_text(run.octets),
        f"from {counted(len(run.sources), 'capture')}",
    ]
    if run.first is not None and run.last is not None:
        parts.insert(0, f"{clock_text(run.first)}, {duration_text(run.last - run.first)} long")
    return ", ".join(parts) + "."
