from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.detect.controller_change import ControllerChange
from interlock.detect.interface import Context
from interlock.records.site_text import load_site

from .rows import START, findings, with_roles

STATION = '[[engineering_stations]]\naddress = "10.0.0.9"\nname = "ENG-1"\n'
WINDOW = "[[maintenance_windows]]\nstart = 2026-03-02T05:00:00Z\nend = 2026-03-02T08:00:00Z\n"
SAFETY = '[[safety_systems]]\naddress = "10.0.0.2"\n'


def at(site: str) -> Context:
    return Context(site=load_site(site), now=START)


@pytest.mark.parametrize(
    "verb", ["program-write", "program-read", "firmware-write", "stop", "start", "mode-set", "reset"]
)
@pytest.mark.parametrize("protocol", ["s7comm", "cip", "umas", "a-protocol-of-tomorrow"])
def test_one_rule_for_all_protocols(verb: str, protocol: str) -> None:
    (finding,) = findings(ControllerChange(), operations=[{"verb": verb, "protocol": protocol}])
    assert finding.kind == "alert"
    assert finding.machines == ("10.0.0.9", "10.0.0.2")
    assert finding.evidence[0].frames == (1,)


@pytest.mark.parametrize("verb", ["read", "write", "identify", "unknown", "open", "file-read"])
def test_silent_for_what_changes_no_controller(verb: str) -> None:
    assert findings(ControllerChange(), operations=[{"verb": verb}]) == ()


@pytest.mark.parametrize(
    ("site", "severity", "kind"),
    [
        ("", "critical", "alert"),
        (STATION, "medium", "change"),
        (STATION + WINDOW, "low", "change"),
        (WINDOW, "high", "alert"),
        (STATION.replace("0.9", "0.8"), "critical", "alert"),
        (STATION + 'controllers = ["10.0.0.3"]\n', "critical", "alert"),
        ('[[lab_ranges]]\nnetwork = "10.0.0.0/24"\n', "medium", "alert"),
    ],
)
def test_severity_follows_what_the_site_file_says(site: str, severity: str, kind: str) -> None:
    (finding,) = findings(ControllerChange(), at(site), operations=[{"verb": "program-write"}])
    assert (finding.severity, finding.kind) == (severity, kind)


def test_a_machine_that_only_looks_like_an_engineering_station_is_no_milder() -> None:
    context = with_roles(_10_0_0_9="engineering-station")
    (finding,) = findings(ControllerChange(), context, operations=[{"verb": "program-write"}])
    assert finding.severity == "critical"
    assert "proves no permission" in finding.explanation


def test_safety_systems_are_told_of_by_their_own_detector() -> None:
    rows = [{"verb": "program-write"}]
    assert findings(ControllerChange(), replace(at(SAFETY)), operations=rows) == ()
    assert findings(ControllerChange(), with_roles(_10_0_0_2="safety-controller"), operations=rows) == ()


def test_many_writes_are_one_finding_with_count_span_and_frames() -> None:
    rows = [{"verb": "program-write", "operation": n, "at": n} for n in range(50)]
    (finding,) = findings(ControllerChange(), operations=rows)
    assert finding.count == 50
    assert finding.last - finding.time == 49 * 10**9
    assert finding.evidence[0].frames == tuple(range(1, 51))
    assert finding.evidence[0].total == 50


def test_a_pending_row_is_judged_at_once_and_its_final_row_not_counted_again() -> None:
    rows = [{"verb": "stop", "outcome": "pending"}, {"verb": "stop", "outcome": "refused"}]
    (finding,) = findings(ControllerChange(), operations=rows)
    assert finding.count == 1
    assert finding.severity == "medium"
    assert "1 refused" in finding.explanation


def test_each_verb_and_each_pair_is_a_cause_of_its_own() -> None:
    rows = [{"verb": "stop"}, {"verb": "start"}, {"verb": "stop", "client": "10.0.0.8"}]
    ids = {f.id for f in findings(ControllerChange(), operations=rows)}
    assert len(ids) == 3
    again = {
        f.id for f in findings(ControllerChange(), operations=[{**r, "at": 999} for r in reversed(rows)])
    }
    assert again == ids


def test_a_controller_that_fetches_the_blocks_of_a_download_is_not_its_author() -> None:
    ports = {"client_port": 50000, "server_port": 102}
    back = {
        "client": "10.0.0.2",
        "server": "10.0.0.9",
        "client_port": 102,
        "server_port": 50000,
        "operation": 2,
    }
    rows = [{"verb": "program-write", **ports}, {"verb": "program-write", **back}]
    (finding,) = findings(ControllerChange(), operations=rows)
    assert finding.machines == ("10.0.0.9", "10.0.0.2")
    assert finding.count == 2
