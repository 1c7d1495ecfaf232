"""Machines: MACs, IPs and units that are one thing, before anybody asks what it is.

An anchor is a MAC, or an IP that no MAC owns; strong joins make one machine of several. Facts about an IP
belong to the MAC that owned the IP at that time, so that an address lent to another machine takes nothing
along.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlock.inventory.addresses import Address, sort_key
from interlock.inventory.bonds import holder_at
from interlock.inventory.joins import strong_joins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.inventory.bonds import Bond, Judgement, Ownership
    from interlock.inventory.proofs import Fact, FactsOf
    from interlock.inventory.registries import Registries
    from interlock.inventory.sightings import Sightings
    from interlock.records.asset import Proof

__all__ = ["Machine", "Machines", "assemble"]


@dataclass(slots=True, kw_only=True)
class Machine:
    """One machine at (realm, addresses), which are endpoint numbers.

    ips: the latest first and link-local ones last.
    facts: about the machine itself. units: unit → facts about what is behind it. bonds: of ips.
    passing: sentences why its MAC is a forwarder. passed: how many IPs it passes on.
    via: bonds with forwarding MACs through which it was seen.
    joins: why more than one anchor is this machine.
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
    joins: list[Proof] = field(default_factory=list)
    passed: int = 0
    stranger: bool = False

    def forget(self) -> None:
        """Free what a portrait has taken over."""
        self.facts, self.units, self.bonds, self.via, self.passing, self.joins = [], {}, [], [], [], []


@dataclass(slots=True, kw_only=True)
class Machines:
    """All machines, and who held an address when.

    places: anchor (a MAC, or an IP that no MAC owns) → place in `all`. owners: IP → bonds with MACs that own
    it.
    """

    all: list[Machine]
    places: dict[int, int]
    owners: dict[int, list[Bond]]

    def at(self, endpoint: int, time_ns: int | None = None) -> int | None:
        """Place of the machine that held an address at a time, or holds it now; None where nobody does."""
        place = self.places.get(endpoint)
        if place is None and endpoint in self.owners:
            place = self.places[holder_at(self.owners[endpoint], time_ns).mac]
        return place

    def tenancies(self, endpoint: int) -> list[tuple[int, int, int]]:
        """(first, last, place) of all who held an IP; empty for an anchor, which is held for ever."""
        return sorted({(b.first, b.last, self.places[b.mac]) for b in self.owners.get(endpoint, ())})


def assemble(sightings: Sightings, facts: FactsOf, ownership: Ownership, registries: Registries) -> Machines:
    """Put every address that was seen, and every fact, into one machine."""
    known = _Union(_anchors(sightings, ownership))
    addresses = sightings.endpoints.addresses
    joins = strong_joins(sightings, facts, ownership, registries)
    for join in joins:
        for other in join.anchors[1:]:
            known.join(join.anchors[0], other)
    groups: dict[int, list[int]] = defaultdict(list)
    for anchor in known.members:
        groups[known.root(anchor)].append(anchor)
    realms = sightings.endpoints.realms

    def first(anchors: list[int]) -> tuple[object, ...]:
        owned = (b.ip for a in anchors if a in ownership.macs for b in ownership.macs[a].owned)
        leading = sort_key(addresses[anchors[0]])
        return realms[anchors[0]], min(leading, *(sort_key(addresses[ip]) for ip in owned), leading), leading

    ordered = sorted((sorted(g, key=lambda a: sort_key(addresses[a])) for g in groups.values()), key=first)
    places = {anchor: place for place, anchors in enumerate(ordered) for anchor in anchors}
    machines = Machines(
        all=[_filled(anchors, sightings, ownership) for anchors in ordered],
        places=places,
        owners=ownership.owners,
    )
    for join in joins:
        place = places.get(join.anchors[0])
        if place is not None and join.proof not in machines.all[place].joins:
            machines.all[place].joins.append(join.proof)
    _hand_out(machines, facts)
    return machines


def _anchors(sightings: Sightings, ownership: Ownership) -> list[int]:
    flags = sightings.endpoints.flags
    seen = sightings.seen.rows().keys[0].tolist()
    macs = {b for b in seen if flags[b] & Address.MAC} | set(ownership.macs)
    ips = (e for e in seen if not flags[e] & Address.MAC and e not in ownership.owners)
    return [*macs, *ips]


def _filled(anchors: list[int], sightings: Sightings, ownership: Ownership) -> Machine:
    """Make a machine of its anchors."""
    flags, text = sightings.endpoints.flags, sightings.endpoints.addresses
    machine = Machine(realm=sightings.endpoints.realms[anchors[0]])
    for anchor in anchors:
        if flags[anchor] & Address.MAC:
            machine.macs.append(anchor)
            _take_over(machine, ownership.macs.get(anchor))
        else:
            machine.ips.append(anchor)
            machine.via += ownership.via.get(anchor, ())
    machine.stranger = not machine.macs and all(flags[i] & Address.PUBLIC for i in machine.ips)
    latest: dict[int, int] = {}
    for bond in machine.bonds:
        latest[bond.ip] = max(bond.last, latest.get(bond.ip, 0))
    machine.ips = sorted(
        {*machine.ips, *latest},
        key=lambda i: (flags[i] & Address.LINK_LOCAL, -latest.get(i, 0), sort_key(text[i])),
    )
    return machine


def _take_over(machine: Machine, judgement: Judgement | None) -> None:
    if judgement is None:
        return
    machine.bonds += judgement.owned
    machine.passed += len(judgement.passed)
    example = next(iter(judgement.passed or judgement.owned), None)
    machine.passing += [(example, note) for note in judgement.notes]


def _hand_out(machines: Machines, facts: FactsOf) -> None:
    """Give every fact to the machine that held the address then."""
    for (who, unit), told in facts.items():
        for fact in told:
            place = machines.at(who, fact.proof.first)
            if place is None:
                continue
            machine = machines.all[place]
            (machine.units.setdefault(unit, []) if unit else machine.facts).append(fact)


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
