"""What a taken machine comes to, against the naive answer machine by machine; and that cuts cut."""

from __future__ import annotations

import dataclasses
import time
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.bootstrap.zone_reaching import build_picture
from interlock.bootstrap.zoning import asking_words, spoken_at
from interlock.errors import ConfigError
from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import SafetySystem, Site, Zone, covers
from interlock.segment.model.policy import Policy
from interlock.segment.reach.cuts import cheapest_cut, choke_points
from interlock.segment.reach.machines import kinds_of, machines_of
from interlock.segment.reach.taking import takes
from interlock.segment.reach.ways import Ways

TODAY = date(2026, 11, 28)
ADDRESSES = [f"10.0.{zone}.{host}" for zone in range(4) for host in range(1, 4)]


@st.composite
def sites(draw):
    zones = tuple(
        Zone(
            name=f"z{n}",
            members=tuple(a for a in ADDRESSES if a.startswith(f"10.0.{n}.")),
            inside=draw(st.sampled_from(("allow", "conduits"))),
        )
        for n in range(4)
    )
    some = st.lists(st.sampled_from([z.name for z in zones]), min_size=1, max_size=2, unique=True).map(tuple)
    named = st.one_of(st.just(()), st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3).map(tuple))
    conduits = tuple(
        Conduit(
            name=f"c{n}",
            from_=draw(some),
            to=draw(some),
            protocols=draw(st.sampled_from((("modbus",), ("ssh",), ()))),
            verbs=draw(st.sampled_from((("read",), ("read", "write"), ("open",), ("*",), ()))),
            ports=draw(st.sampled_from(((), ("tcp/80",), ("icmp",)))),
            clients=draw(named),
            servers=draw(named),
        )
        for n in range(draw(st.integers(0, 6)))
    )
    return Site(zones=zones, conduits=conduits)


def steps(site, one):
    """Machine by machine: whom one may speak to, and whether that takes the other."""
    zone = {a: z for z in site.zones for a in z.members}
    for other in ADDRESSES:
        if other == one:
            continue
        if zone[one] == zone[other] and zone[one].inside == "allow":
            yield other, True
        for c in site.conduits:
            ends = zone[one].name in c.from_ and zone[other].name in c.to
            if ends and covers(c.clients or ADDRESSES, one) and covers(c.servers or ADDRESSES, other):
                yield other, bool(takes(c))


def naive(site, start):
    taken, touched, waiting = {start}, set(), [start]
    while waiting:
        for other, takes_it in steps(site, waiting.pop()):
            touched.add(other)
            if takes_it and other not in taken:
                taken.add(other)
                waiting.append(other)
    return taken - {start}, touched - taken - {start}


def ways_of(site):
    policy = Policy(site, TODAY)
    return Ways(policy, kinds_of(policy, "default", machines_of(policy, "default")))


@given(site=sites())
@settings(deadline=None, max_examples=60)
def test_kinds_of_machines_come_to_what_each_machine_comes_to(site):
    ways = ways_of(site)
    assert sorted(m.name for kind in ways.kinds for m in kind.machines) == sorted(ADDRESSES)
    for number, kind in enumerate(ways.kinds):
        reached = ways.reach(number)
        taken, touched = naive(site, kind.machines[0].name)
        assert ways.machines(reached.taken, reached) == len(taken)
        others = {m.name for k in reached.taken - {number} for m in ways.kinds[k].machines}
        assert others == taken - {m.name for m in kind.machines}
        outside = {m.name for k in reached.touched for m in ways.kinds[k].machines}
        assert outside - {m.name for m in kind.machines} == touched - {m.name for m in kind.machines}
        for end in (reached.taken | reached.touched) - {number}:
            path = reached.path(end)
            assert (path[0].source, path[-1].target) == (number, end)
            assert all(hop.step.takes for hop in path[:-1])
            assert path[-1].step.takes == (end in reached.taken)
            assert all(one.target == other.source for one, other in pairwise(path))


@given(site=sites())
@settings(deadline=None, max_examples=60)
def test_a_cut_leaves_no_way_and_a_choke_point_alone_is_one(site):
    def ends(ways):
        found = {"z0": set(), "z3": set()}
        for number, kind in enumerate(ways.kinds):
            found.get(kind.zone, set()).add(number)
        return found["z0"], found["z3"]

    def comes(changed):
        ways = ways_of(changed)
        sources, targets = ends(ways)
        return any(ways.reach(number).taken & targets for number in sources)

    def without(names):
        return dataclasses.replace(
            site,
            conduits=tuple(c for c in site.conduits if c.name not in names),
            zones=tuple(
                dataclasses.replace(z, inside="conduits") if z.name in names else z for z in site.zones
            ),
        )

    ways = ways_of(site)
    cuts, chokes = cheapest_cut(ways, *ends(ways)), choke_points(ways, *ends(ways))
    assert bool(cuts) == comes(site)
    if cuts:
        assert not comes(without({cut.step.by for cut in cuts}))
        for cut in cuts:
            assert len(cuts) == 1 or comes(without({c.step.by for c in cuts} - {cut.step.by}))
    for choke in chokes:
        assert not comes(without({choke.by}))


