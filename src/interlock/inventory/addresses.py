"""What an address can be: a machine's, a group's, a virtual router's, a stranger's on the internet.

Sources: RFC 1112, 3927, 4291, 6890 (special-purpose addresses), 9568 (VRRP); IEEE 802-2014 clause 8.2 (I/G,
U/L).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from typing import Final

from interlock.records.ipv4 import BROADCAST, ipv4_number, is_multicast_ipv4, is_public_ipv4

__all__ = ["Address", "classify", "eui64_mac", "near", "sort_key", "virtual_router"]


class Address:
    """Properties of an address, as bits; without MACHINE it can never be an asset.

    Plain numbers, because they are tested for every address of every batch.
    """

    MACHINE: Final = 1
    MAC: Final = 2
    V6: Final = 4
    LINK_LOCAL: Final = 8
    PUBLIC: Final = 16
    VIRTUAL: Final = 32
    LOCAL_ADMIN: Final = 64


_MAC: Final = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\Z")
_DOCUMENTATION: Final = IPv6Network("2001:db8::/32")
"""RFC 3849: no plant has it; whoever practises stands for strangers with it."""

_VIRTUAL: Final = (
    (re.compile(r"00:00:5e:00:01:([0-9a-f]{2})\Z"), "VRRP or CARP group"),
    (re.compile(r"00:00:5e:00:02:([0-9a-f]{2})\Z"), "VRRP group for IPv6"),
    (re.compile(r"00:00:0c:07:ac:([0-9a-f]{2})\Z"), "HSRP group"),
    (re.compile(r"00:00:0c:9f:f([0-9a-f]:[0-9a-f]{2})\Z"), "HSRP version 2 group"),
    (re.compile(r"00:05:73:a0:0([0-9a-f]:[0-9a-f]{2})\Z"), "HSRP group for IPv6"),
    (re.compile(r"00:07:b4:0([0-3]:[0-9a-f]{2}):[0-9a-f]{2}\Z"), "GLBP group"),
)


def classify(address: str) -> int:
    """Properties of an IP or MAC address in canonical text; 0 where it can belong to no machine.

    Groups, broadcast, 0.0.0.0/8, :: and the all-zero MAC (loopback interfaces write it) are no machines, nor
    is text that is no address. Loopback addresses are: whoever captures on `lo` wants to see them.
    """
    if _MAC.match(address):
        return _mac(address)
    try:
        return _v6(address) if ":" in address else _v4(address)
    except AddressValueError:
        return 0


def virtual_router(mac: str) -> str | None:
    """`VRRP or CARP group 7` where a MAC stands for a group of routers, else None."""
    for pattern, protocol in _VIRTUAL:
        if match := pattern.match(mac):
            return f"{protocol} {int(match[1].replace(':', ''), 16)}"
    return None


def eui64_mac(address: str) -> str | None:
    """MAC that an IPv6 address made by modified EUI-64 carries (RFC 4291 appendix A), else None."""
    try:
        octets = IPv6Address(address.partition("%")[0]).packed[8:]
    except AddressValueError:
        return None
    if octets[3:5] != b"\xff\xfe":
        return None
    return bytes((octets[0] ^ 2, *octets[1:3], *octets[5:])).hex(":")


def near(one: str, other: str, mask: str | None = None) -> bool:
    """Whether two IP addresses share a network: by mask where one is known, else /24 and /64."""
    if (":" in one) != (":" in other):
        return False
    if ":" in one:
        return _int6(one) >> 64 == _int6(other) >> 64
    bits = _int4(mask) if mask is not None else 0xFFFFFF00
    return (_int4(one) ^ _int4(other)) & (bits or 0xFFFFFF00) == 0


@lru_cache(maxsize=1 << 12)
def sort_key(address: str) -> tuple[int, int, str]:
    """Order of addresses for people: IPv4 by number, IPv6 by number, then MACs."""
    if len(address) == 17 and _MAC.match(address):
        return (2, 0, address)
    return (1, _int6(address), address) if ":" in address else (0, _int4(address), address)


def _mac(address: str) -> int:
    first = int(address[:2], 16)
    if first & 1 or address == "00:00:00:00:00:00":
        return 0
    flags = Address.MACHINE | Address.MAC
    if first & 2:
        flags |= Address.LOCAL_ADMIN
    return flags | Address.VIRTUAL if virtual_router(address) else flags


def _v4(address: str) -> int:
    number = ipv4_number(address)
    if number is None or number >> 24 == 0 or is_multicast_ipv4(number) or number == BROADCAST:
        return 0
    if number >> 16 == 0xA9FE:
        return Address.MACHINE | Address.LINK_LOCAL
    return Address.MACHINE | Address.PUBLIC if is_public_ipv4(number) else Address.MACHINE


def _v6(address: str) -> int:
    ip = IPv6Address(address.partition("%")[0])
    if ip.is_multicast or ip.is_unspecified:
        return 0
    if ip.is_link_local:
        return Address.MACHINE | Address.V6 | Address.LINK_LOCAL
    return Address.MACHINE | Address.V6 | (Address.PUBLIC if ip.is_global or ip in _DOCUMENTATION else 0)


def _int4(address: str) -> int:
    return ipv4_number(address) or 0


def _int6(address: str) -> int:
    try:
        return int(IPv6Address(address.partition("%")[0]))
    except AddressValueError:
        return 0
