"""Zones for the machines that have none: safety systems apart, cells, operations, network equipment, the rest."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted
from interlock.records.site import Zone
from interlock.segment.model.groups import is_group, is_mac, is_nobody
from interlock.segment.propose.cells import cells_of
from interlock.segment.propose.decision import Decision
from interlock.segment.propose.roles import Belongs, belongs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from interlock.records.asset import Asset
    from interlock.records.site import Site
    from interlock.segment.check.traffic import Kind
    from interlock.segment.model.places import Places

__all__ = ["proposed_zones"]

Machine = tuple[str, str]
"""Realm and the address it is known by first."""
_KINDS: Final = {"cell": "control", "operations": "control", "network": "control"}
_PURDUE: Final = {"cell": "1", "operations": "3", "safety": "1", "business": "4", "external": "5"}
_LEVELS: Final = {
    "safety": (3, "what it does not do can hurt people"),
    "cell": (2, "what it does moves the process"),
    "operations": (2, "whoever holds it can move the process"),
    "network": (2, "whoever holds it sees and changes all that passes"),
    "wireless": (2, "it can be reached without a cable"),
    "business": (1, "it moves nothing by itself"),
    "external": (0, "nobody here answers for it"),
}


def proposed_zones(
    site: Site,
    kinds: Iterable[Kind],
    places: Places,
    find: Callable[[str, str], Asset | None],
    control: Collection[str],
) -> tuple[tuple[Zone, ...], tuple[Decision, ...]]:
    """Zones for whoever was answered or answers and stands in no zone of the file. What stands there stays.

    control: protocols that move a process.
    """
    machines = _Machines(kinds, find, control)
    alone = [
        m for m in machines.alive if places.of(*m).zone is None and not places.of(*m).why.startswith("zones ")
    ]
    where = {
        m: belongs(
            site, *m, find(*m), serves=m in machines.serve, uses=m in machines.use, near=machines.near(m)
        )
        for m in alone
    }
    zones, decisions, names = [], [], {zone.name for zone in site.zones}
    for realm in dict.fromkeys(m[0] for m in sorted(alone)):
        for group, members in _grouped(realm, where, machines):
            name = _name(group, realm, members, find, names)
            names.add(name)
            zones.append(_zone(name, group, realm, members))
            decisions.append(_decision(name, group, [where[realm, m] for m in members], members))
    return tuple(zones), tuple(decisions)


class _Machines:
    """Who was there, who serves and who uses control protocols, who talks with whom."""

    def __init__(
        self, kinds: Iterable[Kind], find: Callable[[str, str], Asset | None], control: Collection[str]
    ) -> None:
        self.alive: dict[Machine, None] = {}
        self.serve: set[Machine] = set()
        self.use: set[Machine] = set()
        self.talks: dict[str, dict[tuple[str, str], int]] = {}
        self._networks: dict[Machine, set[str]] = {}
        for kind in kinds:
            ask = kind.ask
            if not kind.seen.answered or is_group(ask.client) or is_nobody(ask.client):
                continue
            ends = [
                (ask.realm, _first(find, ask.realm, a))
                for a in (ask.client, ask.server)
                if not is_group(a) and not _merely_asked_for(kind, a, find)
            ]
            self.alive.update(dict.fromkeys(ends))
            if len(ends) == 2 and ask.protocol in control:
                self.use.add(ends[0])
                self.serve.add(ends[1])
                for realm, address in ends:
                    self._networks.setdefault((realm, _network(address)), set()).add(address)
                talks = self.talks.setdefault(ask.realm, {})
                pair = ends[0][1], ends[1][1]
                talks[pair] = talks.get(pair, 0) + kind.seen.count

    def near(self, machine: Machine) -> bool:
        """Whether others of its network (/16) speak control protocols."""
        realm, address = machine
        known = self._networks.get((realm, _network(address)), set())
        return len(known) > (address in known)


def _merely_asked_for(kind: Kind, address: str, find: Callable[[str, str], Asset | None]) -> bool:
    """Whether ARP asked for an address of which nothing came: its answer may have missed the end of the capture."""
    ask = kind.ask
    return ask.protocol == "arp" and address == ask.server and find(ask.realm, address) is None


def _network(address: str) -> str:
    return ".".join(address.split(".")[:2])


def _first(find: Callable[[str, str], Asset | None], realm: str, address: str) -> str:
    """The address a machine goes by: where it is a MAC, its first IP address if it has one."""
    asset = find(realm, address) if is_mac(address) else None
    return address if asset is None or not asset.ips else asset.ips[0]


def _grouped(
    realm: str, where: dict[Machine, Belongs], machines: _Machines
) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Groups of addresses of a realm, each to become a zone."""
    by_group: dict[str, list[str]] = {}
    for (theirs, address), belonging in sorted(where.items()):
        if theirs == realm:
            by_group.setdefault(belonging.group, []).append(address)
    talks = machines.talks.get(realm, {})
    for group, addresses in sorted(by_group.items()):
        if group in {"cell", "safety"}:
            for cell in cells_of(addresses, talks):
                yield group, cell
        else:
            yield group, tuple(addresses)


def _name(
    group: str,
    realm: str,
    members: tuple[str, ...],
    find: Callable[[str, str], Asset | None],
    taken: set[str],
) -> str:
    name = group
    if group in {"cell", "safety"}:
        named = [a.names[0] for m in members if (a := find(realm, m)) is not None and a.names]
        name = f"{group} {(named or list(members))[0]}"
    if realm != "default":
        name = f"{name} of {realm}"
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free


def _zone(name: str, group: str, realm: str, members: tuple[str, ...]) -> Zone:
    zone = Zone(
        name=name,
        kind=_KINDS.get(group, group),
        members=members,
        sl_t=(_LEVELS[group][0],) * 7,
        purdue_level=_PURDUE.get(group),
    )
    return zone if realm == "default" else dataclasses.replace(zone, realm=realm)


def _decision(name: str, group: str, belongings: list[Belongs], members: tuple[str, ...]) -> Decision:
    whys = ", ".join(dict.fromkeys(b.why for b in belongings))
    together = "they work together" if group == "cell" and len(members) > 1 else "they are of one kind"
    alone = "it works with no other machine of the floor" if group == "cell" else "nobody else is of its kind"
    level, because = _LEVELS[group]
    return Decision(
        about=name,
        sentence=(
            f"zone {name}: {counted(len(members), 'machine')} ({whys}); {together if len(members) > 1 else alone}."
            f" SL-T {level}: {because}."
        ),
        confidence=min(b.confidence for b in belongings),
    )
