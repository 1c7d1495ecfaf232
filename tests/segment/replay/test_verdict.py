from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.conduit import Conduit
from interlock.records.finding import Evidence, Finding
from interlock.records.site import Site, Zone
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import judged
from interlock.segment.model.policy import Policy
from interlock.segment.replay.loops import loops_of, masters_of
from interlock.segment.replay.verdict import Replay, replay_of
from segment.check.rows import SECOND, flows, operations

TODAY = date(2026, 11, 28)
DAY = 24 * 3600 * SECOND
PANEL, PLC, DRIVE, STRANGER = "10.0.1.1", "10.0.2.1", "10.0.3.1", "192.0.2.1"
ZONES = (
    Zone(name="panels", members=("10.0.1.0/24",), sl_t=(2,) * 7),
    Zone(name="cell", members=("10.0.2.0/24",), sl_t=(1,) * 7),
    Zone(name="drives", members=("10.0.3.0/24", "00:1b:1b:00:00:03"), sl_t=(1,) * 7),
)
READS = Conduit(
    name="reads", from_=("panels", "cell"), to=("cell", "drives"), protocols=("modbus",), verbs=("read",)
)
WRITES = dataclasses.replace(READS, name="writes", verbs=("write",))


def policy(*conduits: Conduit) -> Policy:
    return Policy(Site(zones=ZONES, conduits=conduits), TODAY)


def seen(asked: list[dict[str, Any]], spoken: list[dict[str, Any]] | None = None) -> Traffic:
    traffic = Traffic()
    if asked:
        traffic.feed("operations", operations(*sorted(asked, key=lambda row: row.get("time", 0))))
    if spoken:
        traffic.feed("flows", flows(*spoken))
    traffic.finish()
    return traffic


def clock(count: int = 50, every: float = 1.0, **row: Any) -> list[dict[str, Any]]:
    return [{"time": int(n * every * SECOND), "frame": n + 1, **row} for n in range(count)]


LOOP = [
    *clock(client=PLC, server=DRIVE, object="input:0", count=40),
    *clock(client=PLC, server=DRIVE, verb="write", object="holding:0"),
    *clock(client=PANEL, server=PLC, object="input:0", every=2.0),
]


def replayed(
    traffic: Traffic, *conduits: Conduit, enough: float = 0.0, findings: Any = None, whole: bool = True
) -> Replay:
    return replay_of(policy(*conduits), traffic, enough_days=enough, findings=findings, whole=whole)


def test_what_cuts_nothing_is_never_called_safe() -> None:
    traffic = seen([*LOOP, {"client": PANEL, "server": PLC, "time": 2 * DAY}])
    made = replayed(traffic, READS, WRITES)
    assert (made.state, made.verdict) == ("clean", "cuts nothing seen in 2.0 days")
    assert (made.loops_seen, made.loops, made.masters, made.alerts) == (1, (), (), None)
    few = replayed(traffic, READS, WRITES, enough=7)
    assert (few.state, few.verdict) == ("not-enough", "not enough seen: 2.0 days of at least 7 days")
    day = [*LOOP, {"client": PANEL, "server": PLC, "time": DAY - 20 * SECOND}]
    assert replayed(seen(day), READS, WRITES, enough=1).state == "clean"
    shorter = [*LOOP, {"client": PANEL, "server": PLC, "time": DAY - 120 * SECOND}]
    assert replayed(seen(shorter), READS, WRITES, enough=1).state == "not-enough"
    partly = replayed(traffic, READS, WRITES, whole=False)
    assert partly.verdict == "not enough seen: part of what was given could not be replayed"
    assert replayed(seen([])).verdict == "not enough seen: no traffic at all"


def test_a_loop_that_loses_its_write_and_a_machine_that_loses_its_master_are_told() -> None:
    made = replayed(seen(LOOP), dataclasses.replace(READS, to=("cell",)))
    assert made.state == "cuts"
    assert made.verdict == (
        "cuts 90 operations, 0 conversations, 1 control loop, 1 machine loses a master of what was seen in 2 minutes"
    )
    (loop,) = made.loops
    assert (loop.client, loop.period_s) == (PLC, pytest.approx(1.0))
    assert set(loop.cut) == {(DRIVE, "modbus", "input:0"), (DRIVE, "modbus", "holding:0")}
    (master,) = made.masters
    assert (master.master, master.server, master.protocols) == (PLC, DRIVE, ("modbus",))
    writes_only = replayed(seen(LOOP), READS)
    assert writes_only.loops[0].cut == ((DRIVE, "modbus", "holding:0"),)
    assert writes_only.masters == ()  # it is still read


