from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.detect.rows import START, findings, with_roles

from interlock.detect.interface import Context
from interlock.detect.safety.safety_system import SafetySystemTouched
from interlock.records.site import Approval
from interlock.records.site_text import load_site

SITE = '[[safety_systems]]\naddress = "10.0.0.2"\nname = "ESD"\nsil = 3\n'
WINDOW = (
    '[[maintenance_windows]]\nid = "W-1"\nstart = 2026-03-02T06:00:00Z\nend = 2026-03-02T06:10:00Z\n'
    'machines = ["10.0.0.2"]\n'
)
SIGNED = (Approval(id="W-1", approvers=("ann", "bo"), enough=True),)
UNSIGNED = (Approval(id="W-1", problem="0 of 1 approvers have signed W-1"),)


def said(*rows: dict[str, Any], site: str = SITE, approvals: tuple[Approval, ...] = ()) -> Any:
    model = dataclasses.replace(load_site(site), approvals=approvals)
    return findings(SafetySystemTouched(), Context(site=model, now=START), operations=list(rows))


def deed(at: int = 60, **more: Any) -> dict[str, Any]:
    return {"verb": "program-write", "protocol": "tristation", "at": at, **more}


@pytest.mark.parametrize(
    "verb", ["program-write", "configure", "force", "mode-set", "firmware-write", "start", "stop", "reset"]
)
def test_outside_of_any_window_it_is_critical(verb: str) -> None:
    (finding,) = said(deed(verb=verb))
    assert (finding.severity, finding.kind) == ("critical", "alert")
    assert {"T0880", "T0837"} <= set(finding.techniques)
    assert "ESD" in finding.title
    assert "SIL 3" in finding.explanation


@pytest.mark.parametrize("verb", ["read", "identify", "open", "write", "unknown"])
def test_silent_for_what_changes_nothing_of_it(verb: str) -> None:
    assert said(deed(verb=verb)) == ()


def test_other_machines_are_not_its_business() -> None:
    assert said(deed(server="10.0.0.3")) == ()
    assert findings(SafetySystemTouched(), with_roles(_10_0_0_2="safety-controller"), operations=[deed()])


def test_inside_a_signed_window_it_is_information() -> None:
    (finding,) = said(deed(), site=SITE + WINDOW, approvals=SIGNED)
    assert (finding.severity, finding.kind) == ("info", "change")
    assert "W-1, approved by ann and bo" in finding.explanation


@pytest.mark.parametrize(
    ("row", "site", "approvals"),
    [
        (deed(), SITE + WINDOW, ()),
        (deed(), SITE + WINDOW, UNSIGNED),
        (deed(700), SITE + WINDOW, SIGNED),
        (deed(), SITE + WINDOW + 'verbs = ["force"]\n', SIGNED),
        (deed(), SITE + WINDOW + 'stations = ["10.0.0.8"]\n', SIGNED),
        (deed(), SITE + WINDOW.replace("10.0.0.2", "10.0.0.3"), SIGNED),
        (deed(), SITE + WINDOW.replace('machines = ["10.0.0.2"]\n', ""), SIGNED),
        (deed(), SITE + WINDOW + 'realm = "elsewhere"\n', SIGNED),
    ],
)
def test_everything_else_fails_closed(
    row: dict[str, Any], site: str, approvals: tuple[Approval, ...]
) -> None:
    (finding,) = said(row, site=site, approvals=approvals)
    assert finding.severity == "critical"


def test_says_what_is_wrong_with_the_window() -> None:
    (finding,) = said(deed(), site=SITE + WINDOW, approvals=UNSIGNED)
    assert "W-1 does not count: 0 of 1 approvers have signed W-1" in finding.explanation


def test_one_part_outside_is_enough() -> None:
    (finding,) = said(deed(), deed(700), site=SITE + WINDOW, approvals=SIGNED)
    assert finding.severity == "critical"
    assert "Only a part" in finding.explanation
