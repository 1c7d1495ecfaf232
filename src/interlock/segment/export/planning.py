"""From the policy to the plan: conduits as rules, and what of them no rule can say."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from interlock.records.conduit import ANY
from interlock.segment.export.comments import slug
from interlock.segment.export.plan import Ends, Groups, Lack, Plan, Rule
from interlock.segment.export.regions import Region, joined, narrowed, regions_of
from interlock.segment.export.services import HELPED, NEVER, Services, services_of
from interlock.segment.export.spans import normal
from interlock.segment.model.realms import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interlock.records.asset import Asset
    from interlock.records.conduit import Conduit
    from interlock.records.site import Member
    from interlock.segment.model.policy import Policy

__all__ = ["plan_of"]


def plan_of(
    policy: Policy, realm: str, known: Mapping[str, tuple[str, ...]], assets: Sequence[Asset] | None = None
) -> Plan:
    """Make the plan of a policy without problems. known: see `known_services`.

    assets: every machine that is known, the same that the policy looks up; None where there is no inventory. Raises
    PolicyError where a zone needs one: what is not looked up would silently be left out.
    """
    site = policy.site
    zones = [zone for zone in site.zones if zone.realm == realm]
    refuse_unknown(site, realm, assets)
    regions = regions_of(site, realm, policy.today, policy.places, assets or ())
    ends = {
        zone.name: Ends(f"z{number}_{slug(zone.name)}", regions[zone.name], (zone.name,))
        for number, zone in enumerate(site.zones, 1)
        if zone.realm == realm
    }
    rules = [
        Rule(number=number, source=ends[zone.name], target=ends[zone.name], services=Services(every=True))
        for number, zone in enumerate(site.zones, 1)
        if zone.name in ends and zone.inside == "allow" and regions[zone.name]
    ]
    lacks = [
        Lack(zone.name, "machines", "narrower", f"zone {zone.name} has no machine with an address in {realm}")
        for zone in zones
        if not regions[zone.name]
    ]
    for number, conduit in enumerate(site.conduits, 1):
        ended = conduit.until is not None and conduit.until < policy.today
        if ended or not {*conduit.from_, *conduit.to} <= set(ends):
            continue
        rule = _rule(policy, realm, number, conduit, ends, known, assets or ())
        rules.append(rule)
        lacks += _lacks(rule, conduit, known)
    return Plan(
        site=site.name or "",
        realm=realm,
        today=policy.today,
        rules=tuple(rules),
        lacks=tuple(lacks),
        zones=tuple(ends.values()),
    )


def _rule(
    policy: Policy,
    realm: str,
    number: int,
    conduit: Conduit,
    ends: Mapping[str, Ends],
    known: Mapping[str, tuple[str, ...]],
    assets: Sequence[Asset],
) -> Rule:
    def side(names: Iterable[str], members: Sequence[Member], word: str) -> Ends:
        zones = [ends[name] for name in dict.fromkeys(names)]
        if len(zones) == 1 and not members:
            return zones[0]
        region = joined(zone.region for zone in zones)
        if members:
            region = narrowed(region, members, realm, policy.places, assets)
        return Ends(f"c{number}_{word}", region, tuple(zone.zones[0] for zone in zones))

    heard = _groups(conduit.groups) if conduit.groups else None
    to = tuple(dict.fromkeys(conduit.to))
    return Rule(
        number=number,
        source=side(conduit.from_, conduit.clients, "from"),
        target=side(to, conduit.servers, "to") if heard is None else Ends(f"c{number}_to", Region(), to),
        services=services_of(conduit.ports, conduit.protocols, known),
        conduit=conduit,
        groups=heard,
    )


def _groups(names: Iterable[str]) -> Groups:
    ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    macs, broadcast = [], False
    for name in names:
        if name == "broadcast":
            broadcast = True
            macs.append("ff:ff:ff:ff:ff:ff")
        elif "/" not in name and name.count(":") == 5 and len(name) == 17:
            macs.append(name)
        else:
            network = ipaddress.ip_network(name)
            ranges[network.version].append((int(network[0]), int(network[-1])))
    return Groups(normal(ranges[4]), normal(ranges[6]), tuple(sorted(macs)), broadcast)


def _lacks(rule: Rule, conduit: Conduit, known: Mapping[str, tuple[str, ...]]) -> Iterator[Lack]:
    """Everything that is lost of a conduit whatever the target."""
    name, services = conduit.name, rule.services
    spoken = [protocol for protocol in conduit.protocols if known.get(protocol)]
    portless = [p for p in conduit.protocols if not known.get(p)]
    for word in (word for word in conduit.ports if word in NEVER):
        text = f"{name}: no conversation is called {word}, so it allows nothing; write {NEVER[word]}"
        yield Lack(name, "ports", "narrower", text)
    if portless:
        text = f"{name}: {', '.join(portless)} has no usual port, so nothing of it passes; name one by --port"
        yield Lack(name, "ports", "narrower", text)
    if not services and not portless:
        yield Lack(name, "ports", "narrower", f"{name}: nothing of it is spoken at a port that is known")
    spoken = [protocol for protocol in spoken if protocol not in {"icmp", "icmp6"}]
    if spoken:
        yield Lack(name, "content", "wider", _content(conduit, spoken, known))
        text = f"{name}: {', '.join(spoken)} passes at {_places(spoken, known)} alone"
        yield Lack(name, "ports", "narrower", text)
    for protocol in spoken:
        if protocol in HELPED:
            yield Lack(name, "helper", "narrower", f"{name}: {protocol} goes on with {HELPED[protocol]}")
    if rule.groups is not None:
        text = f"{name}: which of {', '.join(conduit.to)} hear it is up to routes and IGMP snooping"
        yield Lack(name, "hearers", "elsewhere", text)
    elif services and not any((rule.reaches(4), rule.reaches(6), rule.of_frames)):
        yield Lack(
            name, "machines", "narrower", f"{name}: no machine at both ends that its services could join"
        )


def _content(conduit: Conduit, spoken: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> str:
    only = [
        f"{word} {', '.join(what)}"
        for word, what in (
            ("for", tuple(v for v in conduit.verbs if v != ANY)),
            ("of unit", conduit.units),
            ("for object", conduit.objects),
        )
        if what
    ]
    if not conduit.verbs:
        only = ["where nothing is asked"]
    asked = f" {' and '.join(only)}" if only else ""
    places = _places(spoken, known)
    return (
        f"{conduit.name}: the policy allows {', '.join(spoken)}{asked} alone; a packet filter lets pass whatever is"
        f" spoken at {places}. It needs an enforcer that knows {' and '.join(spoken)}"
    )


def _places(protocols: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(dict.fromkeys(text for protocol in protocols for text in known.get(protocol, ())))