def test_what_is_refused_each_time_is_no_part_of_a_loop() -> None:
    refused = clock(client=PLC, server=DRIVE, object="input:7", outcome="refused")
    made = replayed(seen([*LOOP, *refused]), READS, WRITES)
    assert made.loops_seen == 1
    objects = dataclasses.replace(READS, objects=("input:0",))
    cut = replayed(seen([*LOOP, *refused]), objects, WRITES)
    assert (cut.outcome.cut_operations, cut.loops, cut.masters) == (50, (), ())
    assert cut.verdict.startswith(
        "cuts 50 operations (50 of them never answered), 0 conversations, 0 control loops, 0 "
    )
    mixed = [{**row, "outcome": "ok"} if n % 2 else row for n, row in enumerate(refused)]
    told = replayed(seen([*LOOP, *mixed]), objects, WRITES)
    assert len(told.loops) == 1  # once it is answered it counts


def test_what_comes_by_chance_is_no_loop() -> None:
    asked = [
        *({"client": PLC, "server": DRIVE, "time": n * n * n * SECOND} for n in range(40)),
        *({"client": PLC, "server": DRIVE, "verb": "write", "time": n * n * n * SECOND} for n in range(40)),
        *clock(5, client=PANEL, server=PLC, verb="write"),
        *clock(client=PANEL, server=PLC, every=600.0),
    ]
    every = list(judged(policy(), seen(asked)))
    assert loops_of(every) == ()
    assert masters_of(every) == ()


def test_cyclic_data_is_a_loop_by_itself() -> None:
    spoken = [{"client": PLC, "server": "00:1b:1b:00:00:03", "transport": "eth/0x8892", "protocol": "profinet-rt",
               "server_port": None, "state": None}]  # fmt: skip
    cut = replayed(seen([], spoken))
    assert [(loop.client, loop.period_s) for loop in cut.loops] == [(PLC, None)]
    assert [m.server for m in cut.masters] == ["00:1b:1b:00:00:03"]
    cyclic = Conduit(name="io", from_=("cell",), to=("drives",), protocols=("profinet-rt",))
    through = replayed(seen([], spoken), cyclic)
    assert through.state == "clean"
    assert any("transparent (bridging) firewall" in text for text in through.warnings)


def test_what_replay_cannot_see_is_said() -> None:
    older = [{"client": PANEL, "server": PLC, "state": "midstream", "server_packets": 0}]
    told = replayed(seen(clock(client=PANEL, server=PLC), older), READS).warnings
    assert any("older than the capture" in text for text in told)
    assert any("one direction only" in text for text in told)
    goose = [{"client": PLC, "server": "01:0c:cd:01:00:01", "protocol": "goose", "verb": "report"}]
    assert any("who hears goose to 01:0c:cd:01:00:01" in text for text in replayed(seen(goose)).warnings)
    web = Conduit(name="web", from_=("panels",), to=("cell",), ports=("tcp/502",))
    by_port = replayed(
        seen([{"client": PANEL, "server": PLC}], [{"client": PANEL, "server": PLC}]), web
    ).warnings
    assert by_port == ("conduits that allow by port what could be allowed by verb: web",)
    assert replayed(seen(LOOP), READS, WRITES).warnings == ()


def alert(**fields: Any) -> Finding:
    return Finding(
        **{"id": "x", "detector": "d", "version": 1, "kind": "alert", "severity": "high", "confidence": 1.0,
           "title": "t", "explanation": "e", "time": 0, "last": DAY, "count": 1, "realm": "default", **fields}
    )  # fmt: skip


def test_an_alert_of_which_something_is_denied_would_have_been_stopped() -> None:
    traffic = seen(
        [
            {"client": STRANGER, "server": PLC, "verb": "stop", "frame": 7, "time": 5},
            {"client": PANEL, "server": PLC},
        ]
    )
    by_frame = alert(id="1", evidence=(Evidence(source="a.pcap", frames=(6, 7)),))
    by_ends = alert(id="2", machines=(PLC, STRANGER))
    findings = [
        by_frame, by_ends,
        alert(id="3", evidence=(Evidence(source="b.pcap", frames=(7,)),)),
        alert(id="4", machines=(PLC, PANEL)),
        alert(id="5", machines=(PLC, STRANGER), time=6),
        alert(id="6", machines=(PLC, STRANGER), realm="other"),
        alert(id="7", machines=(PLC, STRANGER), kind="weakness"),
    ]  # fmt: skip
    made = replayed(traffic, READS, findings=findings)
    assert made.alerts == 6
    assert made.stopped == (by_frame, by_ends)


rows = st.fixed_dictionaries(
    {
        "client": st.sampled_from([PANEL, PLC, STRANGER]),
        "server": st.sampled_from([PLC, DRIVE, "10.0.3.255"]),
        "verb": st.sampled_from(["read", "write", "report"]),
        "object": st.sampled_from([None, "holding:0"]),
        "time": st.integers(0, 30).map(lambda n: n * SECOND),
    }
)


@given(st.lists(rows, max_size=60))
def test_the_verdict_agrees_with_what_is_cut(asked: list[dict[str, Any]]) -> None:
    made = replayed(seen(asked), READS)
    cut = made.outcome.cut_operations + made.outcome.cut_flows
    assert (made.state == "cuts") is (cut > 0)
    assert "safe" not in made.verdict
    assert all(loop.cut for loop in made.loops)
    assert not made.loops or cut
