from __future__ import annotations

from typing import Any

from tests.detect.rows import START, findings

from interlock.detect.interface import Context
from interlock.detect.safety.safety_interlock import SafetyInterlock
from interlock.records.site_text import load_site

SITE = """
[[tags]]
name = "pressure"
server = "10.0.0.2"
object = "input:0"
unit = "bar"
[[tags]]
name = "burner"
server = "10.0.0.3"
object = "coil:0"
[[interlocks]]
name = "fuel off"
when = "pressure > 10"
then = "burner == off"
harm = "the drum bursts"
"""


def titles(*rows: dict[str, Any], site: str = SITE) -> list[str]:
    context = Context(site=load_site(site), now=START)
    return [f.title for f in findings(SafetyInterlock(), context, values=sorted(rows, key=lambda r: r["at"]))]


def pressure(value: float, at: float) -> dict[str, Any]:
    return {"object": "input:0", "number": [value], "at": at}


def burner(value: float, at: float) -> dict[str, Any]:
    return {"object": "coil:0", "server": "10.0.0.3", "number": [value], "at": at}


def told(until: int, off_at: float = 1e9) -> list[dict[str, Any]]:
    return [burner(float(t + 0.5 < off_at), t + 0.5) for t in range(until)]


BROKEN = ["fuel off no longer holds: pressure > 10 implies burner == off"]


def test_it_did_not_act() -> None:
    assert titles(*(pressure(11, t) for t in range(20)), *told(20)) == BROKEN


def test_it_acted_in_time() -> None:
    assert titles(*(pressure(11 if t > 5 else 8, t) for t in range(20)), *told(20, off_at=7.4)) == []
    assert titles(*(pressure(11 if t > 5 else 8, t) for t in range(30)), *told(30, off_at=16)) == BROKEN


def test_what_was_not_seen_is_not_false() -> None:
    assert titles(*(pressure(11, t) for t in range(20))) == []
    assert titles(*told(20)) == []


def test_a_tag_told_seldom_is_waited_for() -> None:
    slow = [burner(float(t < 30), t) for t in range(0, 60, 15)]
    assert titles(*(pressure(11 if t > 16 else 8, t) for t in range(60)), *slow) == []


def test_what_is_no_longer_told_is_not_known() -> None:
    gone = [burner(1, t + 0.5) for t in range(10)]
    assert titles(*(pressure(11 if t > 60 else 8, t) for t in range(90)), *gone) == []


def test_a_relation_always_has_to_hold() -> None:
    site = (
        SITE.split("[[interlocks]]", maxsplit=1)[0]
        + '[[relations]]\nname = "both"\nholds = "pressure < 5 or burner == on"\n'
    )
    assert titles(
        *(pressure(8, t) for t in range(9)), *(burner(0, t + 0.5) for t in range(9)), site=site
    ) == ["both no longer holds: pressure < 5 or burner == on"]
    assert (
        titles(*(pressure(4, t) for t in range(9)), *(burner(0, t + 0.5) for t in range(9)), site=site) == []
    )


def test_each_break_counts_once() -> None:
    context = Context(site=load_site(SITE), now=START)
    rows = [*(pressure(11 if t // 10 % 2 else 8, t) for t in range(40)), *told(40)]
    (finding,) = findings(SafetyInterlock(), context, values=sorted(rows, key=lambda r: r["at"]))
    assert finding.count == 2
    assert finding.machines == ("10.0.0.3", "10.0.0.2")
    assert "the drum bursts" in finding.explanation
