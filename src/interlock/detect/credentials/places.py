"""Whether a machine that takes logins stands at the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.control import CONTROL_PROTOCOLS, PLANT_ROLES

if TYPE_CHECKING:
    from interlock.detect.interface import Context

__all__ = ["at_process"]


def at_process(context: Context, realm: str, server: str, protocol: str) -> bool:
    """By the protocol of the login, by the machine's role, or by what else it serves."""
    if protocol in CONTROL_PROTOCOLS:
        return True
    asset = context.asset(realm, server)
    return asset is not None and (asset.role in PLANT_ROLES or not CONTROL_PROTOCOLS.isdisjoint(asset.served))
