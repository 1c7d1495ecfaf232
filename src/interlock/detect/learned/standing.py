"""Who stands at both ends of a deviation: what people, inventory and what was learned say; how grave that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from interlock.detect.causes import milder
from interlock.detect.gate import Deed, order_covers
from interlock.detect.learned.deeds import is_group
from interlock.records.site import MaintenanceWindow, utc_ns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from interlock.detect.interface import Context
    from interlock.detect.tally import Tally
    from interlock.records.site import Site
    from interlock.records.vocabulary import Severity

__all__ = ["Standing", "deed_at", "standing", "unordered"]

_GRAVER: dict[Severity, Severity] = {"info": "low", "low": "medium", "medium": "high", "high": "critical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """ordered: in a maintenance window that covers the server (orders: detect.gate). named: an engineering station.

    stranger: the client had never been seen. refused: nothing of it was done. safety, lab: of the server.
    """

    stranger: bool
    ordered: bool
    named: bool
    safety: bool
    lab: bool
    refused: bool

    def severity(self, usual: Severity) -> Severity:
        """Info where it was ordered; milder for a named station, a lab or a refusal, graver for a safety system."""
        if self.ordered:
            return "info"
        if self.safety:
            return _GRAVER.get(usual, usual)
        return milder(usual, self.named + self.refused + 2 * self.lab)

    def told(self) -> str:
        """Say it."""
        said = (
            (self.ordered, "A maintenance window covers it."),
            (self.safety, "The machine belongs to a safety system."),
            (self.named, "The site file names the client as engineering station."),
            (self.lab, "The machine stands in a lab range."),
            (self.refused, "The machine refused or gave no answer."),
        )
        return " ".join(text for holds, text in said if holds)


def standing(context: Context, ends: tuple[str, str, str], tally: Tally, *, stranger: bool) -> Standing:
    """Look both ends up. ends: realm, client, server; server may be empty, where it is about many."""
    realm, client, server = ends
    site, outcomes = context.site, set(tally.noted("outcome"))
    servers = [server] if server else [s for s in list(tally.noted("server"))[:50] if not is_group(s)]
    return Standing(
        stranger=stranger,
        ordered=bool(servers) and all(_ordered(context, realm, s, tally, stranger) for s in servers),
        named=site.engineering_station(realm, client, server or None) is not None,
        safety=any(
            site.safety_system(realm, s) is not None or context.role(realm, s) == "safety-controller"
            for s in servers
        ),
        lab=bool(servers) and all(site.in_lab(realm, s) for s in servers),
        refused=bool(outcomes) and outcomes <= {"refused", "no-answer"},
    )


def _ordered(context: Context, realm: str, server: str, tally: Tally, stranger: bool) -> bool:
    """Whether a window covers the server, by any of its addresses, at the first and at the last instant.

    It lets known machines work, not one that nobody ever saw.
    """
    asset = context.asset(realm, server)
    addresses = (server,) if asset is None else (server, *asset.ips, *asset.macs)
    return not stranger and any(
        all(
            isinstance(context.site.maintenance(realm, a, at), MaintenanceWindow)
            for at in (tally.first, tally.last)
        )
        for a in addresses
    )


def unordered(
    site: Site, ends: tuple[str, str, str], verb: str, times: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell per instant (UTC ns) whether no work order covers it. ends: realm, client, server. verb: "" for none.

    For causes over many servers, of which one order covers some and another one others.
    """
    realm, client, server = ends
    outside = np.ones(len(times), np.bool_)
    machines = [] if is_group(server) else [(server,)]
    for order in site.work_orders:
        if order_covers(order, realm, [(client,)], machines, verbs=(verb,) if verb else ()):
            outside &= (times < utc_ns(order.start)) | (times >= utc_ns(order.end))
    return outside


def deed_at(realm: str, client: str, servers: Iterable[str], verbs: Iterable[str] = ()) -> Deed:
    """Say what a work order would have to allow; groups are nobody's machines."""
    machines = tuple(server for server in servers if not is_group(server))
    return Deed(realm=realm, stations=(client,) if client else (), machines=machines, verbs=tuple(verbs))
