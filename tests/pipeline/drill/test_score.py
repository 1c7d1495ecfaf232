"""Found or missed, when, and by which name."""

from __future__ import annotations

from typing import Any

from interlock.pipeline.drill.rehearsal import Said
from interlock.pipeline.drill.score import alarms, score
from interlock.records.finding import Evidence, Finding

BEGIN = 1_788_411_660_000_000_000
TRUTH: dict[str, Any] = {
    "name": "stop", "pace": "one-step", "techniques": ["T0816", "T0858"], "attacker": "laptop", "victims": ["plc"],
    "begin": "2026-09-03T05:01:00.000000000Z", "detectable_from": "2026-09-03T05:01:00.500000000Z", "frames": [40, 41],
}  # fmt: skip
ADDRESSES = {"laptop": ("10.0.0.9",), "plc": ("10.0.0.1",), "panel": ("10.0.0.2",)}


def said(name: str, after_s: float, **changes: Any) -> Said:
    whole: dict[str, Any] = {
        "id": name, "detector": "some", "version": 1, "kind": "alert", "severity": "high", "confidence": 1.0,
        "title": name, "explanation": "", "time": BEGIN, "last": BEGIN, "count": 1,
        "machines": ("10.0.0.9", "10.0.0.1"),
        "techniques": ("T0858",), "exercise": True,
    }  # fmt: skip
    return Said(finding=Finding(**{**whole, **changes}), first=BEGIN + round(after_s * 1e9))


def test_delay_counts_from_when_it_could_be_known() -> None:
    row = score(TRUTH, [said("late", 9.0), said("soon", 2.0)], (), ADDRESSES)
    assert (row.found, row.named, row.delay_s, row.given) == (True, True, 1.5, ("T0858",))


def test_an_alarm_before_that_is_at_once() -> None:
    assert score(TRUTH, [said("early", 0.1)], (), ADDRESSES).delay_s == 0.0


def test_another_name_is_found_but_not_named() -> None:
    row = score(TRUTH, [said("odd", 2.0, techniques=("T0846",))], (), ADDRESSES)
    assert (row.found, row.named, row.named_s) == (True, False, None)


def test_what_a_quiet_plant_says_too_is_no_find() -> None:
    assert not score(TRUTH, [said("usual", 2.0)], {"usual"}, ADDRESSES).found


def test_weaknesses_exposures_and_small_changes_call_nobody() -> None:
    some = [
        said("w", 1.0, kind="weakness"),
        said("e", 1.0, kind="exposure"),
        said("c", 1.0, kind="change", severity="medium"),
        said("i", 1.0, severity="info"),
        said("x", 1.0, accepted="known"),
    ]
    assert alarms(some) == []
    assert len(alarms([said("c", 1.0, kind="change", severity="high")])) == 1


def test_alarms_about_others_are_told_apart() -> None:
    about_others = said("else", 2.0, machines=("10.0.0.2",))
    row = score(TRUTH, [about_others], (), ADDRESSES)
    assert (row.found, row.others) == (False, ("else",))
    by_frame = said(
        "frame", 2.0, machines=("10.0.0.2",), evidence=(Evidence(source="s", frames=(41,), total=1),)
    )
    assert score(TRUTH, [by_frame], (), ADDRESSES).found


def test_before_the_attack_the_same_machines_prove_nothing() -> None:
    assert not score(TRUTH, [said("before", -30.0)], (), ADDRESSES).found


def test_an_attack_that_never_became_visible_has_no_delay() -> None:
    row = score({**TRUTH, "detectable_from": None}, [said("it", 3.0)], (), ADDRESSES)
    assert (row.found, row.delay_s) == (True, None)
