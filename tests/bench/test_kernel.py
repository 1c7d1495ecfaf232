"""The kernel with the policy in force says of each conversation what replay says by layers 2 to 4."""

from __future__ import annotations

import dataclasses
import json
import random  # noqa: TID251 (seeded)
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from interlock.bench import kernel
from interlock.bench.kernel import (
    ENFORCERS,
    beyond,
    flows_of,
    held_against,
    policies,
    proposed,
    recorded,
    replayed,
)
from interlock.bench.kernel_network import LAYOUTS, why_not
from interlock.bench.kernel_talk import Flow
from interlock.bench.random_policies import drawn_flows
from interlock.bootstrap.zoning import build_policy, known_ports
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone

REASON = why_not()
needs_namespaces = pytest.mark.skipif(bool(REASON), reason=REASON or "can run")
TODAY = datetime.now(UTC).date()  # noqa: TID251 (rules end by the kernel's clock)
SHIFT, INCIDENT = "demo/normal-shift.pcapng", "demo/incident.pcap.gz"
PLC, PANEL, STRANGER = "10.0.1.1", "10.0.1.2", "10.0.2.1"


@pytest.fixture(scope="module")
def shift():
    """The shift's own proposal, and the incident."""
    return proposed(recorded(SHIFT), "", TODAY), recorded(INCIDENT)


@needs_namespaces
def test_kernel_and_replay_agree_on_the_incident_and_on_a_drawn_policy(shift):
    site, seen = shift
    made = [
        held_against(*at(trial, "nftables"))
        for trial in policies(seen, {"the shift": site}, TODAY, range(2), 60)
    ]
    assert [(each.policy, each.layout, each.differ) for each in made if each.differ] == []
    assert {each.layout for each in made} == set(LAYOUTS)
    assert sum(each.flows for each in made) > 300
    assert min(sum(each.allowed for each in made), sum(each.denied for each in made)) > 60
    kinds = sum((each.kinds for each in made[1:]), made[0].kinds)
    assert all(kinds[kind] > 8 for kind in ("tcp", "udp", "icmp"))
    assert kinds["frames"] > 0


@pytest.mark.skipif(bool(why_not("iptables-restore")), reason=why_not("iptables-restore") or "can run")
def test_iptables_says_the_same(shift):
    site, seen = shift
    trials = [trial for trial in policies(seen, {"the shift": site}, TODAY, [2], 40) if trial[1] == "router"]
    made = [held_against(*at(trial, "iptables")) for trial in trials]
    assert [each.differ for each in made if each.differ] == []
    assert sum(each.flows for each in made) > 150


def at(trial, target):
    name, layout, *rest = trial
    return (name, ENFORCERS[target], layout, *rest)


@needs_namespaces
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_kernel_that_says_otherwise_is_told(layout, monkeypatch):
    """Rules of another policy than the one that replay holds: each flow that they part on is named."""
    site = site_of("tcp/502")
    monkeypatch.setattr(
        kernel, "build_plan", lambda *given: build(site_of("tcp/502", "udp/161", "icmp"), *given[1:])
    )
    flows = [Flow(PANEL, PLC, *place) for place in (("tcp", 502), ("udp", 161), ("icmp", 0), ("tcp", 503))]
    flows += [Flow(PLC, PANEL, "tcp", 502), Flow(STRANGER, PLC, "tcp", 502)]
    made = held_against("mine", ENFORCERS["nftables"], layout, policy_of(site), (), flows)
    assert (made.allowed, made.denied) == (1, 5)
    assert made.differ == [(flows[1], False, True), (flows[2], False, True)]


