"""Inventory: feed it batches in any order; ask it at any time who is there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlock.inventory.addresses import Address
from interlock.inventory.bonds import own
from interlock.inventory.directory import Directory
from interlock.inventory.identities import Identities, Name, ip_name, mac_name, serial_name
from interlock.inventory.machines import assemble
from interlock.inventory.portraits import Painter
from interlock.inventory.proofs import facts_of, rows_of
from interlock.inventory.registries import Registries
from interlock.inventory.relations import Relations, Row, relate
from interlock.inventory.rules import Rules
from interlock.inventory.serials import serial_key, vendor_key
from interlock.inventory.sightings import Sightings
from interlock.inventory.texts import enlarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interlock.inventory.directory import Tenancy
    from interlock.inventory.machines import Machine, Machines
    from interlock.inventory.proofs import FactsOf
    from interlock.records.asset import Asset

__all__ = ["TABLES", "Inventory", "Limits"]

TABLES: Final = ("clues", "credentials", "flows", "operations")
"""Tables that the inventory reads."""
_NOTHING: Final = Relations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the inventory remembers; what does not fit is counted in `Inventory.left_out`.

    endpoints: addresses; where three quarters are in use, those that told least are forgotten, down to half.
    relations: kinds of conversation, and of operation. facts: identity facts.
    strangers: public addresses that become assets, those seen most.
    """

    endpoints: int = 400_000
    relations: int = 1_000_000
    facts: int = 1_500_000
    strangers: int = 10_000


