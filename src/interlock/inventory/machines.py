"""Machines: MACs, IPs and units that are one thing, before anybody asks what it is.

An anchor is a MAC, or an IP that no MAC owns; strong joins make one machine of several. Facts about an IP
belong to the MAC that owned the IP at that time, so that an address lent to another machine takes nothing
along.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.inventory.addresses import Address, sort_key
from interlock.inventory.bonds import holder_at, holders_at
from interlock.inventory.joins import strong_joins
from interlock.inventory.proofs import slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.inventory.bonds import Bond, Judgement, Ownership
    from interlock.inventory.joins import Join
    from interlock.inventory.proofs import Fact, Facts, Sign
    from interlock.inventory.registries import Registries
    from interlock.inventory.sightings import Sightings

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
    joins: list[Sign] = field(default_factory=list)
    passed: int = 0
    stranger: bool = False


_NOBODY: Final = -1
_SEVERAL: Final = -2


class Machines:
    """All machines in their order, told apart by place, and who held an address when.

    anchors: of each machine, in the order of their addresses; an anchor is a MAC, or an IP that no MAC owns.
    A machine itself is made where it is asked for (`some`), once: it takes over what is known of its bonds.
    """

    def __init__(
        self, anchors: Sequence[Sequence[int]], sightings: Sightings, facts: Facts, ownership: Ownership
    ) -> None:
        """ownership: is used up, so that a large site is not held in memory twice."""
        self.anchors = anchors
        self._joins: dict[int, list[Sign]] = defaultdict(list)
        self._facts, self._ownership = facts, ownership
        self._flags, self._text = sightings.endpoints.flags, sightings.endpoints.addresses
        self._realms = sightings.endpoints.realms
        self.anchored = np.full(len(self._text), _NOBODY, np.int64)
        """Endpoint → place of the machine whose anchor it is; below 0 for others."""
        for place, group in enumerate(anchors):
            for anchor in group:
                self.anchored[anchor] = place
        self._place = self.anchored.copy()
        for ip, bonds in ownership.owners.items():
            self._place[ip] = self.anchored[bonds[0].mac] if len(bonds) == 1 else _SEVERAL
        self.lent = {ip: bonds for ip, bonds in ownership.owners.items() if len(bonds) > 1}
        """IP → its bonds, where several MACs owned it."""
        ownership.owners = {}
        tally = facts.tally
        self._rows, self._begin = slices(self.placed(tally.keys[0], tally.first), len(anchors))
        self.strangers = frozenset(
            place
            for place, group in enumerate(anchors)
            if all(self._flags[a] & (Address.MAC | Address.PUBLIC) == Address.PUBLIC for a in group)
        )
        """Places of public addresses that no MAC here owns."""

    def __len__(self) -> int:
        return len(self.anchors)

    def endpoints(self) -> list[int]:
        """All addresses that somebody holds or held."""
        return np.flatnonzero(self._place != _NOBODY).tolist()

    def note(self, join: Join) -> None:
        """Note why anchors of a machine are one."""
        place = self.anchored.item(join.anchors[0])
        if place >= 0 and join.proof not in self._joins[place]:
            self._joins[place].append(join.proof)

    def at(self, endpoint: int, time_ns: int | None = None) -> int | None:
        """Place of the machine that held an address at a time, or holds it now; None where nobody does."""
        place: int = self._place.item(endpoint)
        if place == _SEVERAL:
            return self._holder(endpoint, time_ns)
        return None if place == _NOBODY else place

    def placed(self, endpoints: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
        """As `at` for many; below 0 where nobody does."""
        places: NDArray[np.int64] = self._place[endpoints]
        several = np.flatnonzero(places == _SEVERAL)
        rows = several[np.argsort(endpoints[several], kind="stable")]
        for same in np.split(rows, np.flatnonzero(np.diff(endpoints[rows])) + 1) if len(rows) else ():
            bonds = self.lent[endpoints.item(same[0])]
            macs = [bonds[at].mac for at in holders_at(bonds, times[same]).tolist()]
            places[same] = self.anchored[macs]
        return places

    def tenancies(self, endpoint: int) -> list[tuple[int, int, int]]:
        """(first, last, place) of all who held an IP, where those are several."""
        return sorted({(b.first, b.last, self.anchored.item(b.mac)) for b in self.lent.get(endpoint, ())})

    def _holder(self, ip: int, time_ns: int | None) -> int:
        place: int = self.anchored.item(holder_at(self.lent[ip], time_ns).mac)
        return place

    def some(self, start: int, stop: int) -> list[Machine]:
        """Machines at places `start` to `stop` - 1, with every fact handed to whom held the address then."""
        found = [self._made(place) for place in range(start, stop)]
        begin = self._begin[start : stop + 1]
        places = np.repeat(np.arange(len(found)), np.diff(begin))
        for place, unit, fact in self._facts.of(self._rows[begin[0] : begin[-1]], places):
            machine = found[place]
            (machine.units.setdefault(unit, []) if unit else machine.facts).append(fact)
        return found

    def _made(self, place: int) -> Machine:
        anchors, flags = self.anchors[place], self._flags
        machine = Machine(
            realm=self._realms[anchors[0]],
            stranger=place in self.strangers,
            joins=self._joins.pop(place, []),
        )
        for anchor in anchors:
            if flags[anchor] & Address.MAC:
                machine.macs.append(anchor)
                _take_over(machine, self._ownership.macs.pop(anchor, None))
            else:
                machine.ips.append(anchor)
                machine.via += self._ownership.via.pop(anchor, ())
        latest: dict[int, int] = {}
        for bond in machine.bonds:
            latest[bond.ip] = max(bond.last, latest.get(bond.ip, 0))
        if machine.ips or len(latest) > 1:
            machine.ips = sorted(
                {*machine.ips, *latest},
                key=lambda i: (flags[i] & Address.LINK_LOCAL, -latest.get(i, 0), sort_key(self._text[i])),
            )
        else:
            machine.ips = list(latest)
        return machine


def assemble(sightings: Sightings, facts: Facts, ownership: Ownership, registries: Registries) -> Machines:
    """Put every address that was seen, and every fact, into one machine."""
    known = _Union(_anchors(sightings, ownership))
    joins = strong_joins(sightings, facts, ownership, registries)
    for join in joins:
        for other in join.anchors[1:]:
            known.join(join.anchors[0], other)
    ordered = _ordered(known.groups(), sightings, ownership)
    machines = Machines(ordered, sightings, facts, ownership)
    for join in joins:
        machines.note(join)
    return machines


def _ordered(
    groups: Iterable[list[int]], sightings: Sightings, ownership: Ownership
) -> list[tuple[int, ...]]:
    """Machines by realm, then by their first address; the anchors of each by address."""
    addresses, realms = sightings.endpoints.addresses, sightings.endpoints.realms

    def keyed() -> Iterator[tuple[str, object, object, tuple[int, ...]]]:
        for group in groups:
            anchors = group if len(group) == 1 else sorted(group, key=lambda a: sort_key(addresses[a]))
            leading = sort_key(addresses[anchors[0]])
            owned = [b.ip for a in anchors if a in ownership.macs for b in ownership.macs[a].owned]
            least = min(leading, *(sort_key(addresses[ip]) for ip in owned)) if owned else leading
            yield realms[anchors[0]], least, leading, tuple(anchors)

    return [anchors for *_, anchors in sorted(keyed())]


def _anchors(sightings: Sightings, ownership: Ownership) -> list[int]:
    flags = sightings.endpoints.flags
    seen = sightings.seen.rows().keys[0].tolist()
    macs = {b for b in seen if flags[b] & Address.MAC} | set(ownership.macs)
    ips = (e for e in seen if not flags[e] & Address.MAC and e not in ownership.owners)
    return [*macs, *ips]


def _take_over(machine: Machine, judgement: Judgement | None) -> None:
    if judgement is None:
        return
    machine.bonds += judgement.owned
    machine.passed += len(judgement.passed)
    example = next(iter(judgement.passed or judgement.owned), None)
    machine.passing += [(example, note) for note in judgement.notes]


class _Union:
    """Disjoint sets with path halving; the smaller number leads, so that the result is one and the same."""

    def __init__(self, members: Iterable[int]) -> None:
        self.members = {m: m for m in members}

    def groups(self) -> Iterable[list[int]]:
        """Members of each set."""
        found: dict[int, list[int]] = defaultdict(list)
        for member in self.members:
            found[self.root(member)].append(member)
        return found.values()

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