@pytest.mark.parametrize(
    ("conduit", "words"),
    [
        ({"protocols": ("modbus",), "verbs": ("read", "discover", "open")}, ()),
        ({"protocols": ("modbus",), "verbs": ("read", "write", "unknown")}, ("write", "unknown")),
        ({"protocols": ("ssh",), "verbs": ("open",)}, ("ssh",)),
        ({"protocols": ("profinet-rt",)}, ("profinet-rt without requests",)),
        ({"protocols": ("modbus", "ftp-data")}, ("modbus without requests", "ftp-data without requests")),
        ({"protocols": ("icmp",), "ports": ("icmp",)}, ()),
        ({"ports": ("tcp/443",)}, ("tcp/443",)),
        ({"protocols": ("s7comm",), "verbs": ("*",)}, ("*",)),
    ],
)
def test_what_takes(conduit, words):
    asked = tuple(
        word
        for word in words
        if "without requests" not in word or word.startswith(("profinet-rt", "ftp-data"))
    )
    assert takes(Conduit(name="c", from_=("a",), to=("b",), **conduit), asking_words()) == asked
    assert takes(Conduit(name="c", from_=("a",), to=("b",), **conduit)) == words


def test_what_is_usual_at_a_port_is_named_and_takes_all_the_same():
    ports = ("tcp/502", "udp/160-161", "tcp/1-65535", "tcp/4711", "ip/47")
    conduit = Conduit(name="c", from_=("a",), to=("b",), ports=ports)
    named = takes(conduit, asking_words(), spoken_at())
    assert named == (
        "tcp/502 (usually modbus or umas)", "udp/160-161 (usually snmp)", "tcp/1-65535", "tcp/4711", "ip/47"
    )  # fmt: skip


def plant(many):
    """Cells of 100 machines, an office, a supervisor that writes to all of them, a safety system behind one."""
    cells = tuple(Zone(name=f"cell {n}", members=(f"10.{n}.0.0/16",)) for n in range(many // 100))
    zones = (
        *cells,
        Zone(name="office", kind="business", members=("192.168.0.0/24",)),
        Zone(name="supervision", members=("172.16.0.1", "172.16.0.2")),
        Zone(name="safety", kind="safety", members=("172.16.9.1",), inside="conduits"),
    )
    names = tuple(z.name for z in cells)
    conduits = (
        Conduit(
            name="terminal", from_=("office",), to=("supervision",), protocols=("rdp",), verbs=("unknown",)
        ),
        Conduit(
            name="control", from_=("supervision",), to=names, protocols=("modbus",), verbs=("read", "write")
        ),
        Conduit(name="trip", from_=("cell 0",), to=("safety",), protocols=("modbus",), verbs=("write",)),
        Conduit(name="view", from_=("office",), to=("safety",), protocols=("modbus",), verbs=("read",)),
    )
    assets = [
        Asset(id=f"{n}", realm="default", ips=(f"10.{n // 100}.0.{n % 100 + 1}",), macs=())
        for n in range(many)
    ]
    return Site(
        zones=zones, conduits=conduits, safety_systems=(SafetySystem(address="172.16.9.1", name="ESD"),)
    ), assets


def test_ten_thousand_machines_in_seconds():
    site, assets = plant(10_000)
    there = {a: asset for asset in assets for a in asset.ips}
    began = time.process_time()
    picture = build_picture(Policy(site, TODAY, lambda _, a: there.get(a)), "default", assets, ())
    assert time.process_time() - began < 10
    assert len(picture.machines) == 10_004
    assert [p.name for p in picture.precious] == ["ESD", "safety"]
    esd = picture.precious[0]
    assert [step.by for step in esd.chokes] == ["terminal", "control", "trip"]
    assert [cut.step.by for cut in esd.cuts] in (["terminal"], ["control"], ["trip"])
    assert esd.cuts[0].saved == 1
    assert (esd.takers, esd.touchers) == (1 + 2 + 100, 0)
    office = next(iter(picture.meant("office")))
    assert picture.ways.machines(picture.reached[office].taken, picture.reached[office]) == 2 + 10_000 + 1
    with pytest.raises(ConfigError, match="nothing here is called 'moon'"):
        picture.meant("moon")