class Inventory:
    """Who is there. State is bounded by `limits`; the order of batches makes no difference within them.

    site: names the namespace of ids. registries, rules: see registry_files for those of this package.
    issued: what `issued()` gave in an earlier run, so that ids stay.
    """

    def __init__(
        self,
        *,
        site: str = "default",
        registries: Registries | None = None,
        rules: Rules | None = None,
        limits: Limits | None = None,
        issued: Mapping[str, str] | None = None,
    ) -> None:
        self._registries, self._rules = registries or Registries(), rules or Rules()
        self._limits = limits or Limits()
        self._sightings = Sightings(
            endpoints=self._limits.endpoints, relations=self._limits.relations, facts=self._limits.facts
        )
        self._identities = Identities(site, issued)
        self._known: tuple[int, int, Directory] | None = None
        self._fed = False
        self._strangers = 0

    def feed(self, table: str, batch: pa.RecordBatch) -> None:
        """Take in a batch of one of TABLES; missing columns count as null.

        Raises ValueError for another table.
        """
        if table not in TABLES:
            raise ValueError(f"the inventory does not read {table}")
        if batch.num_rows:
            self._fed = True
            self._sightings.make_room()
            getattr(self._sightings, table)(batch)

    def assets(self, now_ns: int) -> tuple[Asset, ...]:
        """All machines as known now, ordered by realm and address, children after their parent.

        now_ns: capture clock, UTC ns, by which proofs age.
        """
        return self.directory(now_ns).assets

    def directory(self, now_ns: int) -> Directory:
        """All machines as known now, and who is at which address."""
        if self._known is None or self._fed or self._known[0] != now_ns:
            self._known, self._fed = (now_ns, self._sightings.keys(), self._draw(now_ns)), False
        return self._known[2]

    def known(self, now_ns: int) -> Directory:
        """As `directory`, but drawn anew only where something new was learnt.

        Counts and last times may be those of the last drawing. For whoever asks after every batch: looking for news
        costs milliseconds, drawing some 0.3 ms a machine.
        """
        if self._known is None or self._known[1] != self._sightings.keys():
            return self.directory(now_ns)
        return self._known[2]

    def issued(self) -> dict[str, str]:
        """Names and the ids issued for them, to give to the next run's Inventory."""
        return self._identities.issued()

    @property
    def left_out(self) -> dict[str, int]:
        """What did not fit or was refused: kind → how many."""
        s = self._sightings
        ledgers = (s.seen, s.bonds, s.talk, s.acts, s.logins)
        return {
            "endpoints": s.endpoints.left_out,
            "facts": s.facts.dropped + s.values.left_out,
            "relations": sum(ledger.dropped for ledger in ledgers),
            "strangers": self._strangers,
            "unknown-clue-fields": s.refused,
        }

    def _draw(self, now_ns: int) -> Directory:
        facts = facts_of(self._sightings)
        enlarge(facts)
        ownership = own(self._sightings, facts)
        machines = assemble(self._sightings, facts, ownership, self._registries)
        relations = relate(self._sightings, machines, self._rules.control)
        names = self._sightings.sources.names
        seen = {
            row[0]: Row(row[1], row[4], row[5], row[6], names[row[7]])
            for row in rows_of(self._sightings.seen.rows())
        }
        painter = Painter(
            sightings=self._sightings,
            registries=self._registries,
            rules=self._rules,
            seen=seen,
            routers=_routers(self._sightings, facts),
            now_ns=now_ns,
        )
        shown = self._shown(machines, seen)
        del facts, ownership
        portraits = []
        for place in shown:
            portraits.append(painter.paint(machines.all[place], relations[place]))
            machines.all[place].forget()
            relations[place] = _NOTHING
        return self._hang(machines, shown, portraits)

    def _shown(self, machines: Machines, seen: Mapping[int, Row]) -> list[int]:
        """Places of the machines that become assets: all but the strangers seen least."""
        strangers = [p for p, m in enumerate(machines.all) if m.stranger]
        traffic = {p: sum(seen[i].times for i in machines.all[p].ips if i in seen) for p in strangers}
        least = sorted(strangers, key=lambda p: (-traffic[p], p))[self._limits.strangers :]
        self._strangers = len(least)
        hidden = set(least)
        return [p for p in range(len(machines.all)) if p not in hidden]

    def _hang(self, machines: Machines, shown: list[int], portraits: list[tuple[Asset, ...]]) -> Directory:
        """Give ids, tie children to parents, and index addresses. portraits: parents with their children."""
        claims = [
            self._names(machines.all[place], asset)
            for place, drawn in zip(shown, portraits, strict=True)
            for asset in drawn
        ]
        given = iter(self._identities.assign(claims))
        assets: list[Asset] = []
        id_at: dict[int, str] = {}
        units: dict[tuple[int, str], str] = {}
        for place, (parent, *behind) in zip(shown, portraits, strict=True):
            mine, links = next(given)
            id_at[place] = mine
            children = []
            for child in behind:
                its, more = next(given)
                children.append(replace(child, id=its, links=more, parent=mine))
                units[place, child.unit or ""] = its
            assets.append(replace(parent, id=mine, links=links, children=tuple(c.id for c in children)))
            assets += children
        return self._index(machines, tuple(assets), id_at, units)

    def _index(
        self,
        machines: Machines,
        assets: tuple[Asset, ...],
        id_at: dict[int, str],
        units: dict[tuple[int, str], str],
    ) -> Directory:
        ids: dict[tuple[str, str], str] = {}
        lent: dict[tuple[str, str], tuple[Tenancy, ...]] = {}
        at: dict[int, list[tuple[str, str]]] = defaultdict(list)
        endpoints = self._sightings.endpoints
        for endpoint in (*machines.places, *machines.owners):
            place = machines.at(endpoint)
            if place is None or place not in id_at:
                continue
            where = (endpoints.realms[endpoint], endpoints.addresses[endpoint])
            ids[where] = id_at[place]
            at[place].append(where)
            held = tuple((first, last, id_at[p]) for first, last, p in machines.tenancies(endpoint))
            if len({tenant for _, _, tenant in held}) > 1:
                lent[where] = held
        for (place, unit), child in units.items():
            ids.update({(realm, f"{address}/{unit}"): child for realm, address in at[place]})
        return Directory(assets=assets, ids=ids, lent=lent, by_id={a.id: a for a in assets})

    def _names(self, machine: Machine, asset: Asset) -> tuple[Name, ...]:
        """Names of a machine, or of a device behind it; the strongest first."""
        text, flags = self._sightings.endpoints.addresses, self._sightings.endpoints.flags
        realm, unit = machine.realm, asset.unit
        serial, vendor = serial_key(asset.serial or ""), vendor_key(asset.vendor or "")
        told = [serial_name(realm, vendor, serial)] if serial and vendor else []
        ips = [text[i] for i in machine.ips]
        if unit is not None:
            return (*told, *(ip_name(realm, a, unit) for a in ips or [text[m] for m in machine.macs]))
        macs = sorted(machine.macs, key=lambda m: (flags[m] & Address.VIRTUAL, text[m]))
        told += [mac_name(realm, text[m]) for m in macs]
        return (*told, *(ip_name(realm, ip, lasting=not macs) for ip in ips))


def _routers(sightings: Sightings, facts: FactsOf) -> dict[int, int]:
    """IP → how many machines were told to use it as their router."""
    found: dict[int, int] = defaultdict(int)
    for (who, unit), told in facts.items():
        named = {f.proof.value for f in told if f.field == "router"}
        for address in named if not unit else ():
            found[sightings.endpoints.find(sightings.endpoints.realms[who], address)] += 1
    return found
