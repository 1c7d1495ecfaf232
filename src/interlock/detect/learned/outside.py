"""Which addresses are outside of a plant, and which are nobody's own."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.detect.interface import Context

__all__ = ["is_public", "nobodys", "outside_of"]


def outside_of(realm: str, server: str, context: Context) -> bool:
    """Whether an address is nobody's of the plant: a public one, or, where the site file says which are, another."""
    if context.site.owns(realm, server):
        return False
    if any(one.networks for one in context.site.realms if one.name == realm):
        return True
    return is_public(server)


@lru_cache(maxsize=16_384)
def nobodys(address: str) -> bool:
    """Whether an address is nobody's own: multicast, broadcast, unset."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return ip.is_multicast or ip.is_unspecified or address.endswith(".255")


@lru_cache(maxsize=16_384)
def is_public(address: str) -> bool:
    """Whether an address is one of the internet's."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
