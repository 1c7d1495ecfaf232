from __future__ import annotations

from dataclasses import replace

from interlock.report.headline import headline, subheadline
from interlock.report.record import Report, Run


def _only(report, roles):
    return replace(report, assets=tuple(a for a in report.assets if a.role in roles), findings=())


def test_counts_are_words(plant_report) -> None:
    assert (
        headline(plant_report) == "41 machines were seen, 7 of them controllers. "
        "12 findings are open: 2 critical, 4 high, 4 medium, 2 low."
    )
    assert headline(_only(plant_report, {"rtu"})) == "1 machine was seen, a controller. No finding is open."
    assert (
        headline(_only(plant_report, {"printer"})) == "1 machine was seen, no controller. No finding is open."
    )
    assert headline(Report(run=Run(version="0", sources=()))) == "No machine was seen. No finding is open."


def test_when_and_how_much(plant_report) -> None:
    assert (
        subheadline(plant_report)
        == "2024-05-01 06:00:00 UTC, 4 h 12 min long, 1,284,220 frames, 181 MB, from 1 capture."
    )
    assert subheadline(Report(run=Run(version="0", sources=()))) == "0 frames, 0 B, from 0 captures."
