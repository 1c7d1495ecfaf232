from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.model.policy import REASONS, Answer, Ask, Policy

TODAY = date(2026, 11, 28)
PANEL, CELL, OTHER, SAFE, STRANGER = "10.0.1.1", "10.0.2.1", "10.0.2.2", "10.0.3.1", "192.0.2.1"
ZONES = (
    Zone(name="panels", members=("10.0.1.0/24",), sl_t=(2,) * 7),
    Zone(name="cell", members=("10.0.2.0/24", "00:1b:1b:00:00:01"), sl_t=(1,) * 7),
    Zone(
        name="safety",
        kind="safety",
        members=("10.0.3.0/24",),
        parent="cell",
        inside="conduits",
        sl_t=(3,) * 7,
    ),
)


def policy(*conduits: Conduit) -> Policy:
    return Policy(Site(zones=ZONES, conduits=conduits), TODAY)


def way(**fields: object) -> Conduit:
    given = {
        "name": "c",
        "from_": ("panels",),
        "to": ("cell",),
        "protocols": ("modbus",),
        "verbs": ("read",),
        **fields,
    }
    return Conduit(**given)  # type: ignore[arg-type]


def ask(
    client: str = PANEL,
    server: str = CELL,
    protocol: str | None = "modbus",
    verb: str | None = "read",
    **more: object,
) -> Ask:
    return Ask("default", client, server, protocol, verb, **more)  # type: ignore[arg-type]


def test_nothing_is_allowed_that_nothing_allows() -> None:
    nothing = policy()
    assert nothing.judge(ask()) == Answer("denied", None, "no-conduit", "panels", "cell")
    assert nothing.judge(ask(verb=None)).reason == "no-conduit"
    assert nothing.judge(ask(STRANGER)) == Answer("denied", None, "no-zone", None, "cell")
    assert nothing.judge(ask(server=STRANGER)).reason == "no-zone"
    assert nothing.judge(ask(STRANGER, STRANGER)).reason == "no-zone"
    assert Policy(Site(), TODAY).judge(ask()).reason == "no-zone"


def test_inside_a_zone_is_what_the_zone_says() -> None:
    assert policy().judge(ask(CELL, OTHER)) == Answer("inside", "cell", None, "cell", "cell")
    assert policy().judge(ask(CELL, OTHER, None, None)).allowed
    assert policy().judge(ask(SAFE, "10.0.3.2")).reason == "no-conduit"
    assert policy(way(from_=("safety",), to=("safety",))).judge(ask(SAFE, "10.0.3.2")).how == "conduit"


def test_a_zone_within_another_is_apart_from_it() -> None:
    """What may go to the zone around may not go to the zone inside, nor between both."""
    assert policy(way()).judge(ask(server=SAFE)).reason == "no-conduit"
    assert policy().judge(ask(CELL, SAFE)).reason == "no-conduit"


