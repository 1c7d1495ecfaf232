"""IPv4 addresses as numbers, without the standard library's objects: a flood of strangers is looked at one by one."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Final

__all__ = ["BROADCAST", "ipv4_number", "is_global_ipv4", "is_multicast_ipv4", "is_public_ipv4"]

BROADCAST: Final = 0xFFFFFFFF
_OCTETS: Final = {str(n): n for n in range(256)}
_SPECIAL: Final = frozenset({0, 10, 100, 127, 169, 172, 192, 198, 203, *range(224, 256)})
"""First octets of networks that are not global in whole (IANA IPv4 Special-Purpose Address Registry), groups too."""

_DOCUMENTATION: Final = frozenset({0xC00002, 0xC63364, 0xCB0071})
"""192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24: no plant has them; in practice they stand for strangers."""


def ipv4_number(address: str) -> int | None:
    """The number of an address in canonical text (four numbers, no leading zeros), None for any other text."""
    parts = address.split(".")
    if len(parts) != 4:
        return None
    try:
        one, two, three, four = [_OCTETS[part] for part in parts]
    except KeyError:
        return None
    return one << 24 | two << 16 | three << 8 | four


def is_multicast_ipv4(number: int) -> bool:
    """Whether it is a group's (224.0.0.0/4, RFC 5771)."""
    return number >> 28 == 0xE


def is_global_ipv4(number: int) -> bool:
    """Whether it is reachable from everywhere (as ipaddress.IPv4Address.is_global)."""
    return number >> 24 not in _SPECIAL or IPv4Address(number).is_global


def is_public_ipv4(number: int) -> bool:
    """Whether it is a stranger's: global, or of the networks that documentation uses for strangers (RFC 5737)."""
    return number >> 8 in _DOCUMENTATION or is_global_ipv4(number)
