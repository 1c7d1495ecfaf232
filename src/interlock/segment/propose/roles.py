"""Which kind of zone a machine belongs to, by what is known of it and what it was seen to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.ipv4 import ipv4_number, is_public_ipv4

if TYPE_CHECKING:
    from interlock.records.asset import Asset
    from interlock.records.site import Site

__all__ = ["Belongs", "belongs"]

_FIELD: Final = frozenset({"plc", "rtu", "io", "drive", "ied", "sensor", "building-controller", "gateway"})
_OPERATIONS: Final = frozenset({"hmi", "scada-server", "historian", "engineering-station"})
_NETWORK: Final = frozenset({"switch", "router", "firewall"})
_OFFICE: Final = frozenset({"printer", "camera", "server", "workstation"})


class Belongs(NamedTuple):
    """group: cell, operations, safety, network, wireless, business or external. why: a half sentence."""

    group: str
    why: str
    confidence: float


def belongs(
    site: Site, realm: str, address: str, asset: Asset | None, *, serves: bool, uses: bool, near: bool
) -> Belongs:
    """Say where a machine belongs. serves, uses: whether it answers, or asks by, a control protocol.

    near: whether others of its network speak control protocols: plants use public addresses of their own choice, too.
    """
    addresses = (address,) if asset is None else (address, *asset.ips, *asset.macs)
    role = None if asset is None else asset.role
    if role == "safety-controller" or any(site.safety_system(realm, a) for a in addresses):
        return Belongs("safety", "it is a safety system", 0.95)
    if any(site.engineering_station(realm, a) for a in addresses):
        return Belongs("operations", "the site file names it as an engineering station", 0.95)
    if _foreign(address) and not near and not any(site.owns(realm, a) for a in addresses):
        return Belongs("external", "its address is a public one", 0.8)
    if role in _FIELD:
        return Belongs("cell", f"its role is {role}", 0.85)
    if role in _OPERATIONS:
        return Belongs("operations", f"its role is {role}", 0.85)
    if role in _NETWORK:
        return Belongs("network", f"its role is {role}", 0.85)
    if role == "access-point":
        return Belongs("wireless", "it is an access point", 0.8)
    if serves:
        return Belongs("cell", "it answers by a control protocol", 0.7)
    if uses:
        return Belongs("operations", "it asks by control protocols and answers by none", 0.6)
    if role in _OFFICE:
        return Belongs("business", f"its role is {role}, and it speaks no control protocol", 0.6)
    return Belongs("business", "it speaks no control protocol, and what it is for is not known", 0.3)


def _foreign(address: str) -> bool:
    number = ipv4_number(address)
    return number is not None and is_public_ipv4(number)