@pytest.mark.parametrize(
    ("conduit", "asked", "reason"),
    [
        (way(), ask(), None),
        (way(), ask(verb=None), None),
        (way(), ask(CELL, PANEL), "direction"),
        (way(), ask(CELL, PANEL, verb="write"), "no-conduit"),
        (way(), ask(protocol="s7comm"), "protocol"),
        (way(), ask(protocol=None, verb=None), "protocol"),
        (way(), ask(verb="write"), "verb"),
        (way(), ask(verb="report"), "verb"),
        (way(), ask(verb="open"), "verb"),
        (way(verbs=()), ask(), "verb"),
        (way(verbs=()), ask(verb=None), None),
        (way(verbs=("*",)), ask(verb="program-write"), None),
        (way(units=("1",)), ask(unit="1"), None),
        (way(units=("1",)), ask(unit="2"), "unit"),
        (way(units=("1",)), ask(), "unit"),
        (way(objects=("holding:0..9",)), ask(object="holding:8", many=2), None),
        (way(objects=("holding:0..9",)), ask(object="holding:8", many=3), "object"),
        (way(objects=("holding:0..9",)), ask(verb=None), None),
        (way(clients=(PANEL,)), ask(), None),
        (way(clients=("10.0.1.2",)), ask(), "machine"),
        (way(servers=(OTHER,)), ask(), "machine"),
        (way(protocols=(), verbs=(), ports=("tcp/500-502",)), ask(port=("tcp", 502)), None),
        (way(protocols=(), verbs=(), ports=("tcp/500-502",)), ask(protocol=None, verb=None, port=("tcp", 502)), None),
        (way(protocols=(), verbs=(), ports=("tcp/500-502",)), ask(port=("udp", 502)), "protocol"),
        (way(protocols=(), verbs=(), ports=("tcp/500-502",)), ask(port=("tcp", 503)), "protocol"),
        (way(protocols=(), verbs=(), ports=("tcp/502",)), ask(), "protocol"),
        (way(protocols=(), verbs=(), ports=("icmp",)), ask(protocol=None, verb=None, port=("icmp", 0)), None),
        (way(until=TODAY), ask(), None),
        (way(until=date(2026, 11, 27)), ask(), "expired"),
        (way(until=date(2026, 11, 27)), ask(verb="write"), "no-conduit"),
        (way(groups=("239.1.1.1",)), ask(), "machine"),
    ],
)  # fmt: skip
def test_a_conduit_allows_what_it_says_and_nothing_else(
    conduit: Conduit, asked: Ask, reason: str | None
) -> None:
    answer = policy(conduit).judge(asked)
    assert answer.reason == reason
    assert answer.allowed is (reason is None)
    assert reason is None or reason in REASONS


def test_of_several_conduits_any_allows_and_the_nearest_is_named() -> None:
    several = policy(way(name="a", protocols=("s7comm",)), way(name="b"), way(name="c", verbs=("write",)))
    assert several.judge(ask(verb="write")).by == "c"
    assert several.judge(ask(verb="stop")) == Answer("denied", "b", "verb", "panels", "cell")


def test_neighbours_on_a_link_are_no_way_between_zones() -> None:
    assert policy().judge(ask(protocol="arp", verb="discover")).how == "link"
    assert policy().judge(ask("00:1b:1b:00:00:01", "01:80:c2:00:00:0e", "lldp")).how == "link"
    assert policy().judge(ask("0.0.0.0", "255.255.255.255", "dhcp")).how == "link"


def test_a_group_is_heard_in_its_senders_zone_and_where_a_conduit_says() -> None:
    group = "239.1.1.1"
    assert policy().judge(ask(PANEL, group)) == Answer("inside", "panels", None, "panels", "panels")
    assert policy().judge(ask(PANEL, group, hearers=("panels",))).how == "inside"
    assert policy().judge(ask(PANEL, group, hearers=("panels", "cell"))) == Answer(
        "denied", None, "group", "panels", "cell"
    )
    assert policy().judge(ask(SAFE, group)).reason == "group"
    assert policy().judge(ask(STRANGER, group)).reason == "no-zone"
    opened = policy(way(groups=(group,)))
    assert opened.judge(ask(PANEL, group, hearers=("cell",))) == Answer(
        "conduit", "c", None, "panels", "cell"
    )
    assert opened.judge(ask(PANEL, group, hearers=("cell", "safety"))).reason == "group"
    assert opened.judge(ask(PANEL, group, verb="write", hearers=("cell",))).reason == "group"
    assert opened.judge(ask(CELL, group, hearers=("panels",))).reason == "group"


def test_who_answers_a_call_to_all_sends_to_all() -> None:
    answer = policy().judge(ask("10.0.1.255", CELL, "bacnet", "report", hearers=("panels",)))
    assert answer == Answer("denied", None, "group", "cell", "panels")
    both = way(
        protocols=("bacnet",), verbs=("report",), groups=("broadcast",), from_=("cell",), to=("panels",)
    )
    assert (
        policy(both).judge(ask("10.0.1.255", CELL, "bacnet", "report", hearers=("panels",))).how == "conduit"
    )


