"""In which zone a machine is: in exactly one, or in none."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.records.selector import parse_selector
from interlock.segment.model.groups import is_mac

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    _Machine = tuple[str, str]

    from interlock.records.asset import Asset
    from interlock.records.site import Site, Zone

__all__ = ["Place", "Places", "nobody"]


def nobody(realm: str, address: str) -> Asset | None:  # noqa: ARG001 (the shape of every look-up)
    """Look up an asset where no inventory is at hand: always None."""
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """zone: None where the machine is in none. why: what put it there, or why it is nowhere; for people."""

    zone: Zone | None
    why: str

    @property
    def name(self) -> str | None:
        """The zone's name."""
        return None if self.zone is None else self.zone.name


class Places:
    """The zones' members, looked up.

    What decides of an IP address, strongest first: the address itself as a member; the machine as an asset; its MAC as
    a member; the narrowest network around the address; what is known of the machine (selectors). Another IP address of
    it decides nothing, since a machine takes one by a lie (ARP). A MAC that is no member is where all its IP addresses
    are.
    Where two zones claim a machine with equal right it is in neither: nothing is allowed by a doubt.
    """

    def __init__(self, site: Site, today: date, find: Callable[[str, str], Asset | None] = nobody) -> None:
        """today: what ended before has no members. find: (realm, address) → the asset known there."""
        self._find = find
        self._exact: dict[tuple[str, str], list[Zone]] = {}
        self._networks: dict[tuple[str, int, int], dict[int, list[Zone]]] = {}
        self._assets: dict[str, list[Zone]] = {}
        self._selectors = [z for z in site.zones if z.selector is not None and _lasts(z, today)]
        self._known: dict[_Machine, Place] = {}
        self._aliases: dict[_Machine, tuple[str, ...]] = {}
        # Where zones choose by addresses alone, an IP address is always where it was.
        self._by_address = not self._selectors and not any(
            zone.assets or any(map(is_mac, zone.members)) for zone in site.zones
        )
        for zone in site.zones:
            if _lasts(zone, today):
                self._enter(zone)
        self._widths = sorted(self._networks, key=lambda key: -key[2])

    def _enter(self, zone: Zone) -> None:
        for member in zone.members:
            if "/" not in member:
                self._exact.setdefault((zone.realm, member), []).append(zone)
                continue
            network = ipaddress.ip_network(member)
            width = (zone.realm, network.version, network.prefixlen)
            self._networks.setdefault(width, {}).setdefault(int(network.network_address), []).append(zone)
        for asset in zone.assets:
            self._assets.setdefault(asset, []).append(zone)

    def of(self, realm: str, address: str) -> Place:
        """Find the place of a machine by an address of it (IP or MAC, with or without `/unit` behind it)."""
        key = (realm, address)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._place(realm, address.partition("/")[0].lower())
        return found

    def aliases(self, realm: str, address: str) -> tuple[str, ...]:
        """Every address that a machine goes by here: of an IP address its MACs, of a MAC its IP addresses."""
        key = (realm, address)
        found = self._aliases.get(key)
        if found is None:
            found = self._aliases[key] = self._also(realm, address)
        return found

    def _also(self, realm: str, address: str) -> tuple[str, ...]:
        asset = self._find(realm, address)
        if asset is None:
            return (address,)
        return (address, *(asset.ips if is_mac(address) else asset.macs))

    def __len__(self) -> int:
        """How many addresses were asked for."""
        return len(self._known) + len(self._aliases)

    def look_again(self, *, lost: bool = False) -> frozenset[_Machine]:
        """Look up anew what was asked for, since more is known of machines now; give those of whom anything differs.

        lost: only those that are in no zone.
        """
        zones = {
            machine: place.name
            for machine, place in self._known.items()
            if (place.zone is None or not lost) and not (self._by_address and not is_mac(machine[1]))
        }
        aliases = {} if lost else self._aliases
        self._aliases = self._aliases if lost else {}
        for machine in zones:
            del self._known[machine]
        moved = {machine for machine, name in zones.items() if self.of(*machine).name != name}
        return frozenset(moved | {m for m, also in aliases.items() if self.aliases(*m) != also})

    def _place(self, realm: str, address: str) -> Place:
        asset = self._find(realm, address)
        if is_mac(address) and (realm, address) not in self._exact and asset is not None and asset.ips:
            return self._by_ips(realm, asset)
        macs = () if asset is None else asset.macs
        steps = (
            (self._exact.get((realm, address), []), f"{address} is a member"),
            ([] if asset is None else self._assets.get(asset.id, []), "it is a member as an asset"),
            ([z for a in macs for z in self._exact.get((realm, a), [])], "its MAC is a member"),
            (self._around(realm, address), f"a network around {address} is a member"),
            ([] if asset is None else self._selected(realm, asset), "what is known of it is selected"),
        )
        for zones, why in steps:
            names = tuple(dict.fromkeys(z.name for z in zones))
            if len(names) == 1:
                return Place(zones[0], why)
            if names:
                return Place(None, f"zones {' and '.join(sorted(names))} claim it: {why}")
        return Place(None, "no zone has it as a member")

    def _by_ips(self, realm: str, asset: Asset) -> Place:
        """A MAC is where all IP addresses of its machine are: who takes a second one by a lie is nowhere by it."""
        places = [self.of(realm, ip) for ip in asset.ips]
        names = sorted({place.name or "no zone" for place in places})
        if len(names) == 1:
            return Place(places[0].zone, "its IP address is a member" if places[0].zone else places[0].why)
        return Place(None, f"its IP addresses are in {' and '.join(names)}")

    def _around(self, realm: str, address: str) -> list[Zone]:
        """Zones of the narrowest network around an address."""
        try:
            ip = ipaddress.ip_address(address.split("%", 1)[0])
        except ValueError:
            return []
        for width in self._widths:
            if width[:2] == (realm, ip.version):
                shift = ip.max_prefixlen - width[2]
                zones = self._networks[width].get(int(ip) >> shift << shift)
                if zones:
                    return zones
        return []

    def _selected(self, realm: str, asset: Asset) -> list[Zone]:
        return [
            z for z in self._selectors if z.realm == realm and parse_selector(z.selector or "").selects(asset)
        ]


def _lasts(zone: Zone, today: date) -> bool:
    return zone.until is None or today <= zone.until
