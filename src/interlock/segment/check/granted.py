"""What a policy grants between zones, counted: (client, server, verb)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.records.conduit import ANY
from interlock.records.site import covers
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.records.conduit import Conduit
    from interlock.segment.model.policy import Policy

__all__ = ["Right", "granted"]

Right = tuple[str, str, str]
"""Client, server, verb."""


def granted(policy: Policy, realm: str, machines: Iterable[str]) -> frozenset[Right]:
    """Rights that conduits give machines of different zones, or of one that wants conduits. machines: addresses.

    A conduit by port grants every verb: a port says nothing of them. Groups are left out, and what has ended.
    """
    by_zone: dict[str, list[str]] = {}
    for machine in machines:
        zone = policy.places.of(realm, machine).name
        if zone is not None:
            by_zone.setdefault(zone, []).append(machine)
    inside = {zone.name for zone in policy.site.zones if zone.inside == "allow"}
    found: set[Right] = set()
    for conduit in policy.site.conduits:
        if conduit.groups or (conduit.until is not None and conduit.until < policy.today):
            continue
        verbs = VERBS if ANY in conduit.verbs or conduit.ports else conduit.verbs
        found.update(
            (client, server, verb) for client, server in _pairs(conduit, by_zone, inside) for verb in verbs
        )
    return frozenset(found)


def _pairs(conduit: Conduit, by_zone: dict[str, list[str]], inside: set[str]) -> Iterator[tuple[str, str]]:
    for one in conduit.from_:
        for other in conduit.to:
            if one == other and one in inside:
                continue
            clients = _named(by_zone.get(one, []), conduit.clients)
            for server in _named(by_zone.get(other, []), conduit.servers):
                yield from ((client, server) for client in clients if client != server)


def _named(machines: list[str], members: tuple[str, ...]) -> list[str]:
    return [machine for machine in machines if not members or covers(members, machine)]
