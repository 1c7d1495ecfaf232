"""Fields that the site file and the inventory know: of one end of a row, or of both and the time."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.control import CONTROL_PORTS
from interlock.detect.gate import order_covers
from interlock.records.ipv4 import ipv4_number, is_global_ipv4, is_multicast_ipv4
from interlock.records.site import covers, utc_ns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Word
    from interlock.detect.interface import Context
    from interlock.records.site import Site

__all__ = ["answering_back", "by_site", "fact", "in_window", "scope"]

_SECOND_NS: Final = 10**9
_TEN: Final = 10
_192_168: Final = 0xC0A8
_IDLE: Final = "historian"
"""The role that machines have which only read."""
_SURE: Final = 0.5
_CONTROL: Final = np.array(sorted(CONTROL_PORTS))


def by_site(field: str) -> bool:
    """Whether only the site file answers what a field is, and the address itself: never the inventory."""
    return field.partition("_")[2] in ("zone", "scope", "in_lab", "named_engineering")


def fact(field: str, context: Context, realm: str, *addresses: str) -> Word | bool:
    """Say what is known of machines now; addresses: of the field's `ends`, in that order."""
    what, site, address = field.partition("_")[2], context.site, addresses[0]
    if what == "zone":
        zone = site.zone_of(realm, address)
        return None if zone is None else zone.name
    if what == "scope":
        return "plant" if site.owns(realm, address) else scope(address)
    if what == "in_lab":
        return site.in_lab(realm, address)
    if what == "named_engineering":
        return site.engineering_station(realm, *addresses) is not None
    role = context.role(realm, address)
    if what == "role":
        return None if role == _IDLE and _is_guess(context, realm, address) else role
    return role == "safety-controller" or site.safety_system(realm, address) is not None


def _is_guess(context: Context, realm: str, address: str) -> bool:
    """Whether a machine's role is known by what it had not done yet alone, so that doing it gives another one."""
    asset = context.asset(realm, address)
    proofs = () if asset is None else dict(asset.provenance).get("role", ())
    return max((proof.confidence for proof in proofs if proof.value == _IDLE), default=1.0) < _SURE


@lru_cache(maxsize=16_384)
def scope(address: str) -> str:
    """Name the kind of an address that no site file knows."""
    number = ipv4_number(address)
    if number is not None:
        if is_multicast_ipv4(number) or address.endswith(".255") or number == 0:
            return "group"
        if (
            number >> 24 == _TEN or number >> 16 == _192_168
        ):  # RFC 1918: most of a plant, told without objects
            return "plant"
        if is_global_ipv4(number):
            return "public"
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return "group" if _is_group_mac(address) else "mac"
    if ip.is_multicast:
        return "group"
    if ip.is_link_local or ip.is_loopback or ip.is_unspecified:
        return "local"
    return "public" if ip.is_global else "plant"


def _is_group_mac(address: str) -> bool:
    """Whether the first octet sent has its group bit set (IEEE 802, 8.2)."""
    try:
        return bool(int(address.partition(":")[0], 16) & 1)
    except ValueError:
        return False


def in_window(batch: Batch, context: Context) -> NDArray[np.bool_]:
    """Tell per row whether a window covers its server at its time, or an order allows it; to the second."""
    site = context.site
    if not (site.maintenance_windows or site.work_orders):
        return np.zeros(len(batch), np.bool_)
    seconds = batch.times_ns() // _SECOND_NS
    groups = batch.groups("realm", "client", "server", "verb", bins=seconds, named="second")
    covered = [
        _planned(site, realm or "", (client or "", server or ""), verb, second * _SECOND_NS)
        for _, (realm, client, server, verb, second) in groups
    ]
    return groups.spread(covered)


def _planned(site: Site, realm: str, ends: tuple[str, str], verb: Word, time_ns: int) -> bool:
    """A window is open to all; an order to its stations alone, and for what it names."""
    client, server = ends
    for entry in site.maintenance_windows:
        held = entry.realm == realm and utc_ns(entry.start) <= time_ns < utc_ns(entry.end)
        if held and (not entry.machines or covers(entry.machines, server)):
            return True
    verbs = () if verb is None else (verb,)
    return any(
        utc_ns(order.start) <= time_ns < utc_ns(order.end)
        and order_covers(order, realm, [(client,)], [(server,)], verbs=verbs)
        for order in site.work_orders
    )


def answering_back(batch: Batch) -> NDArray[np.bool_]:
    """Tell per row whether a machine at a control port asks one that is at none.

    S7 controllers fetch the blocks of a download from the client that began it.
    """
    client, server = batch.integers("client_port"), batch.integers("server_port")
    return _controls(client) & ~_controls(server) & (server > 0)


def _controls(port: NDArray[np.int64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.isin(port, _CONTROL, kind="table")
    return found