def test_a_machine_of_a_conduit_is_known_by_any_of_its_addresses() -> None:
    mac = "00:1b:1b:00:00:02"
    panel = Asset(id="1", realm="default", ips=(PANEL,), macs=(mac,))
    there = Policy(
        Site(zones=ZONES, conduits=(way(clients=(PANEL,)),)),
        TODAY,
        lambda _, at: panel if at in {PANEL, mac} else None,
    )
    assert there.judge(ask(mac, "00:1b:1b:00:00:01")).how == "conduit"


machines = st.sampled_from([PANEL, "10.0.1.2", CELL, OTHER, SAFE, "10.0.3.2", STRANGER])
zone_names = st.lists(st.sampled_from([z.name for z in ZONES]), min_size=1, max_size=2, unique=True).map(
    tuple
)
some = st.sampled_from
conduits = st.builds(
    Conduit,
    name=st.just("c"),
    from_=zone_names,
    to=zone_names,
    protocols=st.lists(some(["modbus", "s7comm"]), max_size=2, unique=True).map(tuple),
    verbs=st.lists(some(["read", "write", "*"]), max_size=2, unique=True).map(tuple),
    objects=st.lists(some(["holding:0..9", "holding:5", "DB1*"]), max_size=2, unique=True).map(tuple),
    units=st.lists(some(["1", "2"]), max_size=1).map(tuple),
    ports=st.lists(some(["tcp/502", "udp/1-100"]), max_size=1).map(tuple),
    clients=st.lists(machines, max_size=2).map(tuple),
    servers=st.lists(machines, max_size=2).map(tuple),
    until=some([None, TODAY, date(2026, 1, 1)]),
)
asks = st.builds(
    Ask,
    realm=st.just("default"),
    client=machines,
    server=machines,
    protocol=some(["modbus", "s7comm", None]),
    verb=some(["read", "write", "stop", None]),
    unit=some([None, "1", "2"]),
    object=some([None, "holding:4", "holding:5", "DB1.DBD0"]),
    many=some([None, 1, 2, 6]),
    port=some([None, ("tcp", 502), ("udp", 50), ("udp", 502)]),
)
witnesses = {
    "unit": (None, "1", "2"),
    "object": (None, "holding:0", "holding:5", "DB1.DBD0"),
}  # one for each pattern of `conduits`, and one that none names


def zone_of(address: str) -> str | None:
    return {"10.0.1": "panels", "10.0.2": "cell", "10.0.3": "safety"}.get(address.rpartition(".")[0])


def named(objects: tuple[str, ...], asked: Ask) -> bool:
    """The three patterns of `conduits`, spelled out by hand."""
    many = asked.many or 1
    first = int(asked.object.partition(":")[2]) if (asked.object or "").startswith("holding") else None
    return not objects or any(
        (pattern == "holding:0..9" and first is not None and first + many - 1 <= 9)
        or (pattern == "holding:5" and first == 5 and many == 1)
        or (pattern == "DB1*" and (asked.object or "").startswith("DB1"))
        for pattern in objects
    )


def says(conduit: Conduit, asked: Ask) -> bool:
    """What docs/zones.md says in words."""
    by_port = {("tcp", 502): "tcp/502", ("udp", 50): "udp/1-100"}.get(asked.port or ("", 0)) in conduit.ports
    by_protocol = asked.protocol in conduit.protocols and (
        asked.verb is None
        or (
            (asked.verb in conduit.verbs or "*" in conduit.verbs)
            and (not conduit.units or asked.unit in conduit.units)
            and named(conduit.objects, asked)
        )
    )
    return (
        zone_of(asked.client) in conduit.from_
        and zone_of(asked.server) in conduit.to
        and (not conduit.clients or asked.client in conduit.clients)
        and (not conduit.servers or asked.server in conduit.servers)
        and (conduit.until is None or conduit.until >= TODAY)
        and (by_port or by_protocol)
    )


