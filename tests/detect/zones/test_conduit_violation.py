from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.rows import MINUTE, SECOND, START, batch, findings
from interlock.detect.interface import Context
from interlock.detect.runner import Runner
from interlock.detect.zones.conduit_violation import ConduitViolation
from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import Site, WorkOrder, Zone
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import outcome_of
from interlock.segment.model.policy import Policy

PANEL, OTHER, CELL, SAFE, STRANGER = "10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.3.1", "192.0.2.1"
SPOKEN = {("tcp", 502): frozenset({"modbus"}), ("tcp", 102): frozenset({"s7comm"})}
ZONES = (
    Zone(name="panels", members=("10.0.1.0/24",), sl_t=(2,) * 7),
    Zone(name="cell", members=("10.0.2.0/24",), sl_t=(1,) * 7),
    Zone(name="safety", kind="safety", members=("10.0.3.0/24",), sl_t=(3,) * 7, inside="conduits"),
)
READS = Conduit(
    name="reads", from_=("panels",), to=("cell",), protocols=("modbus",), verbs=("read",), objects=("holding:0..9",),
    units=("1",),
)  # fmt: skip
SITE = Site(zones=ZONES, conduits=(READS,))
ASKED = {"client": PANEL, "server": CELL, "unit": "1", "object": "holding:0", "count": 2, "server_port": 502}


def detector() -> ConduitViolation:
    made = ConduitViolation()
    made.spoken_by(SPOKEN)
    return made


def found(
    asked: list[dict[str, Any]], spoken: list[dict[str, Any]] | None = None, site: Site = SITE, **more: Any
) -> Any:
    context = Context(site=site, now=START + MINUTE, **more)
    rows = [{**ASKED, "operation": n, **row} for n, row in enumerate(asked)]
    return findings(detector(), context, operations=rows, **({"flows": spoken} if spoken else {}))


def test_silent_where_no_conduit_is_declared() -> None:
    assert found([{"client": STRANGER, "verb": "write"}], [{}], Site(zones=ZONES)) == ()
    assert found([{"client": STRANGER, "verb": "write"}], [{}], Site()) == ()


def test_what_a_conduit_allows_is_silent_and_the_rest_is_one_finding_per_cause() -> None:
    assert found([{}, {"object": "holding:8"}, {"client": CELL, "server": "10.0.2.7", "verb": "write"}]) == ()
    asked = [{}, *({"verb": "write", "object": f"holding:{n}", "frame": n + 1} for n in range(20))]
    (finding,) = found(asked)
    assert (finding.severity, finding.count, finding.machines) == ("high", 20, (PANEL, CELL))
    assert finding.title == "10.0.1.1 asks 10.0.2.1 by Modbus for write, which no conduit allows"
    assert "but conduit reads is for the verbs read only" in finding.explanation
    assert (
        "Widen conduit reads of the site file by this verb, for protocol modbus and the verbs write."
        in finding.explanation
    )
    assert finding.evidence[0].frames == tuple(range(1, 21))
    assert dict(finding.data)["zones"] == "panels to cell"
    assert finding.techniques[0] == "T0855"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"object": "holding:9"}, "object"),
        ({"object": "holding:40"}, "object"),
        ({"unit": "2"}, "unit"),
        ({"verb": "stop"}, "verb"),
        ({"protocol": "s7comm"}, "protocol"),
        ({"server": SAFE}, "no-conduit"),
        ({"client": CELL, "server": PANEL}, "direction"),
        ({"client": STRANGER}, "no-zone"),
        ({"unit": None}, None),
        ({"object": None, "count": None}, None),
        ({"protocol": "arp", "verb": "discover"}, None),
    ],
)
def test_each_way_to_break_it(row: dict[str, Any], reason: str | None) -> None:
    told = [dict(finding.data)["reason"] for finding in found([row])]
    assert told == ([] if reason is None else [reason])


def test_a_safety_system_is_graver_and_a_door_that_stays_closed_is_milder() -> None:
    (write,) = found([{"server": SAFE, "verb": "program-write"}])
    assert write.severity == "critical"
    shut = {"basis": "port", "state": "refused"}
    scan = [
        {**shut, "client": STRANGER, "server": f"10.0.2.{n}", "server_port": 100 + n} for n in range(1, 60)
    ]
    (sweep,) = found([], scan)
    assert (sweep.severity, sweep.count, len(sweep.machines)) == ("low", 59, 51)
    assert sweep.techniques == ("T0846", "T0888")


