from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.controller_change import ControllerChange
from interlock.detect.gate import order_covers
from interlock.detect.interface import Context
from interlock.detect.safety.safety_system import SafetySystemTouched
from interlock.detect.sweep import Sweep
from interlock.records.asset import Asset
from interlock.records.site_text import load_site

from .rows import START, findings
from .test_dcp_change import SET
from .test_sweep import knocks

if TYPE_CHECKING:
    from interlock.records.finding import Finding

TIMES = "start = 2026-03-02T06:10:00Z\nend = 2026-03-02T06:20:00Z\n"
INSIDE = 700


def order(more: str = "", identifier: str = "WO-1") -> str:
    return f'[[work_orders]]\nid = "{identifier}"\n{TIMES}{more}\n'


def loud(site: str, *rows: dict[str, Any], asset: Any = None) -> tuple[Finding, ...]:
    context = Context(site=load_site(site), now=START, **({"asset": asset} if asset else {}))
    return findings(ControllerChange(), context, operations=list(rows))


def stop(at: float = INSIDE, **more: Any) -> dict[str, Any]:
    return {"verb": "stop", "at": at, **more}


@pytest.mark.parametrize(
    "more",
    [
        "",
        'stations = ["10.0.0.9"]',
        'machines = ["10.0.0.0/30"]',
        'verbs = ["stop"]',
        'objects = ["P_*"]',
    ],
)
def test_silent_under_an_order(more: str) -> None:
    assert loud(order(more), stop(object="P_PROGRAM")) == ()


def test_who_may_open_a_session_may_end_it() -> None:
    (opens,) = load_site(order('verbs = ["open", "read"]')).work_orders
    (reads,) = load_site(order('verbs = ["read"]')).work_orders
    assert order_covers(opens, "default", (), (), verbs=("close",))
    assert not order_covers(reads, "default", (), (), verbs=("close",))


@pytest.mark.parametrize(
    "more",
    [
        'stations = ["10.0.0.8"]',
        'machines = ["10.0.0.3"]',
        'verbs = ["program-write"]',
        'objects = ["DB*"]',
        'realm = "elsewhere"',
    ],
)
def test_loud_for_what_it_does_not_name(more: str) -> None:
    assert loud(order(more), stop(object="P_PROGRAM"))


@pytest.mark.parametrize("at", [599.9, 1200, 5000])
def test_loud_outside_of_its_time(at: float) -> None:
    assert loud(order(), stop(at))


@given(st.lists(st.integers(0, 1_800), min_size=1, max_size=12))
def test_silent_only_where_all_of_it_was_inside(instants: list[int]) -> None:
    rows = [stop(at) for at in sorted(instants)]
    assert bool(loud(order(), *rows)) == any(not 600 <= at < 1200 for at in instants)


def test_two_orders_one_after_the_other_cover_both() -> None:
    later = order(identifier="WO-2").replace("06:10", "06:30").replace("06:20", "06:40")
    assert loud(order() + later, stop(), stop(1_900)) == ()
    assert loud(order() + later, stop(), stop(1_500), stop(1_900))


def test_never_silent_for_a_safety_system() -> None:
    site = order() + '[[safety_systems]]\naddress = "10.0.0.2"\n'
    context = Context(site=load_site(site), now=START)
    (finding,) = findings(SafetySystemTouched(), context, operations=[stop()])
    assert finding.severity == "critical"


def test_an_order_names_the_ip_of_a_machine_that_speaks_without() -> None:
    from interlock.detect.dcp_change import DcpChange  # noqa: PLC0415

    machine = Asset(id="a", realm="default", ips=("10.0.0.2",), macs=(SET["server"],))
    context = Context(
        site=load_site(order('machines = ["10.0.0.2"]')),
        now=START,
        asset=lambda _realm, address: machine if address == SET["server"] else None,
    )
    assert (
        findings(DcpChange(), context, operations=[{**SET, "object": "name-of-station", "at": INSIDE}]) == ()
    )


def test_the_scan_that_was_ordered() -> None:
    rows = [{**row, "at": INSIDE + n * 0.1} for n, row in enumerate(knocks(14))]
    site = order(f'stations = ["{rows[0].get("client", "10.0.0.9")}"]')
    assert findings(Sweep(), Context(site=load_site(site), now=START), flows=rows) == ()
    assert findings(Sweep(), Context(now=START), flows=rows)