@given(st.lists(conduits, max_size=4), asks)
def test_allowed_is_exactly_the_union_of_conduits_and_the_inside_rule(
    ways: list[Conduit], asked: Ask
) -> None:
    client, server = zone_of(asked.client), zone_of(asked.server)
    inside = client == server and client in {"panels", "cell"}
    expected = client is not None and server is not None and (inside or any(says(c, asked) for c in ways))
    assert policy(*ways).judge(asked).allowed is expected


@given(st.lists(conduits, max_size=3), conduits, asks)
def test_one_more_conduit_never_takes_anything_away(ways: list[Conduit], more: Conduit, asked: Ask) -> None:
    before, after = policy(*ways).judge(asked), policy(*ways, more).judge(asked)
    assert after.allowed or not before.allowed
    assert policy(more, *ways).judge(asked).allowed is after.allowed


@given(st.lists(conduits, max_size=4), asks)
def test_what_was_not_seen_passes_exactly_where_something_it_may_have_been_passes(
    ways: list[Conduit], asked: Ask
) -> None:
    asked = asked._replace(joined=True, many=1)
    answer = policy(*ways).judge(asked)
    possible = [
        asked._replace(unit=unit, object=name, joined=False)
        for unit in (witnesses["unit"] if asked.unit is None else (asked.unit,))
        for name in (witnesses["object"] if asked.object is None else (asked.object,))
    ]
    assert answer.allowed is any(policy(*ways).judge(each).allowed for each in possible)
    certain = policy(*ways).judge(asked._replace(joined=False)).allowed
    assert answer.unseen is None or (answer.allowed and not certain)
    assert (answer.unseen is None) or answer.unseen in {"unit", "object"}
    assert not (answer.allowed and not certain and answer.unseen is None)


@pytest.mark.parametrize(
    ("protocol", "verb", "port", "reason"),
    [
        (None, None, ("tcp", 502), None),
        (None, None, ("tcp", 4711), "protocol"),
        (None, None, ("udp", 502), "protocol"),
        (None, None, None, "protocol"),
        ("http", None, ("tcp", 502), "protocol"),
        ("http", "read", ("tcp", 502), "protocol"),
    ],
)
def test_only_where_nothing_was_said_does_a_port_stand_for_the_protocol_at_home_there(
    protocol: str | None, verb: str | None, port: tuple[str, int] | None, reason: str | None
) -> None:
    at_home = Policy(
        Site(zones=ZONES, conduits=(way(),)), TODAY, spoken_at={("tcp", 502): frozenset({"modbus"})}
    )
    assert at_home.judge(ask(protocol=protocol, verb=verb, port=port)).reason == reason


@pytest.mark.parametrize(
    ("conduit", "asked", "allowed", "unseen"),
    [
        (way(units=("1",)), ask(joined=True), True, "unit"),
        (way(units=("1",)), ask(joined=True, unit="2"), False, None),
        (way(objects=("holding:0..9",)), ask(joined=True), True, "object"),
        (way(objects=("holding:0..9",)), ask(joined=True, object="holding:5", many=1), True, None),
        (way(objects=("holding:0..9",)), ask(joined=True, object="holding:50", many=1), False, None),
        (way(objects=("holding:0..9",)), ask(), False, None),
        (way(units=("1",), objects=("holding:0..9",)), ask(joined=True, unit="1"), True, "object"),
        (
            way(units=("1",), ports=("tcp/502",)),
            ask(joined=True, protocol="s7comm", port=("tcp", 502)),
            True,
            None,
        ),
    ],
)
def test_which_of_unit_and_object_was_not_seen_is_said_and_what_was_seen_still_counts(
    conduit: Conduit, asked: Ask, allowed: bool, unseen: str | None
) -> None:
    answer = policy(conduit).judge(asked)
    assert (answer.allowed, answer.unseen) == (allowed, unseen)
