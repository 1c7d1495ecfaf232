"""Who stands at both ends of a deviation: what people, inventory and what was learned say; how grave that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.detect.causes import milder
from interlock.detect.learned.deeds import is_group
from interlock.records.site import WorkOrder, covers

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.tally import Tally
    from interlock.records.site import MaintenanceWindow
    from interlock.records.vocabulary import Severity

__all__ = ["Standing", "standing"]

_GRAVER: dict[Severity, Severity] = {"info": "low", "low": "medium", "medium": "high", "high": "critical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """ordered: inside a window or work order that covers both ends. named: an engineering station for the server.

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
            (self.ordered, "A work order or maintenance window covers it."),
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
        ordered=bool(servers) and all(_ordered(context, realm, client, s, tally, stranger) for s in servers),
        named=site.engineering_station(realm, client, server or None) is not None,
        safety=any(
            site.safety_system(realm, s) is not None or context.role(realm, s) == "safety-controller"
            for s in servers
        ),
        lab=bool(servers) and all(site.in_lab(realm, s) for s in servers),
        refused=bool(outcomes) and outcomes <= {"refused", "no-answer"},
    )


def _ordered(context: Context, realm: str, client: str, server: str, tally: Tally, stranger: bool) -> bool:
    """Whether both instants lie in one entry that covers the server, and the client where it names stations.

    A window without stations lets known machines work, not a machine that nobody ever saw.
    """
    entry = _entry(context, realm, server, tally)
    if entry is None:
        return False
    if isinstance(entry, WorkOrder) and entry.stations:
        return any(covers(entry.stations, address) for address in _addresses(context, realm, client))
    return not stranger


def _entry(context: Context, realm: str, server: str, tally: Tally) -> MaintenanceWindow | WorkOrder | None:
    """Find what covers a machine, by any of its addresses, at the first and at the last instant."""
    for address in _addresses(context, realm, server):
        first, last = (context.site.maintenance(realm, address, at) for at in (tally.first, tally.last))
        if first is not None and last is not None:
            return first
    return None


def _addresses(context: Context, realm: str, address: str) -> tuple[str, ...]:
    asset = context.asset(realm, address)
    return (address,) if asset is None else tuple(dict.fromkeys((address, *asset.ips, *asset.macs)))
