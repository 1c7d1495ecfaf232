"""Writes that a safety system, or the machine that holds a tag, refused: somebody tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.detect.rows import START, findings

from interlock.detect.interface import Context
from interlock.detect.safety.safety_refused import SafetyRefused
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from interlock.records.finding import Finding

SITE = """
[[tags]]
name = "drum.pressure"
server = "10.0.0.2"
object = "holding:4"
[[safety_systems]]
address = "10.0.0.7"
[[work_orders]]
id = "WO-1"
machines = ["10.0.0.2"]
stations = ["10.0.0.30"]
start = 2026-03-02T05:00:00Z
end = 2026-03-02T08:00:00Z
"""


def found(*rows: dict[str, Any]) -> tuple[Finding, ...]:
    base = {
        "verb": "write",
        "outcome": "refused",
        "code": 2,
        "count": 1,
        "object": "holding:4",
        "client": "10.0.0.66",
    }
    context = Context(site=load_site(SITE), now=START)
    return findings(
        SafetyRefused(), context, operations=[{**base, "operation": k, **row} for k, row in enumerate(rows)]
    )


def test_a_tag_that_is_tried_is_told() -> None:
    (finding,) = found({}, {"object": "holding:0", "count": 10})
    assert finding.title == "10.0.0.2 refuses what 10.0.0.66 wants to write to drum.pressure"
    assert (finding.severity, finding.count) == ("medium", 2)
    assert "codes 2" in finding.explanation


def test_a_safety_system_is_graver_whatever_is_tried() -> None:
    (finding,) = found({"server": "10.0.0.7", "object": "coil:99"})
    assert finding.title == "The safety system 10.0.0.7 refuses what 10.0.0.66 wants to write"
    assert finding.severity == "high"


def test_one_success_after_many_refusals_hides_nothing() -> None:
    (finding,) = found({}, {}, {}, {"outcome": "ok"})
    assert finding.count == 3


@pytest.mark.parametrize(
    "rows",
    [
        [{"outcome": "ok"}],
        [{"outcome": "no-answer"}],
        [{"outcome": "pending"}],
        [{"verb": "read"}],
        [{"object": "holding:5"}],
        [{"object": "holding:0", "count": 4}],
        [{"server": "10.0.0.3"}],
        [{"outcome": "ok"}, {"outcome": "ok"}, {}],
        [{"client": "10.0.0.30"}],
    ],
)
def test_silent(rows: list[dict[str, Any]]) -> None:
    assert found(*rows) == ()
