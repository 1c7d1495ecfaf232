"""Policies drawn by chance over machines and what they say to each other, so that about half of it is allowed."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from interlock.bench.kernel_network import is_mac
from interlock.bench.kernel_talk import Flow
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.export.services import at_home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from random import Random  # noqa: TID251 (a seeded one is passed in)

__all__ = ["ODD_MACHINES", "drawn_flows", "drawn_site"]

ODD_MACHINES: Final = ("2001:db8:1::7", "2001:db8:1::8", "2001:db8:2::9", "198.51.100.9", "10.0.255.254")
"""Besides those that were seen: the other IP, and addresses far from all others."""
_PORTS: Final = ("tcp/1-65535", "udp/1024-65535", "tcp/500-510", "udp/161", "icmp", "icmp6", "ip/47", "ip/112",
                 "eth/0x8892", "eth/0x88b8")  # fmt: skip
_GROUPS: Final = ("broadcast", "239.1.1.1", "ff05::1:3", "01:0c:cd:01:00:01")
_TOLD: Final = (
    ("239.1.1.1", "224.0.0.251", "255.255.255.255", "10.77.1.255"),
    ("ff05::1:3", "ff02::fb", "ff0e::101"),
)
"""Groups that machines of either IP tell something to."""
_TYPES: Final = ("eth/0x8892", "eth/0x88b8", "eth/0x88a4")
_TRIED: Final = (
    *((("tcp", port), 1) for port in (102, 499, 502, 510, 511, 44818, 65535)),
    *((("udp", port), 2) for port in (160, 161, 1023, 1024, 2222, 34964, 65535)),
    (("icmp", 0), 12),
    (("ip/47", 0), 1),
    (("ip/112", 0), 1),
)
"""What is tried beside what was seen, and how often beside the others."""


def drawn_site(
    chance: Random,
    machines: Sequence[str],
    flows: Sequence[tuple[Flow, str | None]],
    known: Mapping[str, tuple[str, ...]],
    today: date,
) -> Site:
    """A policy. flows: that were seen, with their protocol. known: protocols' ports. today: conduits end around it."""
    names = [f"zone {number}" for number in range(chance.randint(3, 6))]
    members: dict[str, list[str]] = {name: [] for name in names}
    home = {}
    for machine in machines:
        home[machine] = chance.choice(names)
        if chance.random() < 0.95:  # else it is in no zone
            members[home[machine]].append(machine)
    networks = sorted({str(ipaddress.ip_network(f"{m}/28", strict=False)) for m in machines if "." in m})
    for network in chance.sample(networks, min(2, len(networks))):
        members[chance.choice(names)].append(network)
    members[chance.choice(names)].append("0.0.0.0/0" if chance.random() < 0.3 else "2001:db8::/32")
    zones = tuple(
        Zone(
            name=name, members=tuple(members[name]), inside=chance.choice(("allow", "conduits")),
            parent=names[0] if name != names[0] and chance.random() < 0.3 else None,
        )
        for name in names
    )  # fmt: skip
    seen = sorted(
        {
            (home[f.client], home[f.server], f, protocol or "")
            for f, protocol in flows
            if f.client in home and f.server in home
        }
    )
    wanted = [each for each in seen if chance.random() < 0.5]
    conduits = [_for(number, each, chance, today) for number, each in enumerate(wanted[:60])]
    conduits += [_any(number, names, sorted(known), chance) for number in range(chance.randint(2, 5))]
    return Site(zones=zones, conduits=tuple(conduits))


def _for(number: int, seen: tuple[str, str, Flow, str], chance: Random, today: date) -> Conduit:
    """A conduit around something that was seen: by protocol or port, narrow or wide, perhaps at its end."""
    client, server, flow, protocol = seen
    by_protocol = bool(protocol) and chance.random() < 0.6
    port = flow.transport if flow.port == 0 else f"{flow.transport}/{flow.port}"
    return Conduit(
        name=f"seen {number}", from_=(client,), to=(server,),
        protocols=(protocol,) if by_protocol else (), verbs=("read", "open") if by_protocol else (),
        objects=("holding:0..99",) if by_protocol and chance.random() < 0.5 else (),
        ports=() if by_protocol else (port,),
        clients=(flow.client,) if chance.random() < 0.5 else (),
        servers=(flow.server,) if chance.random() < 0.5 else (),
        until=chance.choice((None, None, None, today, today - timedelta(days=1), today + timedelta(days=99))),
    )  # fmt: skip


def _any(number: int, names: Sequence[str], protocols: Sequence[str], chance: Random) -> Conduit:
    ports = tuple(chance.sample(_PORTS, chance.randint(1, 3)))
    return Conduit(
        name=f"any {number}", from_=tuple(chance.sample(names, 2)), to=tuple(chance.sample(names, 2)), ports=ports,
        protocols=tuple(chance.sample(protocols, 6)),
        groups=_GROUPS if chance.random() < 0.3 else (),
    )  # fmt: skip


def drawn_flows(
    chance: Random, machines: Sequence[str], known: Mapping[str, tuple[str, ...]], many: int
) -> list[Flow]:
    """Conversations that nobody had: any two machines of one kind, ports of protocols and at the edges of rules."""
    tried = [what for what, often in _TRIED for _ in range(often)]
    usual = sorted(place for place in at_home(known) if place[0] in {"tcp", "udp"})
    kinds = [[m for m in machines if not is_mac(m) and (":" in m) == six] for six in (False, True)]
    macs = [machine for machine in machines if is_mac(machine)]
    flows: list[Flow] = []
    while len(flows) < many:
        if len(macs) > 1 and chance.random() < 0.1:
            client, server = chance.sample(macs, 2)
            server = chance.choice((server, *_GROUPS[3:], "01:0e:cf:00:00:00"))
            flows.append(Flow(client, server, chance.choice(_TYPES), 0))
            continue
        if macs and chance.random() < 0.1:  # on a bridge
            six = chance.random() < 0.4
            ends = [chance.choice(kinds[six]), chance.choice(_TOLD[six])]
            if chance.random() < 0.3:  # it answers a call to many by another
                ends.reverse()
            flows.append(Flow(ends[0], ends[1], "udp", chance.choice((161, 2222))))
            continue
        client, server = chance.sample(kinds[chance.random() < 0.2], 2)
        transport, port = chance.choice(tried if chance.random() < 0.6 else usual)
        flows.append(
            Flow(client, server, "icmp6" if transport == "icmp" and ":" in client else transport, port)
        )
    return flows
