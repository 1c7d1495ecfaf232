"""Machines of a policy, those alike put together: ten thousand machines are some dozens of kinds.

Two machines are alike where they are in one zone and the same `clients` and `servers` of conduits name them: whoever
reaches the one reaches the other. A network whose machines nobody knows stands for one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.records.site import covers
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.asset import Asset
    from interlock.segment.model.policy import Policy

__all__ = ["Alike", "Machine", "kinds_of", "machines_of"]


@dataclass(frozen=True, slots=True)
class Machine:
    """name: for people; an address where it has none. addresses: all of it, the one that stands for it first."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """zone: its name. asks, answers: names of conduits whose `from`, `to` side these machines are of."""

    zone: str
    asks: frozenset[str]
    answers: frozenset[str]
    machines: tuple[Machine, ...]


def machines_of(policy: Policy, realm: str, assets: Iterable[Asset] = ()) -> tuple[Machine, ...]:
    """List every machine that inventory or site file names, each once, and networks that hold none of them."""
    site = policy.site
    found: list[Machine] = []
    seen: set[str] = set()
    for asset in assets:
        addresses = tuple(a for a in (*asset.ips, *asset.macs) if not is_group(a))
        if asset.realm == realm and addresses and asset.parent is None and not seen & set(addresses):
            seen.update(addresses)
            name = site.name_of(realm, addresses[0]) or next(iter(asset.names), addresses[0])
            found.append(Machine(name, addresses))
    named = [m for zone in site.zones if zone.realm == realm for m in zone.members]
    named += [m.address for m in site.engineering_stations if m.realm == realm]
    named += [m.address for m in site.safety_systems if m.realm == realm]
    for member in named:
        if "/" not in member and member not in seen:
            seen.add(member)
            found.append(Machine(site.name_of(realm, member) or member, (member,)))
    for zone in site.zones:
        for member in zone.members if zone.realm == realm else ():
            inside = "/" in member and any(
                policy.places.of(realm, a).name == zone.name and covers((member,), a) for a in sorted(seen)
            )
            if "/" in member and not inside:
                found.append(Machine(f"any machine of {member}", (member.partition("/")[0],)))
    return tuple(found)


def kinds_of(policy: Policy, realm: str, machines: Iterable[Machine]) -> tuple[Alike, ...]:
    """Put machines that are in a zone together by what reaches them, in order of their first machine."""
    listed = tuple(c for c in policy.site.conduits if c.until is None or policy.today <= c.until)
    kinds: dict[tuple[str, frozenset[str], frozenset[str]], list[Machine]] = {}
    for machine in machines:
        zone = next(filter(None, (policy.places.of(realm, a).name for a in machine.addresses)), None)
        if zone is None:
            continue
        asks = (c.name for c in listed if zone in c.from_ and _named(c.clients, machine))
        answers = (c.name for c in listed if zone in c.to and _named(c.servers, machine))
        kinds.setdefault((zone, frozenset(asks), frozenset(answers)), []).append(machine)
    return tuple(Alike(*key, tuple(found)) for key, found in kinds.items())


def _named(members: tuple[str, ...], machine: Machine) -> bool:
    return not members or any(covers(members, address) for address in machine.addresses)
