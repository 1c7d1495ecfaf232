"""Observed traffic on its way to the policy: what was seen, by kind, and the machines it was seen of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.segment.check.traffic import READ, Traffic
from interlock.segment.replay.watchdogs import WATCHDOGS, Watchdogs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pyarrow as pa

    from interlock.inventory.inventory import Inventory
    from interlock.records.asset import Asset
    from interlock.records.finding import Finding

__all__ = ["Observed", "ZoneRun", "finder"]


class Observed:
    """traffic: counted. find: (realm, address) → the machine there. assets: all that are known.

    findings: what detectors said of the same traffic, None where none judged it. watchdogs: as sessions said them.
    """

    def __init__(
        self,
        traffic: Traffic,
        assets: Iterable[Asset],
        findings: Iterable[Finding] | None = None,
        watchdogs: Watchdogs | None = None,
    ) -> None:
        traffic.finish()
        self.findings = None if findings is None else tuple(findings)
        self.traffic = traffic
        self.watchdogs = watchdogs or Watchdogs()
        self.assets = tuple(assets)
        self.find = finder(self.assets)


class ZoneRun:
    """Feed it every batch of records, then `finish`."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory, self._traffic, self._watchdogs = inventory, Traffic(), Watchdogs()
        self._now = 0

    @property
    def wanted(self) -> frozenset[str]:
        """The tables that anybody here reads."""
        return frozenset({*INVENTORY_TABLES, *READ, *WATCHDOGS})

    def feed(self, batches: Mapping[str, pa.RecordBatch], now: int) -> None:
        """Take the batches of one step; now: capture clock, UTC ns."""
        self._now = max(self._now, now)
        for name, batch in batches.items():
            if name in INVENTORY_TABLES:
                self._inventory.feed(name, batch)
            self._traffic.feed(name, batch)
            self._watchdogs.feed(name, batch)

    def finish(self) -> Observed:
        """All that was seen."""
        return Observed(self._traffic, self._inventory.directory(self._now).assets, watchdogs=self._watchdogs)


def finder(assets: Iterable[Asset]) -> Callable[[str, str], Asset | None]:
    """Make what finds the machine at an address; devices behind one are not it."""
    there: dict[tuple[str, str], Asset] = {}
    for asset in sorted(assets, key=lambda a: (a.parent is not None, a.unit is not None)):
        for address in (*asset.ips, *asset.macs):
            there.setdefault((asset.realm, address), asset)

    def find(realm: str, address: str) -> Asset | None:
        return there.get((realm, address))

    return find
