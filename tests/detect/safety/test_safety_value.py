from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from tests.detect.rows import START, findings

from interlock.detect.interface import Context
from interlock.detect.safety.safety_value import SafetyValue
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from interlock.records.finding import Finding

SITE = """
[[tags]]
name = "pressure"
server = "10.0.0.2"
object = "input:0"
unit = "bar"
low = 1
high = 10
[[tags]]
name = "level"
server = "10.0.0.2"
object = "input:1"
[[tags]]
name = "setpoint"
server = "10.0.0.2"
object = "holding:0"
unit = "bar"
drives = "pressure"
"""


def found(rows: list[dict[str, Any]], site: str = SITE) -> list[Finding]:
    context = Context(site=load_site(site), now=START)
    return list(findings(SafetyValue(), context, values=rows))


def titles(rows: list[dict[str, Any]], site: str = SITE) -> list[str]:
    return [f.title for f in found(rows, site)]


def read(*values: float, at: float, **more: Any) -> dict[str, Any]:
    return {"object": "input:0", "number": list(values), "at": at, **more}


def noisy(n: int) -> float:
    """A measurement that trembles, never twice the same in a row."""
    return 5.0 + 0.1 * math.sin(n * 1.7) + 0.001 * (n % 7)


def ordinary(until: int) -> list[dict[str, Any]]:
    return [read(noisy(n), noisy(n + 3), at=n) for n in range(until)]


def test_an_excursion_is_one_finding_with_its_trend() -> None:
    swing = [read(9.0 + 1.5 * math.sin(n / 10), at=n) for n in range(32)]
    (finding,) = found(swing)
    assert finding.title.startswith("pressure is 10.")
    assert finding.title.endswith("above its safe limit of 10 bar")
    assert (finding.kind, finding.severity, finding.count) == ("change", "medium", 1)
    assert "disturbance" in finding.explanation
    trend = json.loads(dict(finding.data)["trend"])
    assert len(trend["points"]) >= 8
    assert trend["points"][-1][1] > 10 > trend["points"][0][1]


def test_trembling_around_the_limit_is_one_excursion_and_coming_back_two() -> None:
    tremble = [read(10.0 + 0.05 * (-1) ** (n // 2), at=n) for n in range(60)]
    assert [f.count for f in found(tremble)] == [1]
    twice = [read(11.0 if n // 10 % 2 else 8.0, at=n) for n in range(40)]
    assert [f.count for f in found(twice)] == [2]


def test_one_reading_beyond_is_none() -> None:
    assert titles([read(99.0 if n == 7 else 5.0, at=n) for n in range(20)]) == []


def test_what_the_device_doubts_is_no_measurement() -> None:
    assert titles([read(99.0, at=n, quality="invalid") for n in range(20)]) == []


def test_a_write_before_it_is_told_beside() -> None:
    push = {"object": "holding:0", "direction": "written", "number": [12.0], "at": 3.5}
    (finding,) = found([*(read(5.0 + n, at=n) for n in range(4)), push, read(11.0, at=5), read(12.0, at=6)])
    assert (finding.kind, finding.severity) == ("alert", "high")
    assert "10.0.0.9 wrote setpoint as 12 bar" in finding.explanation


def test_an_ordinary_day_is_silent() -> None:
    assert titles(ordinary(2_000)) == []


def test_a_leap_that_nothing_physical_can_make() -> None:
    site = SITE.replace("low = 1", "rate_per_s = 0.5\nlow = 1")
    leap = [read(5.0 if n < 20 else 8.0, at=n) for n in range(40)]
    assert titles(leap, site) == ["pressure leaps from 5 bar to 8 bar, faster than the process can"]
    assert titles([read(5.0 + 0.4 * n, at=n) for n in range(8)], site) == []


def test_a_calibration_under_an_order_is_silent() -> None:
    order = (
        '[[work_orders]]\nid = "WO"\nstart = 2026-03-02T06:00:00Z\nend = 2026-03-02T07:00:00Z\n'
        'machines = ["10.0.0.2"]\nobjects = ["input:0"]\n'
    )
    steps = [read((0.0, 5.0, 20.0)[n // 20], at=n) for n in range(60)]
    assert len(titles(steps)) == 2
    assert titles(steps, SITE + order) == []


def test_two_tellers() -> None:
    false = [read(5.9, 5.0, at=300 + n + 0.2) for n in range(10)]
    rows = sorted([*ordinary(320), *false], key=lambda row: row["at"])
    assert "Two tell different values of pressure" in titles(rows)


def test_a_second_client_that_reads_the_same_is_no_teller() -> None:
    second = [read(noisy(n) + 0.01, noisy(n + 3), at=n + 0.3, client="10.0.0.7") for n in range(250, 400)]
    assert titles(sorted([*ordinary(400), *second], key=lambda row: row["at"])) == []


def test_what_always_trembles_stands_still() -> None:
    held = [read(5.02, noisy(n), at=n) for n in range(300, 420)]
    (finding,) = found([*ordinary(300), *held])
    assert finding.title == "pressure stands still at 5.02 bar, which it never does"


def test_at_rest_or_at_its_end_it_may_stand_still() -> None:
    assert (
        titles(
            [*ordinary(300), *(read(0.0, 0.0, at=n) for n in range(300, 420))], SITE.replace("low = 1", "")
        )
        == []
    )
    assert titles([*ordinary(300), *(read(5.5, noisy(n), at=n) for n in range(300, 420))]) == []


def test_no_longer_told_while_the_rest_is() -> None:
    rest = [{"object": "input:1", "number": [noisy(n)], "at": n} for n in range(300, 420)]
    (finding,) = found([*ordinary(300), *rest])
    assert finding.title == "pressure is no longer told"
    assert (finding.kind, finding.severity) == ("change", "low")


def test_a_panel_that_was_restarted_made_nothing_stale() -> None:
    again = [{"object": f"input:{n % 2}", "number": [noisy(n)], "at": 600 + n} for n in range(60)]
    assert titles([*ordinary(300), *again]) == []
    assert titles(ordinary(300)) == []
