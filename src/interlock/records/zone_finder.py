"""What `Site.zone_of` looks up: members by their width instead of one by one."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.site import Zone

__all__ = ["ZoneFinder", "finder_of"]

_Rank = tuple[float, int]
"""Breadth of a member, then the number of its zone: the least of those that cover a machine has it."""


_MOST: Final = 8
_known: dict[int, tuple[tuple[Zone, ...], ZoneFinder]] = {}
"""By identity: to hash a thousand zones takes longer than to look through them. They are held, and so is their id."""


class ZoneFinder:
    """Finds the zones of one site file. A hundred thousand machines among a thousand zones take a second."""

    def __init__(self, zones: tuple[Zone, ...]) -> None:
        self._zones = zones
        self._named: dict[tuple[str, str], int] = {}
        self._networks: dict[tuple[str, int, int], dict[int, int]] = {}
        for number, zone in enumerate(zones):
            for member in zone.members:
                self._enter(zone.realm, member.lower(), number)

    def _enter(self, realm: str, member: str, number: int) -> None:
        try:
            network = ipaddress.ip_network(member, strict=False)
        except ValueError:  # a MAC
            self._named.setdefault((realm, member), number)
            return
        width = self._networks.setdefault((realm, network.version, network.prefixlen), {})
        width.setdefault(int(network.network_address), number)

    def of(self, realm: str, address: str) -> Zone | None:
        """The zone with the narrowest member that covers a machine (`/unit` behind it is passed over)."""
        fits = min(self._ranks(realm, address.split("/", 1)[0].lower()), default=None)
        return None if fits is None else self._zones[fits[1]]

    def _ranks(self, realm: str, machine: str) -> Iterator[_Rank]:
        if (named := self._named.get((realm, machine))) is not None:
            yield 0.0, named
        try:
            ip = ipaddress.ip_address(machine)
        except ValueError:
            return
        for (where, version, prefix), width in self._networks.items():
            if (where, version) == (realm, ip.version):
                shift = ip.max_prefixlen - prefix
                number = width.get(int(ip) >> shift << shift)
                if number is not None:
                    yield 2.0**-prefix, number


def finder_of(zones: tuple[Zone, ...]) -> ZoneFinder:
    """The finder of these very zones, made once as long as few others are asked about between."""
    found = _known.get(id(zones))
    if found is None:
        if len(_known) >= _MOST:
            _known.clear()
        found = _known[id(zones)] = (zones, ZoneFinder(zones))
    return found[1]
