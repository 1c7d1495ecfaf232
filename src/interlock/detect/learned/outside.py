"""Which addresses are outside of a plant."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.detect.interface import Context

__all__ = ["outside_of"]


def outside_of(realm: str, server: str, context: Context) -> bool:
    """Whether an address is nobody's of the plant: a public one, or, where the site file says which are, another."""
    if context.site.owns(realm, server):
        return False
    if any(one.networks for one in context.site.realms if one.name == realm):
        return True
    try:
        return ipaddress.ip_address(server).is_global
    except ValueError:
        return False