def test_a_command_is_told_before_its_answer_comes() -> None:
    runner, context = Runner([detector()]), Context(site=SITE, now=START)
    waiting = {**ASKED, "verb": "write", "outcome": "pending", "operation": 7, "flow": 3}
    (early,) = runner.feed("operations", batch("operations", [waiting]), context)
    assert early.count == 1
    assert runner.feed("operations", batch("operations", [{**waiting, "outcome": "refused"}]), context) == []
    (last,) = runner.conclude(context).findings
    assert last.count == 1


def test_what_a_controller_fetches_belongs_to_who_loads_it() -> None:
    loads = Conduit(
        name="l", from_=("panels",), to=("cell",), protocols=("s7comm",), verbs=("program-write",)
    )
    site = Site(zones=ZONES, conduits=(loads,))
    fetched = {"client": CELL, "server": PANEL, "protocol": "s7comm", "verb": "program-write", "client_port": 102,
               "server_port": 49_162, "object": None, "count": None, "unit": None}  # fmt: skip
    assert found([fetched], site=site) == ()
    (own,) = found([{**fetched, "client_port": 50_000, "server_port": 102}], site=site)
    assert dict(own.data)["reason"] == "direction"


def test_a_conduit_by_port_allows_by_port() -> None:
    web = Conduit(name="w", from_=("panels",), to=("cell",), ports=("tcp/500-510",))
    site = Site(zones=ZONES, conduits=(web,))
    assert found([{"verb": "write"}], [{"client": PANEL, "server": CELL}], site) == ()
    (other,) = found([{"verb": "write", "server_port": 511}], site=site)
    assert dict(other.data)["reason"] == "protocol"


def test_conversations_without_a_word_need_a_conduit_too() -> None:
    unread = {"client": PANEL, "server": CELL, "protocol": None, "basis": "unknown", "server_port": 4_711}
    (finding,) = found([], [unread])
    assert finding.title == "10.0.1.1 calls 10.0.2.1 at tcp/4711, which no conduit allows"
    assert finding.severity == "medium"
    back = {
        "client": CELL,
        "server": PANEL,
        "protocol": "modbus",
        "server_port": 50_000,
        "state": "midstream",
    }
    assert found([], [back]) == ()  # joined: the panel may have begun it
    assert len(found([], [{**back, "state": "established"}])) == 1


def test_a_work_order_makes_it_known_and_does_not_allow_it() -> None:
    order = WorkOrder(
        id="WO-1", start=datetime(2026, 3, 2, 5, tzinfo=UTC), end=datetime(2026, 3, 2, 8, tzinfo=UTC),
        machines=(CELL,), stations=(PANEL,), verbs=("write",),
    )  # fmt: skip
    (finding,) = found([{"verb": "write"}], site=replace(SITE, work_orders=(order,)))
    assert finding.severity == "info"


def test_groups_that_two_zones_use() -> None:
    call = {"server": "10.0.255.255", "protocol": "bacnet", "verb": "discover", "object": None, "count": None}
    assert found([call, call]) == ()
    told = found([call, {**call, "client": CELL}, call])
    assert {dict(f.data)["reason"] for f in told} == {"group"}


ROLE = Zone(name="drives", selector='role = "drive"', sl_t=(1,) * 7)
DRIVES = Site(
    zones=(*ZONES, ROLE),
    conduits=(
        READS,
        Conduit(name="d", from_=("panels",), to=("drives",), protocols=("modbus",), verbs=("read",)),
    ),
)
DRIVE = "10.0.9.9"


def feed(runner: Runner, at_s: int, role: str | None, **row: Any) -> list[Any]:
    def asset(_realm: str, address: str) -> Asset | None:
        return Asset(id=address, realm="default", ips=(address,), role=role if address == DRIVE else None)

    context = Context(site=DRIVES, now=START + at_s * SECOND, asset=asset)
    rows = batch("operations", [{**ASKED, "server": DRIVE, "at": at_s, "operation": at_s, **row}])
    return [(f.count, dict(f.data)["reason"]) for f in runner.feed("operations", rows, context)]


