"""Which addresses belong to each zone: what `Places` says of single machines, said of whole networks."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.records.site import covers
from interlock.segment.export.spans import GROUPS, both, normal, without
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from interlock.records.asset import Asset
    from interlock.records.site import Site, Zone
    from interlock.segment.export.spans import Spans
    from interlock.segment.model.places import Places

__all__ = ["Region", "joined", "narrowed", "regions_of"]


@dataclass(frozen=True, slots=True)
class Region:
    """Addresses, by kind. Multicast is never among them; what ends in .255 may be (see Plan)."""

    v4: Spans = ()
    v6: Spans = ()
    macs: tuple[str, ...] = ()

    def ip(self, version: int) -> Spans:
        """Addresses of one version of IP."""
        return self.v4 if version == 4 else self.v6

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6 or self.macs)


def regions_of(
    site: Site, realm: str, today: date, places: Places, assets: Iterable[Asset] = ()
) -> dict[str, Region]:
    """Find the region of each zone of a realm. places: as of the day; assets: all that are known."""
    zones = [zone for zone in site.zones if zone.realm == realm]
    named = {member for zone in zones for member in zone.members if "/" not in member}
    named |= {a for asset in assets if asset.realm == realm for a in (*asset.ips, *asset.macs)}
    macs: dict[str, list[str]] = {}
    items: dict[int, dict[tuple[int, int, int], set[str | None]]] = {4: {}, 6: {}}
    for address in sorted(named):
        zone = places.of(realm, address).name
        number = _number(address)
        if number is None:
            if zone is not None and ":" in address and not is_group(address):
                macs.setdefault(zone, []).append(address)
            continue
        items[number.version][int(number), -int(number), 1] = {zone}
    for key, claimed in _network_claims(zones, today):
        items[key[0]].setdefault(key[1:], set()).add(claimed)
    spans = {version: _by_zone(version, found) for version, found in items.items()}
    return {
        zone.name: Region(
            spans[4].get(zone.name, ()), spans[6].get(zone.name, ()), tuple(macs.get(zone.name, ()))
        )
        for zone in zones
    }


def _network_claims(zones: Iterable[Zone], today: date) -> Iterator[tuple[tuple[int, int, int, int], str]]:
    """Networks that zones claim on this day, each with (version, first, -last, 0)."""
    for zone in zones:
        for member in zone.members if zone.until is None or today <= zone.until else ():
            if "/" in member:
                network = ipaddress.ip_network(member)
                yield (network.version, int(network[0]), -int(network[-1]), 0), zone.name


def _number(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address of IP; None for MACs, and for what is meant within one link only."""
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _by_zone(version: int, items: dict[tuple[int, int, int], set[str | None]]) -> dict[str, Spans]:
    """Cut nested networks so that each address belongs to the narrowest; a claim of two is nobody's."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for low, high, zones in _painted([(key[0], -key[1], items[key]) for key in sorted(items)]):
        (zone, *more) = zones
        if zone is not None and not more:
            ranges.setdefault(zone, []).append((low, high))
    return {zone: without(normal(found), GROUPS[version]) for zone, found in ranges.items()}


def _painted(
    items: Sequence[tuple[int, int, set[str | None]]],
) -> Iterator[tuple[int, int, set[str | None]]]:
    """Pieces in order, of items that lie within each other or apart; the outer ones come first."""
    stack: list[tuple[int, set[str | None]]] = []
    at = 0
    end: tuple[int, int, set[str | None]] = (1 << 129, 1 << 129, {None})
    for low, high, zones in (*items, end):
        while stack and stack[-1][0] < low:
            last, inner = stack.pop()
            if at <= last:
                yield at, last, inner
            at = max(at, last + 1)
        if stack and at < low:
            yield at, low - 1, stack[-1][1]
        at = low
        stack.append((high, zones))


def joined(regions: Iterable[Region]) -> Region:
    """Everything that is in one of them."""
    several = list(regions)
    return Region(
        normal(span for region in several for span in region.v4),
        normal(span for region in several for span in region.v6),
        tuple(sorted({mac for region in several for mac in region.macs})),
    )


def narrowed(
    region: Region, members: Sequence[str], realm: str, places: Places, assets: Iterable[Asset]
) -> Region:
    """What of a region a conduit's `clients` or `servers` mean: a machine by any of its addresses."""
    nets = [ipaddress.ip_network(member) for member in members if not _is_mac(member)]
    v4, v6 = (normal((int(n[0]), int(n[-1])) for n in nets if n.version == v) for v in (4, 6))
    also: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    macs = {member for member in members if _is_mac(member)}
    for asset in assets:
        if asset.realm != realm:
            continue
        for address in (*asset.ips, *asset.macs):
            # An address is asked as it is seen, so each one goes by what is found at itself.
            if any(covers(members, alias) for alias in places.aliases(realm, address)):
                number = _number(address)
                if number is None:
                    macs.add(address)
                else:
                    also[number.version].append((int(number), int(number)))
    return Region(
        both(region.v4, normal([*v4, *also[4]])),
        both(region.v6, normal([*v6, *also[6]])),
        tuple(mac for mac in region.macs if mac in macs),
    )


def _is_mac(member: str) -> bool:
    return len(member) == 17 and member.count(":") == 5
