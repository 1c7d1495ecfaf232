"""Addresses of many at once, and what never leaves a link."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

from interlock.records.ipv4 import BROADCAST, ipv4_number, is_multicast_ipv4

__all__ = ["is_group", "is_link", "is_mac", "is_nobody", "names_group"]

_LINK_PROTOCOLS: Final = frozenset({"arp", "lldp", "cdp", "stp"})
_LINK_TYPES: Final = frozenset({"eth/0x0806", "eth/0x88cc", "eth/0x8809", "eth/0x9000", "eth/0x88e3", "ip/2"})
"""Transports: ARP, LLDP, link aggregation, loop tests, ring redundancy (MRP), IGMP."""
_BRIDGES: Final = "01:80:c2:00:00:0"
"""Sixteen addresses that no bridge passes on (IEEE 802.1Q, reserved addresses): spanning tree and its like."""


def is_link(protocol: str | None, transport: str | None, server: str) -> bool:
    """Whether something is between neighbours of a link: no router or firewall passes it on.

    It makes no way between zones, and no rule cuts it: who resolves the address of a machine in another zone is
    answered by whatever stands between.
    """
    if protocol in _LINK_PROTOCOLS or transport in _LINK_TYPES or server.startswith(_BRIDGES):
        return True
    return transport == "icmp6" and server.startswith(("ff02:", "fe80:"))


def is_mac(address: str) -> bool:
    """Whether an address is a link address, as records spell it."""
    return len(address) == 17 and address[2::3] == ":::::"


@lru_cache(maxsize=65_536)
def is_group(address: str) -> bool:
    """Whether an address means many machines: multicast, or broadcast of all or (as `.255`) of a network."""
    number = ipv4_number(address)
    if number is not None:
        return is_multicast_ipv4(number) or number == BROADCAST or number & 0xFF == 0xFF
    if is_mac(address):
        return bool(int(address[:2], 16) & 1)
    return _ipv6_group(address)


def _ipv6_group(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.split("%", 1)[0]).is_multicast
    except ValueError:
        return False


def is_nobody(address: str) -> bool:
    """Whether an address is that of a machine that has none yet."""
    return address in {"0.0.0.0", "::"}  # noqa: S104 (compared, nothing listens)


def names_group(group: str, address: str) -> bool:
    """Whether an entry of a conduit's groups means an address. `broadcast`: every one that is no multicast."""
    if group != "broadcast":
        return _within(group, address)
    number = ipv4_number(address)
    return address == "ff:ff:ff:ff:ff:ff" or (number is not None and not is_multicast_ipv4(number))


@lru_cache(maxsize=65_536)
def _within(group: str, address: str) -> bool:
    if group == address:
        return True
    try:
        return ipaddress.ip_address(address.split("%", 1)[0]) in ipaddress.ip_network(group)
    except ValueError:
        return False
