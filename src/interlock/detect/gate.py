"""The change gate: what a work order of the site file makes expected, and so silent; everything else stays loud."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from interlock.records.site import covers, utc_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.detect.interface import Context
    from interlock.detect.tally import Tally
    from interlock.records.site import MaintenanceWindow, Site, WorkOrder

__all__ = ["Deed", "calendar_of", "expected", "order_covers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a finding says was done, as a work order would allow it.

    stations: who did it, empty where nobody can be named. machines: what was touched, each of them. verbs: any of
    these names it. objects: each was touched; empty where the deed has none. mild: a weakness that the order does
    not mend is told as info, not silent.
    """

    realm: str
    stations: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    mild: bool = False


_LATEST: Final[list[tuple[Site, Callable[[int, int], str] | None]]] = []


def calendar_of(site: Site) -> Callable[[int, int], str] | None:
    """Make what tells which orders and named windows hold from one instant to another (UTC ns); None without any.

    It gives their ids, joined by lines.
    Made once for the site that is in force.
    """
    if not _LATEST or _LATEST[0][0] is not site:
        _LATEST[:] = [(site, _calendar(site))]
    return _LATEST[0][1]


def _calendar(site: Site) -> Callable[[int, int], str] | None:
    named: tuple[WorkOrder | MaintenanceWindow, ...] = (
        *site.work_orders,
        *(window for window in site.maintenance_windows if window.id is not None),
    )
    orders = [(utc_ns(entry.start), utc_ns(entry.end), str(entry.id)) for entry in named]
    if not orders:
        return None

    def during(first: int, last: int) -> str:
        return "\n".join(name for start, end, name in orders if start <= first and last < end)

    return during


def expected(deed: Deed, tally: Tally, context: Context) -> WorkOrder | None:
    """Find the order that makes all of it expected; None where any part happened outside of every such order."""
    if not tally.orders or "" in tally.orders or sum(tally.orders.values()) < tally.count:
        return None
    fitting = {order.id: order for order in context.site.work_orders if _fits(order, deed, context)}
    found = [[name for name in held.split("\n") if name in fitting] for held in tally.orders]
    return fitting[found[0][0]] if all(found) else None


def _fits(order: WorkOrder, deed: Deed, context: Context) -> bool:
    def alike(addresses: Iterable[str]) -> list[tuple[str, ...]]:
        return [_aliases(context, deed.realm, address) for address in addresses]

    return order_covers(
        order, deed.realm, alike(deed.stations), alike(deed.machines), verbs=deed.verbs, objects=deed.objects
    )


def order_covers(
    order: WorkOrder,
    realm: str,
    stations: Iterable[tuple[str, ...]],
    machines: Iterable[tuple[str, ...]],
    *,
    verbs: tuple[str, ...] = (),
    objects: tuple[str, ...] = (),
) -> bool:
    """Whether an order allows this, its times left aside. stations, machines: each with every address it goes by."""
    return (
        order.realm == realm
        and _among(order.stations, stations)
        and _among(order.machines, machines)
        and (not order.verbs or not verbs or any(_allowed(order, verb) for verb in verbs))
        and all(_named(order.objects, thing) for thing in objects)
    )


def _allowed(order: WorkOrder, verb: str) -> bool:
    """Whether an order names a verb; who may open a session may end it, too."""
    return verb in order.verbs or (verb == "close" and "open" in order.verbs)


def _among(members: tuple[str, ...], machines: Iterable[tuple[str, ...]]) -> bool:
    return not members or all(any(covers(members, a) for a in addresses) for addresses in machines)


def _named(patterns: tuple[str, ...], thing: str) -> bool:
    return not patterns or any(fnmatchcase(thing, pattern) for pattern in patterns)


def _aliases(context: Context, realm: str, address: str) -> tuple[str, ...]:
    """Give a machine's addresses: an order names its IP, a protocol without IP its link address."""
    asset = context.asset(realm, address)
    return (address,) if asset is None else (address, *asset.ips, *asset.macs)
