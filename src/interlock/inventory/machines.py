"""Machines: MACs, IPs and units that are one thing, before anybody asks what it is.

An anchor is a MAC, or an IP that no MAC owns. Two anchors are one machine only for strong reasons: the same
vendor and serial number; or the same system name and the same management address told by LLDP, CDP or SNMP.
Facts about an IP belong to the MAC that owned the IP at that time, so that an address lent to another machine
takes nothing along.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.inventory.addresses import Address, sort_key
from interlock.inventory.serials import serial_key, vendor_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.inventory.bonds import Bond, Ownership
    from interlock.inventory.proofs import Fact, FactsOf
    from interlock.inventory.registries import Registries
    from interlock.inventory.sightings import Sightings

__all__ = ["Machine", "Machines", "assemble"]

_INTRODUCING: Final = frozenset({"lldp", "cdp", "snmp"})
_SURE: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Machine:
    """One machine at (realm, addresses), which are endpoint numbers.

    ips: the latest first and link-local ones last.
    facts: about the machine itself. units: unit → facts about what is behind it. bonds: of ips.
    passing: sentences why its MAC is a forwarder. passed: how many IPs it passes on.
    via: bonds with forwarding MACs through which it was seen.
    stranger: a public address that no MAC here owns: somebody on the internet, not a machine of the plant.
    """

    realm: str
    macs: list[int] = field(default_factory=list)
    ips: list[int] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    units: dict[str, list[Fact]] = field(default_factory=dict)
    bonds: list[Bond] = field(default_factory=list)
    passing: list[tuple[Bond | None, str]] = field(default_factory=list)
    via: list[Bond] = field(default_factory=list)
    passed: int = 0
    stranger: bool = False

    def forget(self) -> None:
        """Free what a portrait has taken over."""
        self.facts, self.units, self.bonds, self.via, self.passing = [], {}, [], [], []


@dataclass(slots=True, kw_only=True)
class Machines:
    """All machines, and who held an address when."""

    all: list[Machine]
    holders: dict[int, list[tuple[int, int, int]]]
    """endpoint number → (first, last, place in `all`), the latest last."""

    def at(self, endpoint: int, time_ns: int | None = None) -> int | None:
        """Place of the machine that held an address at a time, or now; None where nobody does."""
        held = self.holders.get(endpoint)
        if not held:
            return None
        if time_ns is None or len(held) == 1:
            return held[-1][2]
        return min(held, key=lambda h: (max(h[0] - time_ns, time_ns - h[1], 0), -h[1]))[2]


def assemble(sightings: Sightings, facts: FactsOf, ownership: Ownership, registries: Registries) -> Machines:
    """Put every address that was seen, and every fact, into one machine."""
    known = _Union(_anchors(sightings, ownership))
    addresses = sightings.endpoints.addresses
    for same in _same_serial(sightings, facts, ownership, registries) + _same_system(
        sightings, facts, ownership
    ):
        for other in same[1:]:
            known.join(same[0], other)
    groups: dict[int, list[int]] = defaultdict(list)
    for anchor in known.members:
        groups[known.root(anchor)].append(anchor)
    realms = sightings.endpoints.realms
    ordered = sorted(
        (sorted(g, key=lambda a: sort_key(addresses[a])) for g in groups.values()),
        key=lambda g: (realms[g[0]], sort_key(addresses[g[0]])),
    )
    machines = Machines(all=[Machine(realm=realms[g[0]]) for g in ordered], holders={})
    for place, anchors in enumerate(ordered):
        _fill(machines, place, anchors, sightings, ownership)
    _hand_out(machines, facts)
    return machines


def _anchors(sightings: Sightings, ownership: Ownership) -> list[int]:
    flags = sightings.endpoints.flags
    seen = sightings.seen.rows().keys[0].tolist()
    macs = {b for b in seen if flags[b] & Address.MAC} | set(ownership.macs)
    ips = (e for e in seen if not flags[e] & Address.MAC and e not in ownership.owners)
    return [*macs, *ips]


def _fill(
    machines: Machines, place: int, anchors: list[int], sightings: Sightings, ownership: Ownership
) -> None:
    machine, flags = machines.all[place], sightings.endpoints.flags
    for anchor in anchors:
        if not flags[anchor] & Address.MAC:
            machine.ips.append(anchor)
            machine.via += ownership.via.get(anchor, ())
            machines.holders[anchor] = [(0, 0, place)]
            continue
        machine.macs.append(anchor)
        machines.holders[anchor] = [(0, 0, place)]
        judgement = ownership.macs.get(anchor)
        if judgement is None:
            continue
        machine.bonds += judgement.owned
        machine.passed += len(judgement.passed)
        example = next(iter(judgement.passed or judgement.owned), None)
        machine.passing += [(example, note) for note in judgement.notes]
        for bond in judgement.owned:
            machine.ips.append(bond.ip)
            machines.holders.setdefault(bond.ip, []).append((bond.first, bond.last, place))
    machine.stranger = not machine.macs and all(flags[i] & Address.PUBLIC for i in machine.ips)
    text = sightings.endpoints.addresses
    latest: dict[int, int] = {}
    for bond in machine.bonds:
        latest[bond.ip] = max(bond.last, latest.get(bond.ip, 0))
    machine.ips = sorted(
        set(machine.ips), key=lambda i: (flags[i] & Address.LINK_LOCAL, -latest.get(i, 0), sort_key(text[i]))
    )


def _hand_out(machines: Machines, facts: FactsOf) -> None:
    for held in machines.holders.values():
        held.sort(key=lambda h: (h[1], h[0], h[2]))
    for (who, unit), told in facts.items():
        for fact in told:
            place = machines.at(who, fact.proof.first)
            if place is None:
                continue
            machine = machines.all[place]
            (machine.units.setdefault(unit, []) if unit else machine.facts).append(fact)


def _same_serial(
    sightings: Sightings, facts: FactsOf, ownership: Ownership, registries: Registries
) -> list[list[int]]:
    """Anchors of one vendor with one serial number, unless they give different order numbers."""
    found: dict[tuple[str, str, str], dict[int, set[str]]] = defaultdict(dict)
    for (who, unit), told in facts.items():
        serials = {
            serial_key(f.proof.value) for f in told if f.field == "serial" and f.proof.confidence >= _SURE
        }
        vendor = _vendor(told, registries)
        if (
            unit
            or not serials
            or (vendor is None and len(min(serials, key=lambda s: len(s or "")) or "") < 8)
        ):
            continue
        orders = {f.proof.value.replace(" ", "") for f in told if f.field in {"order-number", "product-code"}}
        for serial in serials - {None}:
            for anchor in _anchors_of(who, ownership):
                found[sightings.endpoints.realms[who], vendor or "", serial or ""].setdefault(
                    anchor, set()
                ).update(orders)
    return [_one_kind(anchors, sightings) for anchors in found.values() if len(anchors) > 1]


def _one_kind(anchors: dict[int, set[str]], sightings: Sightings) -> list[int]:
    text = sightings.endpoints.addresses
    ordered = sorted(anchors, key=lambda a: sort_key(text[a]))
    first = next((anchors[a] for a in ordered if anchors[a]), set())
    return [a for a in ordered if not anchors[a] or not first or anchors[a] & first]


def _same_system(sightings: Sightings, facts: FactsOf, ownership: Ownership) -> list[list[int]]:
    """MACs (ports of a switch, say) that tell the same system name and the same management address."""
    found: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for (who, unit), told in facts.items():
        if unit:
            continue
        said = [f for f in told if f.proof.protocol in _INTRODUCING]
        names = {f.proof.value for f in said if f.field == "name"}
        places = {f.proof.value for f in said if f.field in {"ip", "mac"}}
        for name in names:
            for place in places:
                found[sightings.endpoints.realms[who], name, place].update(_anchors_of(who, ownership))
    text = sightings.endpoints.addresses
    return [sorted(a, key=lambda e: sort_key(text[e])) for a in found.values() if len(a) > 1]


def _anchors_of(who: int, ownership: Ownership) -> Iterable[int]:
    owners = ownership.owners.get(who)
    return [owners[-1].mac] if owners else [who]


def _vendor(told: Sequence[Fact], registries: Registries) -> str | None:
    names = [f.proof.value for f in told if f.field == "vendor"]
    names += [n for f in told if f.field == "vendor-id" and (n := registries.vendor(f.proof.value))]
    return min((k for n in names if (k := vendor_key(n))), default=None)


class _Union:
    """Disjoint sets with path halving; the smaller number leads, so that the result is one and the same."""

    def __init__(self, members: Iterable[int]) -> None:
        self.members = {m: m for m in members}

    def root(self, member: int) -> int:
        above = self.members
        while above[member] != member:
            above[member] = above[above[member]]
            member = above[member]
        return member

    def join(self, one: int, other: int) -> None:
        if one in self.members and other in self.members:
            low, high = sorted((self.root(one), self.root(other)))
            self.members[high] = low
