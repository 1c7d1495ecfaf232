from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.check.traffic import Kind, Traffic
from interlock.segment.model.policy import Policy
from interlock.segment.reach.machines import kinds_of, machines_of
from interlock.segment.reach.observed import Contacts, Radius
from interlock.segment.reach.ways import Ways
from interlock.segment.reach.zone_radius import ZoneRadius, zone_radii
from segment.check.rows import flows, operations

TODAY = date(2026, 11, 28)
MACHINES = ("10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.2.2", "10.0.3.1")
ZONES = (
    Zone(name="a", members=MACHINES[:2]),
    Zone(name="b", members=MACHINES[2:4], inside="conduits"),
    Zone(name="c", members=MACHINES[4:], inside="conduits"),
)
some = st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True).map(tuple)
conduits = st.lists(
    st.builds(
        Conduit,
        name=st.sampled_from(["k", "l", "m", "n"]),
        from_=some,
        to=some,
        protocols=st.sampled_from([("modbus",), ("modbus", "rdp")]),
        verbs=st.sampled_from([("read",), ("write",), ("read", "write")]),
        servers=st.sampled_from([(), MACHINES[1:4]]),
    ),
    max_size=4,
    unique_by=lambda conduit: conduit.name,
).map(tuple)
asks = st.fixed_dictionaries(
    {
        "client": st.sampled_from([*MACHINES, "192.0.2.9"]),
        "server": st.sampled_from([*MACHINES, "239.1.1.1"]),
        "protocol": st.sampled_from(["modbus", "modbus", "rdp"]),
        "verb": st.sampled_from(["read", "write"]),
        "outcome": st.sampled_from(["ok", "ok", "ok", "no-answer"]),
    }
)


def kinds(policy: Policy, rows: list[dict[str, str]]) -> list[Kind]:
    traffic = Traffic()
    if rows:
        traffic.feed("operations", operations(*rows))
    traffic.finish()
    return list(traffic.kinds(policy))


@given(conduits, st.lists(asks, max_size=12))
def test_what_was_seen_is_spread_and_lies_within_what_is_allowed(
    some: tuple[Conduit, ...], rows: list[dict[str, str]]
) -> None:
    policy = Policy(Site(zones=ZONES, conduits=some), TODAY)
    machines = machines_of(policy, "default")
    every = kinds(policy, rows)
    contacts = Contacts("default", machines, every)
    answered = [row for row in rows if row["outcome"] == "ok" and row["client"] != row["server"]]
    for machine in machines:
        taken = {machine.name}
        while more := {
            r["server"] for r in answered
            if r["client"] in taken and r["server"] in MACHINES and (r["verb"] == "write" or r["protocol"] == "rdp")
        } - taken:  # fmt: skip
            taken |= more
        met = {r["server"] for r in answered if r["client"] in taken and r["server"] in MACHINES}
        asked = {r["server"] for r in answered if r["client"] == machine.name and r["server"] in MACHINES}
        expected = Radius(len(asked), len(taken) - 1, len(met - taken))
        assert contacts.radius(machine) == expected
    ways = Ways(policy, kinds_of(policy, "default", machines))
    allowed = [kind for kind in every if policy.judge(kind.ask).allowed]
    within = Contacts("default", machines, allowed)
    for number, alike in enumerate(ways.kinds):
        reached = ways.reach(number)
        most = [ways.machines(part, reached) for part in (reached.taken, reached.taken | reached.touched)]
        for machine in alike.machines:
            radius = within.radius(machine)
            assert radius.taken <= most[0]
            assert radius.taken + radius.touched <= most[1]


@given(conduits)
def test_a_zone_opens_what_any_of_its_machines_opens(some: tuple[Conduit, ...]) -> None:
    policy = Policy(Site(zones=ZONES, conduits=some), TODAY)
    ways = Ways(policy, kinds_of(policy, "default", machines_of(policy, "default")))
    reached = tuple(ways.reach(number) for number in range(len(ways.kinds)))
    for radius in zone_radii(ways, reached, range(len(ways.kinds)), len(MACHINES)):
        rows = [each for each in reached if ways.kinds[each.start].zone == radius.zone]

        def outside(parts: list[frozenset[int]], own: str = radius.zone) -> set[str]:
            found = {n for part in parts for n in part if ways.kinds[n].zone != own}
            return {machine.name for n in found for machine in ways.kinds[n].machines}

        taken = outside([each.taken for each in rows])
        touched = outside([each.touched for each in rows]) - taken
        members = next(zone.members for zone in ZONES if zone.name == radius.zone)
        others = len(MACHINES) - len(members)
        assert radius == ZoneRadius(radius.zone, len(members), others, len(taken), len(touched))


def test_conversations_without_requests_count_as_their_protocol_says() -> None:
    policy = Policy(Site(zones=ZONES, conduits=()), TODAY)
    one, two, three, four = MACHINES[:4]
    rows = [
        {"client": one, "server": two, "protocol": None, "server_port": 4711},
        {"client": one, "server": three, "protocol": "modbus"},
        {"client": three, "server": four, "protocol": "enip-io", "transport": "udp", "server_port": 2222},
        {"client": two, "server": MACHINES[4], "protocol": None, "server_port": 1, "server_packets": 0},
    ]
    traffic = Traffic()
    traffic.feed("flows", flows(*rows))
    traffic.finish()
    machines = {m.name: m for m in machines_of(policy, "default")}
    contacts = Contacts("default", machines.values(), list(traffic.kinds(policy)))
    assert contacts.radius(machines[one]) == Radius(2, 1, 1)  # an unknown protocol takes, a look does not
    assert contacts.radius(machines[three]) == Radius(1, 1, 0)
    assert contacts.radius(machines[four]) == Radius(1, 0, 1)  # inputs come back
    assert contacts.radius(machines[two]) == Radius(0, 0, 0)  # nobody answered