def test_a_machine_whose_zone_depends_on_what_it_is_has_its_time_to_become_known() -> None:
    runner = Runner([detector()])
    assert feed(runner, 1, None) == []
    assert feed(runner, 20, "drive") == []
    assert feed(runner, 90, "drive") == []
    assert runner.conclude(Context(site=DRIVES, now=START + 99 * SECOND)).findings == ()
    never = Runner([detector()])
    assert feed(never, 1, None) == []
    assert feed(never, 70, None) == []
    unknown = Context(site=DRIVES, now=START + 71 * SECOND, asset=lambda *_: None)
    (finding,) = never.conclude(unknown).findings
    assert (finding.count, dict(finding.data)["reason"]) == (2, "no-zone")
    wrong = Runner([detector()])
    assert feed(wrong, 1, None, verb="write") == []
    assert feed(wrong, 20, "drive", verb="write") == [(2, "verb")]


def test_of_a_capture_all_is_known_at_its_end() -> None:
    """While it is read nothing is known of machines but their addresses (`analyze`)."""
    context = Context(site=DRIVES, now=START + 2 * MINUTE)
    for role, told in (("drive", []), ("hmi", ["no-zone"])):
        runner = Runner([detector()])
        assert runner.feed("operations", batch("operations", [{**ASKED, "server": DRIVE}]), context) == []
        asset = Asset(id="d", realm="default", ips=(DRIVE,), role=role)
        known = replace(context, asset=lambda _, address, asset=asset: asset if address == DRIVE else None)
        assert [dict(f.data)["reason"] for f in runner.conclude(known).findings] == told


def test_a_conduit_ends_while_the_sensor_runs() -> None:
    ends = Site(zones=ZONES, conduits=(replace(READS, until=date(2026, 3, 2)),))
    runner, day = Runner([detector()]), 24 * 60 * MINUTE
    assert runner.feed("operations", batch("operations", [ASKED]), Context(site=ends, now=START)) == []
    (finding,) = runner.feed("operations", batch("operations", [ASKED]), Context(site=ends, now=START + day))
    assert dict(finding.data)["reason"] == "expired"
    assert (
        runner.feed("operations", batch("operations", [ASKED] * 9), Context(site=SITE, now=START + day)) == []
    )


machines = st.sampled_from([PANEL, OTHER, CELL, "10.0.2.2", SAFE, "10.0.3.2", STRANGER])
asks = st.fixed_dictionaries(
    {
        "client": machines,
        "server": machines,
        "protocol": st.sampled_from(["modbus", "s7comm"]),
        "verb": st.sampled_from(["read", "write"]),
        "unit": st.sampled_from([None, "1", "2"]),
        "object": st.sampled_from([None, "holding:0", "holding:9", "DB1.DBD0"]),
        "count": st.sampled_from([None, 1, 2]),
    }
)
ways = st.lists(
    st.builds(
        Conduit,
        name=st.sampled_from(["a", "b"]),
        from_=st.lists(
            st.sampled_from(["panels", "cell", "safety"]), min_size=1, max_size=2, unique=True
        ).map(tuple),
        to=st.lists(st.sampled_from(["panels", "cell", "safety"]), min_size=1, max_size=2, unique=True).map(
            tuple
        ),
        protocols=st.just(("modbus", "s7comm")),
        verbs=st.sampled_from([("read",), ("*",)]),
        objects=st.sampled_from([(), ("holding:0..9",), ("holding:0", "DB1*")]),
        units=st.sampled_from([(), ("1",)]),
    ),
    min_size=1,
    max_size=3,
)


@given(st.lists(asks, max_size=40), ways, st.integers(1, 40))
def test_it_denies_what_zone_check_denies(asked: list[dict[str, Any]], some: list[Conduit], cut: int) -> None:
    """However the rows are cut into batches."""
    site = Site(zones=ZONES, conduits=tuple(some))
    rows = batch("operations", [{**row, "operation": n} for n, row in enumerate(asked)])
    traffic, runner, context = Traffic(), Runner([detector()]), Context(site=site, now=START)
    traffic.feed("operations", rows)
    traffic.finish()
    for at in range(0, rows.num_rows, cut):
        runner.feed("operations", rows.slice(at, cut), context)
    told = runner.conclude(context)
    assert told.diagnostics == ()
    outcome = outcome_of(Policy(site, date(2026, 3, 2)), traffic)
    assert sum(finding.count for finding in told.findings) == outcome.cut_operations
    # Of a whole relation a conduit the other way round says more; of one object of it, it may say nothing.
    alike = {"direction": "no-conduit"}
    assert {(f.machines[0], alike.get(r := dict(f.data)["reason"], r)) for f in told.findings} == {
        (v.client, alike.get(v.reason, v.reason)) for v in outcome.violations
    }
