"""Random policies of a plant: nested zones, networks and single addresses, ports, protocols and groups."""

from __future__ import annotations

import ipaddress
from datetime import date
from itertools import product

from hypothesis import strategies as st

from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.export.matches import Match, Opening, edges
from interlock.segment.export.planning import plan_of
from interlock.segment.export.services import at_home, known_services
from interlock.segment.export.spans import read_ranges
from interlock.segment.model.groups import is_group, is_link
from interlock.segment.model.policy import Ask, Policy

TODAY = date(2026, 11, 28)
KNOWN = known_services(
    [
        (("modbus", "umas"), (502,), (502,), ()),
        (("cotp", "s7comm"), (102,), (), ()),
        (("snmp",), (), (161,), ()),
        (("profinet-rt", "profinet-dcp", "pnio-cm"), (), (34964,), (0x8892,)),
        (("ads",), (48898,), (48899,), ()),
        (("nowhere",), (), (), ()),
    ]
)
NETWORKS = (
    *("10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.0/25", "10.0.1.8/29", "10.0.2.0/23", "10.0.3.255"),
    *(
        "10.0.1.9",
        "10.0.1.10",
        "10.0.2.1",
        "10.9.0.1",
        "192.0.2.0/24",
        "192.0.2.7",
        "0.0.0.0/0",
        "10.0.1.9/32",
    ),
    *("2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::7", "::/0", "00:1b:1b:00:00:01", "00:1b:1b:00:00:02"),
)
PORTS = (
    *("tcp/502", "tcp/500-510", "tcp/1-65535", "tcp/443", "udp/161", "udp/160-170", "udp/5000-5010"),
    *("icmp", "icmp6", "ip/47", "ip/112", "eth/0x88b8", "ip/6"),
)
GROUPS = ("broadcast", "239.1.1.1", "224.0.0.0/4", "ff02::1", "ff0e::/16", "01:0c:cd:01:00:01")
TRANSPORTS = {
    4: ("tcp", "udp", "icmp", "ip/47", "ip/112", "ip/51"),
    6: ("tcp", "udp", "icmp6", "ip/47", "ip/112", "ip/51"),
}
TEXTS = st.text(max_size=30)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """A site file as it could be written: each member stands in one zone."""
    many = draw(st.integers(1, 5))
    places = draw(
        st.lists(st.tuples(st.integers(0, many - 1), st.sampled_from(NETWORKS)), unique_by=lambda p: p[1])
    )
    zones = tuple(
        Zone(
            name=f"z{number}{draw(TEXTS)}",
            members=tuple(member for place, member in places if place == number),
            parent=None if number == 0 or draw(st.booleans()) else "z0",
            inside=draw(st.sampled_from(("allow", "conduits"))),
        )
        for number in range(many)
    )
    names = [zone.name for zone in zones]
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(tuple)
    members = st.one_of(st.just(()), st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2).map(tuple))
    return Site(
        zones=zones,
        conduits=tuple(draw(_conduits(number, some, members)) for number in range(draw(st.integers(0, 5)))),
    )


@st.composite
def _conduits(draw: st.DrawFn, number: int, some: st.SearchStrategy, members: st.SearchStrategy) -> Conduit:
    groups = draw(
        st.one_of(st.just(()), st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2).map(tuple))
    )
    return Conduit(
        name=f"c{number}{draw(TEXTS)}",
        from_=draw(some),
        to=draw(some),
        protocols=draw(st.lists(st.sampled_from(sorted(KNOWN)), max_size=2).map(tuple)),
        verbs=draw(st.sampled_from(((), ("read",), ("*",)))),
        ports=draw(st.lists(st.sampled_from(PORTS), max_size=2).map(tuple)),
        groups=groups,
        clients=draw(members),
        servers=() if groups else draw(members),
        reason=draw(st.none() | TEXTS),
        owner=draw(st.none() | TEXTS),
        until=draw(st.sampled_from((None, date(2026, 11, 27), TODAY, date(2030, 1, 1)))),
    )


def policy_of(site: Site) -> Policy:
    return Policy(site, TODAY, spoken_at=at_home(KNOWN))


def plan(site: Site):
    return plan_of(policy_of(site), "default", KNOWN)


def text_of(version: int, number: int) -> str:
    return str((ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(number))


def judged(
    policy: Policy,
    version: int,
    transport: str,
    source: int,
    target: int,
    port: int,
    *,
    bridges: bool = False,
) -> bool:
    """What the policy itself says to a conversation that shows no protocol: by its port.

    bridges: whether what a zone says to groups within it is the firewall's business.
    """
    client, server = text_of(version, source), text_of(version, target)
    if is_group(client):
        return False
    answer = policy.judge(Ask("default", client, server, None, None, port=(transport, port)))
    if is_group(server) and not bridges:  # its own zone's inside is no firewall's business, and no rule's
        return answer.how == "conduit"
    return answer.allowed and answer.how != "link"


def openings(site: Site, table: tuple[Match, ...], chance, most: int = 12):
    """Openings at the edges of policy and table: between two of them neither changes its mind.

    most: of addresses, so many are chosen; of ports half as many.
    """
    named = {m for z in site.zones for m in z.members} | {
        m for c in site.conduits for m in (*c.clients, *c.servers)
    }
    named |= {g for c in site.conduits for g in c.groups if g != "broadcast"}
    for version in (4, 6):
        mine = [m for m in named if (":" in m) == (version == 6) and not (len(m) == 17 and m.count(":") == 5)]
        here = [m for m in table if m.version in (None, version)]
        spans = [read_ranges([m]) for m in mine]
        ends = edges([*spans, *spans, *(m.source for m in here), *(m.target for m in here)])
        last = (1 << (32 if version == 4 else 128)) - 1
        groups = {0xE0000000, 0xF0000000, last} if version == 4 else {0xFF << 120}
        points = {max(e, 1) for e in ends if e <= last} | groups  # 0 is nobody: no router passes it on
        if version == 4:  # in each cell one address that ends in .255, and one that does not
            points |= {min(s | 0xFF, last) for s in points} | {
                s + 1 for s in points if s & 0xFF == 0xFF and s < last
            }
        ports = {0, 1, 501, 502, 161, 443, 5000, 65535}
        ports |= {
            p for p in edges([*(m.target_port for m in here), *(m.source_port for m in here)]) if p <= 65535
        }
        for source, target in product(_some(points, chance, most), _some(points, chance, most)):
            for transport in TRANSPORTS[version]:
                if is_link(None, transport, text_of(version, target)):
                    continue  # between neighbours: no router passes it on, whatever a rule says
                for port in _some(ports, chance, most // 2) if transport in ("tcp", "udp") else (0,):
                    yield Opening(
                        version=version, transport=transport, source=source, target=target, target_port=port
                    )


def _some(numbers: set[int], chance, most: int) -> list[int]:
    return sorted(numbers) if len(numbers) <= most else chance.sample(sorted(numbers), most)
