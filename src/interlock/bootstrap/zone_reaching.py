"""Reachability of a policy: who is meant by a name, what is precious, and all answers together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.bootstrap.zoning import asking_words, spoken_at
from interlock.errors import ConfigError
from interlock.segment.reach.cuts import cheapest_cut, choke_points
from interlock.segment.reach.machines import kinds_of, machines_of
from interlock.segment.reach.observed import Contacts
from interlock.segment.reach.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.asset import Asset
    from interlock.segment.check.traffic import Traffic
    from interlock.segment.model.policy import Policy
    from interlock.segment.reach.cuts import Cut
    from interlock.segment.reach.machines import Machine
    from interlock.segment.reach.ways import Reached, Step

__all__ = ["Picture", "Precious", "build_picture"]

_OUTSIDE = frozenset({"business", "temporary", "wireless", "external"})
"""Kinds of zones in which an attack most likely begins."""


@dataclass(frozen=True, slots=True)
class Precious:
    """A safety system or crown jewel. takers: machines that can take it. chokes, cuts: see `cuts`."""

    name: str
    kinds: frozenset[int]
    sources: frozenset[int]
    takers: int
    touchers: int
    chokes: tuple[Step, ...]
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A realm's machines and what each kind of them comes to. nowhere: machines in no zone, which reach nothing.

    seen: what machines were seen to do to each other, None where nobody looked.
    """

    realm: str
    ways: Ways
    reached: tuple[Reached, ...]
    machines: tuple[Machine, ...]
    nowhere: tuple[Machine, ...]
    precious: tuple[Precious, ...]
    seen: Contacts | None = None

    def meant(self, text: str) -> frozenset[int]:
        """Find the kinds of machines that an address, a machine's name or a zone's name means. Raises ConfigError."""
        found = {
            number
            for number, kind in enumerate(self.ways.kinds)
            for machine in kind.machines
            if text in (kind.zone, machine.name) or text.lower() in machine.addresses
        }
        if not found and any(text == m.name or text.lower() in m.addresses for m in self.nowhere):
            raise ConfigError(f"{text} is in no zone, so no conduit leads from or to it")
        if not found:
            raise ConfigError(
                f"nothing here is called {text!r}; name an address, a machine or a zone of the site file"
            )
        return frozenset(found)


def build_picture(
    policy: Policy, realm: str, assets: Sequence[Asset], jewels: Sequence[str], traffic: Traffic | None = None
) -> Picture:
    """Look at every kind of machine. jewels: addresses or names beside the safety systems of the site file.

    traffic: what was seen, to be held beside what is allowed.
    """
    machines = machines_of(policy, realm, assets)
    ways = Ways(policy, kinds_of(policy, realm, machines), asking_words(), spoken_at())
    inside = {machine for kind in ways.kinds for machine in kind.machines}
    reached = tuple(ways.reach(number) for number in range(len(ways.kinds)))
    bare = Picture(realm, ways, reached, machines, tuple(m for m in machines if m not in inside), ())
    names = [(s.name or s.address, s.address) for s in policy.site.safety_systems if s.realm == realm]
    names += [(z.name, z.name) for z in policy.site.zones if z.kind == "safety" and z.realm == realm]
    there = {
        word for kind in ways.kinds for word in (kind.zone, *(a for m in kind.machines for a in m.addresses))
    }
    wanted = [(name, where) for name, where in names if where in there] + [(text, text) for text in jewels]
    precious = tuple(
        _precious(policy, bare, name, bare.meant(where)) for name, where in dict.fromkeys(wanted)
    )
    seen = None if traffic is None else Contacts(realm, machines, traffic.kinds(policy))
    return Picture(bare.realm, ways, reached, machines, bare.nowhere, precious, seen)


def _precious(policy: Policy, picture: Picture, name: str, kinds: frozenset[int]) -> Precious:
    ways, own = picture.ways, {picture.ways.kinds[kind].zone for kind in kinds}
    outer = {zone.name for zone in policy.site.zones if zone.kind in _OUTSIDE}
    others = frozenset(n for n, kind in enumerate(ways.kinds) if kind.zone not in own)
    sources = frozenset(n for n in others if ways.kinds[n].zone in outer) or others
    takers = [r for r in picture.reached if r.start not in kinds and r.taken & kinds]
    touchers = [
        r for r in picture.reached if r.start not in kinds and r.touched & kinds and not r.taken & kinds
    ]
    many = [sum(len(ways.kinds[r.start].machines) for r in rows) for rows in (takers, touchers)]
    return Precious(
        name, kinds, sources, many[0], many[1], choke_points(ways, sources, kinds), cheapest_cut(ways, sources, kinds)
    )  # fmt: skip