@needs_namespaces
def test_what_is_sent_to_groups_passes_a_bridge_as_replay_says():
    """Within a zone whose inside is allowed, and to groups that a conduit names; not from elsewhere."""
    one, other, third = ("00:1b:1b:00:00:01", "00:1b:1b:00:00:02", "00:1b:1b:00:00:03")
    zones = (
        Zone(name="open", members=(one,)),
        Zone(name="closed", members=(other,), inside="conduits"),
        Zone(name="talk", members=("10.0.0.1",)),
        Zone(name="hush", members=("10.0.0.2", "2001:db8::2"), inside="conduits"),
        Zone(name="six", members=("2001:db8::1",)),
    )
    beacon = Conduit(
        name="b", from_=("hush",), to=("talk",), ports=("udp/5000",), groups=("239.1.1.1", "broadcast", "ff05::1:3"),
    )  # fmt: skip
    goose = Conduit(
        name="g", from_=("closed",), to=("open",), protocols=("goose",), groups=("01:0c:cd:01:00:01",)
    )
    site = Site(zones=zones, conduits=(goose, beacon))
    wanted = {
        Flow(one, "01:0e:cf:00:00:00", "eth/0x8892", 0): True,
        Flow(one, "ff:ff:ff:ff:ff:ff", "eth/0x88a4", 0): True,
        Flow(other, "01:0c:cd:01:00:01", "eth/0x88b8", 0): True,
        Flow(other, "01:0c:cd:01:00:02", "eth/0x88b8", 0): False,
        Flow(other, "01:0c:cd:01:00:01", "eth/0x8892", 0): False,
        Flow(third, "01:0c:cd:01:00:01", "eth/0x88b8", 0): False,
        Flow("10.0.0.1", "224.0.0.251", "udp", 5353): True,
        Flow("10.0.0.1", "10.0.0.255", "udp", 47808): True,
        Flow("10.0.0.2", "239.1.1.1", "udp", 5000): True,
        Flow("10.0.0.2", "255.255.255.255", "udp", 5000): True,
        Flow("10.0.0.2", "239.1.1.1", "udp", 5001): False,
        Flow("10.0.0.2", "10.0.0.255", "udp", 5001): False,
        Flow("10.0.0.2", "224.0.0.251", "udp", 5353): False,
        # IPv6
        Flow("2001:db8::1", "ff02::fb", "udp", 5353): True,
        Flow("2001:db8::2", "ff05::1:3", "udp", 5000): True,
        Flow("2001:db8::2", "ff05::1:3", "udp", 5001): False,
        Flow("2001:db8::2", "ff02::fb", "udp", 5353): False,
        # Answers to a call to many, by which the group stands as the client
        Flow("10.0.0.255", "10.0.0.1", "udp", 47809): True,
        Flow("239.1.1.1", "10.0.0.2", "udp", 5000): True,
        Flow("239.1.1.1", "10.0.0.2", "udp", 5002): False,
        Flow("ff05::1:3", "2001:db8::2", "udp", 5003): False,
        Flow("01:0c:cd:01:00:01", third, "eth/0x88b8", 0): False,
    }
    made = held_against("groups", ENFORCERS["nftables"], "bridge", policy_of(site), (), list(wanted))
    assert made.differ == []
    assert (made.allowed, made.denied) == (11, 11)
    assert [replayed(policy_of(site), flow) for flow in wanted] == list(wanted.values())


def site_of(*ports: str) -> Site:
    zones = tuple(Zone(name=name, members=(name,)) for name in (PLC, PANEL, STRANGER))
    return Site(zones=zones, conduits=(Conduit(name="c", from_=(PANEL,), to=(PLC,), ports=ports),))


def policy_of(site: Site):
    return build_policy(site, TODAY, lambda *_: None)


def build(site: Site, *rest: object):
    from interlock.bootstrap.zone_exporting import build_plan  # noqa: PLC0415 (before it is replaced)

    return build_plan(policy_of(site), *rest)


def test_what_is_not_made_anew_is_counted_by_reason(shift):
    site, seen = shift
    policy = build_policy(site, TODAY, seen.find)
    every = sum(kind.seen.count for kind in seen.traffic.kinds(policy) if kind.what == "flow")
    for layout in LAYOUTS:
        flows, left = flows_of(seen, policy, layout)
        assert len(flows) + left.total() == every
        assert left["between neighbours of a link"] > 0
        assert ("frames without IP: no router passes them on" in left) == (layout == "router")


def test_what_the_kernel_cannot_know_is_counted_by_reason(shift):
    site, seen = shift
    site = dataclasses.replace(
        site, conduits=tuple(dataclasses.replace(c, verbs=("open",)) for c in site.conduits)
    )
    unknown = beyond(build_policy(site, TODAY, seen.find), seen)
    assert {why for _, why, _ in unknown} == {"verb"}
    assert {what for what, *_ in unknown} == {"operations that the policy denies, and the kernel does not"}
    assert all(" asks " in said and ": " in said for *_, said in unknown)
    wide = dataclasses.replace(
        site,
        conduits=tuple(dataclasses.replace(c, verbs=("*",), objects=(), units=()) for c in site.conduits),
    )
    assert beyond(build_policy(wide, TODAY, seen.find), seen).total() == 0


def test_drawn_flows_are_of_any_kind():
    machines = (
        "10.0.0.1",
        "10.0.0.2",
        "2001:db8::1",
        "2001:db8::2",
        "00:1b:1b:00:00:01",
        "00:1b:1b:00:00:02",
    )
    flows = drawn_flows(random.Random(1), machines, known_ports(), 400)
    assert len(flows) == 400
    assert {flow.transport for flow in flows} >= {"tcp", "udp", "icmp", "icmp6", "ip/47", "eth/0x8892"}
    assert not [f for f in flows if f.client == f.server or (":" in f.client) != (":" in f.server)]
    assert [f for f in flows if f.server.startswith("ff0")]
    assert [f for f in flows if f.hearer == f.client]


@needs_namespaces
@pytest.mark.parametrize("captures", [[], [SHIFT]])
def test_the_command_says_how_many_agree(captures, monkeypatch):
    monkeypatch.setattr(kernel, "practice", lambda *_: (SHIFT, SHIFT, ""))
    words = [*captures, "--policies", "1", "--minutes", "3", "--drawn", "30", "--json"]
    done = CliRunner().invoke(kernel.main, words, catch_exceptions=False)
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert said["differ"] == []
    assert said["flows"] == said["allowed"] + said["denied"] == sum(said["kinds"].values()) > 90
    assert said["not_made"]["between neighbours of a link"] > 0
