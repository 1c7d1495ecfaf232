from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.detect.rows import START, findings

from interlock.detect.interface import Context
from interlock.detect.safety.safety_write import SafetyWrite
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from interlock.records.finding import Finding

SITE = """
[[engineering_stations]]
address = "10.0.0.9"
[[tags]]
name = "drum.pressure"
server = "10.0.0.2"
object = "input:0"
unit = "bar"
low = 0
high = 10
[[tags]]
name = "setpoint"
server = "10.0.0.2"
object = "holding:0"
unit = "bar"
high = 12
drives = "drum.pressure"
[[tags]]
name = "speed"
server = "10.0.0.2"
object = "holding:1"
low = 0
high = 100
step = 20
[[tags]]
name = "valve"
server = "10.0.0.2"
object = "coil:0"
low = 0
high = 1
"""


def found(rows: list[dict[str, Any]], site: str = SITE) -> dict[str, Finding]:
    """Findings by what they say."""
    context = Context(site=load_site(site), now=START)
    return {f.id: f for f in findings(SafetyWrite(), context, values=rows)}


def titles(rows: list[dict[str, Any]], site: str = SITE) -> list[str]:
    return [f.title for f in found(rows, site).values()]


def write(thing: str, value: float, at: float, client: str = "10.0.0.9") -> dict[str, Any]:
    return {"object": thing, "direction": "written", "number": [value], "at": at, "client": client}


def test_a_set_point_is_judged_by_what_it_drives() -> None:
    (finding,) = found([{"number": [7.0], "at": 0}, write("holding:0", 11.0, 1)]).values()
    assert finding.severity == "critical"
    assert finding.kind == "alert"
    assert finding.title == "10.0.0.9 commands setpoint to 11 bar, above its safe limit of 10 bar"
    assert "drives drum.pressure" in finding.explanation
    assert "T0836" in finding.techniques
    trend = json.loads(dict(finding.data)["trend"])
    assert trend["points"] == [[0.0, 7.0], [1.0, 11.0]]
    assert (trend["low"], trend["high"], trend["unit"]) == (0, 10, "bar")


@pytest.mark.parametrize("value", [0.5, 9.5, 5.0])
def test_silent_within_limits(value: float) -> None:
    assert titles([{"number": [value - 0.4], "at": 0}, write("holding:0", value, 1)]) == []


def test_no_room_to_the_limit() -> None:
    assert titles([write("holding:0", 9.8, 1)]) == [
        "10.0.0.9 sets setpoint to 9.8 bar, which leaves no room to the safe limit of 10 bar"
    ]


def test_reads_are_not_judged() -> None:
    assert titles([{"number": [11.0, 500.0], "at": n} for n in range(20)]) == []


def test_one_large_step_from_what_was_read() -> None:
    rows = [{"object": "holding:1", "number": [40.0], "at": 0}, write("holding:1", 75.0, 2)]
    assert titles(rows) == ["10.0.0.9 commands speed from 40 to 75 in one step"]
    assert titles([rows[0], write("holding:1", 59.0, 2)]) == []


def test_a_rate_holds_for_the_time_since_the_last_write() -> None:
    site = SITE.replace("step = 20", "rate_per_s = 1")
    slow = [write("holding:1", 40.0, 0), write("holding:1", 70.0, 40)]
    assert titles(slow, site) == []
    assert titles([write("holding:1", 40.0, 0), write("holding:1", 70.0, 20)], site)


def test_switching_to_and_fro() -> None:
    often = [write("coil:0", float(n & 1), 4.0 * n) for n in range(12)]
    (finding,) = found(often).values()
    assert finding.title == "10.0.0.9 switches valve to and fro"
    assert "T0806" in finding.techniques
    assert titles([write("coil:0", float(n & 1), 15.0 * n) for n in range(40)]) == []


def test_the_one_who_always_wrote_is_not_to_blame() -> None:
    ours = [write("holding:1", 40.0 + n % 2, n, "10.0.0.1") for n in range(60)]
    theirs = [write("holding:1", 55.0, 30.5 + n, "10.0.0.66") for n in range(20)]
    rows = sorted([*ours, *theirs], key=lambda row: row["at"])
    assert titles(rows) == ["10.0.0.66 commands speed against another station"]


def test_a_second_master_that_wants_the_same_is_silent() -> None:
    rows = [write("holding:1", 40.0, n, f"10.0.0.{1 + n % 2}") for n in range(60)]
    assert titles(rows) == []


def test_many_small_steps_one_way() -> None:
    creep = [write("holding:0", 5.0 + 0.15 * n, 30.0 * n) for n in range(12)]
    (finding,) = found(creep).values()
    assert finding.severity == "medium"
    assert "little by little" in finding.title
    up_and_down = [write("holding:0", 5.0 + 0.15 * (n % 3), 30.0 * n) for n in range(40)]
    assert titles(up_and_down) == []


def test_an_arrow_key_is_one_step() -> None:
    assert titles([write("holding:0", 5.0 + 0.1 * n, 0.5 * n) for n in range(15)]) == []


def test_creeping_to_the_edge_is_grave() -> None:
    (finding,) = found([write("holding:0", 7.0 + 0.2 * n, 30.0 * n) for n in range(12)]).values()
    assert finding.severity == "high"


def test_no_tags_nothing_to_say() -> None:
    assert titles([write("holding:0", 99.0, 1)], "") == []
