"""What is wrong with a policy, each with its place in the file and what to do: nothing of it is applied then."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from interlock.records.site import covers
from interlock.segment.model.groups import is_group, is_mac
from interlock.segment.model.levels import level_of, lineage
from interlock.segment.model.objects import mistake_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

    from interlock.records.conduit import Conduit
    from interlock.records.site import Site, Zone

__all__ = ["Problem", "problems_of"]


class Problem(NamedTuple):
    """path: keys and numbers that lead to the place in the site file. do: what mends it."""

    path: tuple[str | int, ...]
    text: str
    do: str

    def __str__(self) -> str:
        return f"{self.text}; {self.do}"


def problems_of(
    site: Site, today: date, *, protocols: Collection[str], assets: Collection[str] | None = None
) -> tuple[Problem, ...]:
    """Everything that is wrong, in the file's order. today: UTC. protocols: the words that decoders use.

    assets: ids of all machines that are known, None where nobody is asked.
    """
    zones = [p for number, zone in enumerate(site.zones) for p in _of_zone(site, number, zone, today, assets)]
    overlaps = list(_overlaps(site))
    conduits = [
        problem
        for number, conduit in enumerate(site.conduits)
        for problem in _of_conduit(site, number, conduit, today, protocols)
    ]
    return (*sorted([*zones, *overlaps], key=lambda p: (p.path[1], str(p.path))), *conduits)


def _of_zone(
    site: Site, number: int, zone: Zone, today: date, assets: Collection[str] | None
) -> Iterator[Problem]:
    path = ("zones", number)
    line = lineage(site, zone)
    if line is None:
        yield Problem(
            (*path, "parent"), f"zone {zone.name} lies within itself", "name another parent, or none"
        )
    elif level_of(site, zone) is None:
        yield Problem(
            path,
            f"zone {zone.name} has no SL-T, and none of its parents has",
            "say `sl_t = 2`, or an array of seven for FR 1 to FR 7",
        )
    parent = None if not line else next((z for z in line if z is not zone), None)
    if parent is not None and parent.realm != zone.realm:
        yield Problem((*path, "parent"), f"{parent.name} is of another realm", "a zone lies in one realm")
    if zone.until is not None and zone.until < today:
        yield Problem(
            (*path, "until"), f"zone {zone.name} ended on {zone.until}", "say a later day, or remove the zone"
        )
    for place, member in enumerate(zone.members):
        if is_group(member):
            text = f"{member} is an address of many, and no machine"
            yield Problem((*path, "members", place), text, "name it under `groups` of a conduit")
    for place, asset in enumerate(zone.assets if assets is not None else ()):
        if asset not in (assets or ()):
            text = f"no machine that was seen has the id {asset}"
            yield Problem(
                (*path, "assets", place), text, "take an id from assets.json, or name an address in `members`"
            )


def _overlaps(site: Site) -> Iterator[Problem]:
    """Members that stand in two zones: which of them holds would be chance."""
    seen: dict[tuple[str, str], str] = {}
    for number, zone in enumerate(site.zones):
        for field in ("members", "assets"):
            for place, member in enumerate(getattr(zone, field)):
                first = seen.setdefault((zone.realm, member), zone.name)
                if first != zone.name:
                    text = f"{member} is a member of {first} already"
                    yield Problem(("zones", number, field, place), text, "leave it in one of both zones")


def _of_conduit(
    site: Site, number: int, conduit: Conduit, today: date, protocols: Collection[str]
) -> Iterator[Problem]:
    path = ("conduits", number)
    for problem in (
        *_ends(site, conduit),
        *_contents(conduit, protocols),
        *_terms(conduit, today),
    ):
        yield Problem((*path, *problem.path), problem.text, problem.do)


def _ends(site: Site, conduit: Conduit) -> Iterator[Problem]:
    zones = {zone.name: zone for zone in site.zones}
    for field in ("from", "to"):
        if not (conduit.from_ if field == "from" else conduit.to):
            yield Problem((field,), f"conduit {conduit.name} joins nothing", "name at least one zone")
    realms = {zones[name].realm for name in (*conduit.from_, *conduit.to) if name in zones}
    if len(realms) > 1:
        text = f"conduit {conduit.name} joins zones of the realms {', '.join(sorted(realms))}"
        yield Problem(("to",), text, "machines of two realms never meet: write a conduit for each realm")
    for field, named in (("clients", conduit.from_), ("servers", conduit.to)):
        there = [member for name in named if name in zones for member in zones[name].members]
        plain = all(
            not zones[name].assets and zones[name].selector is None for name in named if name in zones
        )
        for place, member in enumerate(getattr(conduit, field)):
            if plain and not _touches(there, member):
                text = f"{member} is in none of the zones {', '.join(named)}"
                yield Problem(
                    (field, place), text, "name a machine of these zones, or the zone that it is in"
                )
    for place, group in enumerate(conduit.groups):
        if group != "broadcast" and not is_group(group.partition("/")[0]):
            text = f"{group} is the address of one machine"
            yield Problem(("groups", place), text, "name a multicast or broadcast address, or `broadcast`")
    if conduit.groups and conduit.servers:
        yield Problem(("servers",), "a group has no servers", "remove `servers`, or write two conduits")


def _touches(members: list[str], member: str) -> bool:
    """Whether a machine, or some machine of a network, can be one of the members.

    Which IP address a MAC goes with, no site file says: beside members of the other kind it can be one of them.
    """
    if any(is_mac(other) != is_mac(member) for other in members):
        return True
    address = member.partition("/")[0]
    return covers(members, address) or any(covers((member,), other.partition("/")[0]) for other in members)


def _contents(conduit: Conduit, protocols: Collection[str]) -> Iterator[Problem]:
    if not conduit.protocols and not conduit.ports:
        text = f"conduit {conduit.name} says nothing that may pass"
        yield Problem((), text, "name `protocols` with `verbs`, or `ports` where there is no protocol")
    for place, protocol in enumerate(conduit.protocols):
        if protocol not in protocols:
            near = difflib.get_close_matches(protocol, sorted(protocols), 1, 0.5)
            hint = f"did you mean {near[0]!r}?" if near else "name `ports` for what no decoder knows"
            yield Problem(("protocols", place), f"no decoder knows the protocol {protocol!r}", hint)
    for field in ("verbs", "objects", "units"):
        if getattr(conduit, field) and not conduit.protocols:
            text = f"ports know nothing of {field}"
            yield Problem((field,), text, f"name the protocol that has them, or remove `{field}`")
    if conduit.objects and not conduit.verbs:
        yield Problem(("objects",), "objects without a verb allow nothing", "name the `verbs`, such as read")
    for place, pattern in enumerate(conduit.objects):
        mistake = mistake_in(pattern)
        if mistake is not None:
            yield Problem(("objects", place), mistake, "see docs/zones.md for how objects are written")


def _terms(conduit: Conduit, today: date) -> Iterator[Problem]:
    what = "exception" if conduit.exception else "conduit"
    if conduit.exception:
        for field in ("reason", "owner", "until"):
            if getattr(conduit, field) is None:
                text = f"exception {conduit.name} has no `{field}`"
                yield Problem(
                    (), text, "an exception says why it is there, who answers for it and when it ends"
                )
    if conduit.until is not None and conduit.until < today:
        text = f"{what} {conduit.name} ended on {conduit.until}"
        yield Problem(("until",), text, "say a later day, or remove it: what it allowed is denied")
