"""Inventory: feed it batches in any order; ask it at any time who is there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.collector import uncollected
from interlock.inventory.addresses import Address
from interlock.inventory.bonds import own
from interlock.inventory.directory import Directory
from interlock.inventory.identities import Identities, Name, ip_name, mac_name, serial_name
from interlock.inventory.machines import assemble
from interlock.inventory.portraits import Painter
from interlock.inventory.proofs import Facts
from interlock.inventory.registries import Registries
from interlock.inventory.relations import Relator, Seen
from interlock.inventory.rules import Rules
from interlock.inventory.serials import serial_key, vendor_key
from interlock.inventory.sightings import Sightings
from interlock.inventory.state import read_state, state_of
from interlock.inventory.texts import SPOKEN, read_text
from interlock.records.asset import altered
from interlock.records.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interlock.inventory.directory import Tenancy
    from interlock.inventory.machines import Machine, Machines
    from interlock.records.asset import Asset

__all__ = ["TABLES", "Inventory", "Limits"]

TABLES: Final = ("clues", "credentials", "flows", "operations")
"""Tables that the inventory reads."""
_HELD_ROWS: Final = 2048
"""Rows of a table that wait to be folded together: what folds pays for a batch, and a sensor's are small."""
_NEWS_NS: Final = 1_000_000_000
"""By the capture clock; so long `known` may not know of what waits."""
_AT_ONCE: Final = 512
"""Machines whose facts and relations are in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the inventory remembers; what does not fit is counted in `Inventory.left_out`.

    endpoints: addresses; where three quarters are in use, those that told least are forgotten, down to half.
    relations: kinds of conversation, and of operation. facts: identity facts.
    strangers: public addresses that become assets, those seen most. senders: as many of the machines that merely
    sent: whoever floods a network with forged senders makes no plant of a hundred thousand machines.
    """

    endpoints: int = 300_000
    relations: int = 500_000
    facts: int = 500_000
    strangers: int = 10_000
    senders: int = 10_000


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
        self._sightings = self._nothing_seen()
        self._site = site
        self._identities = Identities(site, issued)
        self._known: tuple[int, int, Directory] | None = None
        self._fed = False
        self._asked = 0
        least = min(self._limits.endpoints, self._limits.relations, self._limits.facts)
        # Room is made between foldings, so that one must not fill it.
        held = max(1, min(_HELD_ROWS, least // 8))
        self._held: dict[str, Gathering] = {table: Gathering(held) for table in TABLES}
        self._strangers = self._senders = 0

    def feed(self, table: str, batch: pa.RecordBatch) -> None:
        """Take in a batch of one of TABLES; missing columns count as null. Small ones are folded some at a time.

        Raises ValueError for another table.
        """
        if table not in TABLES:
            raise ValueError(f"the inventory does not read {table}")
        if batch.num_rows:
            self._fed = True
            for rows in self._held[table].feed(batch):
                self._fold(table, rows)

    def _fold(self, table: str, batch: pa.RecordBatch) -> None:
        self._sightings.make_room()
        getattr(self._sightings, table)(batch)

    def _fold_all(self) -> None:
        """What waits: whoever asks who is there hears of all that was fed."""
        for table, held in self._held.items():
            rows = held.rest()
            if rows is not None:
                self._fold(table, rows)

    def assets(self, now_ns: int) -> tuple[Asset, ...]:
        """All machines as known now, ordered by realm and address, children after their parent.

        now_ns: capture clock, UTC ns, by which proofs age.
        """
        return self.directory(now_ns).assets

    def directory(self, now_ns: int) -> Directory:
        """All machines as known now, and who is at which address."""
        if self._known is None or self._fed or self._known[0] != now_ns:
            self._fold_all()
            self._known, self._fed = (now_ns, self._sightings.keys(), self._draw(now_ns)), False
        return self._known[2]

    def known(self, now_ns: int) -> Directory:
        """As `directory`, but drawn anew only where something new was learnt.

        Counts and last times may be those of the last drawing; what was fed last is looked at once a second. For
        whoever asks after every batch: looking for news costs milliseconds, drawing some 0.3 ms a machine.
        """
        if self.has_news(now_ns):
            return self.directory(now_ns)
        assert self._known is not None
        return self._known[2]

    def has_news(self, now_ns: int) -> bool:
        """Whether something new was learnt since machines were drawn last; looked at once a second."""
        if not 0 <= now_ns - self._asked < _NEWS_NS:
            self._asked = now_ns
            self._fold_all()
        return self._known is None or self._known[1] != self._sightings.keys()

    def adopt(self, now_ns: int, keys: int, directory: Directory, issued: Mapping[str, str]) -> None:
        """Go on from what another drew from a copy of this inventory at `now_ns`, and the ids it issued on the way.

        keys: what `keys` gave when the copy was made.
        """
        self._identities.adopt(issued)
        self._known, self._fed = (now_ns, keys, directory), True

    def keys(self) -> int:
        """A number that grows with everything new; see `adopt`. What waits is looked at before."""
        self._fold_all()
        return self._sightings.keys()

    def issued(self) -> dict[str, str]:
        """Names and the ids issued for them, to give to the next run's Inventory."""
        return self._identities.issued()

    def dump(self) -> bytes:
        """Everything it has learned, and the ids issued, as `state` says; bounded as the inventory is."""
        self._fold_all()
        return state_of(self._sightings, self.issued(), self._site)

    def load(self, state: bytes) -> None:
        """Go on from what `dump` gave, in place of everything so far.

        Raises SourceError, a sentence, where it is not the state of an inventory of this site; nothing has changed
        then.
        """
        sightings = self._nothing_seen()
        issued = read_state(state, sightings, self._site)
        for held in self._held.values():
            held.rest()
        self._sightings, self._identities = sightings, Identities(self._site, issued)
        self._known, self._fed = None, True

    def _nothing_seen(self) -> Sightings:
        limits = self._limits
        return Sightings(endpoints=limits.endpoints, relations=limits.relations, facts=limits.facts)

    @property
    def fill(self) -> dict[str, tuple[float, int]]:
        """By limit: how much of it is used, and how many were forgotten. Of what was folded so far: this is cheap."""
        s = self._sightings
        ledgers = (s.seen, s.bonds, s.talk, s.acts, s.logins)
        return {
            "endpoints": (len(s.endpoints), s.endpoints.left_out),
            "relations": (
                max(map(len, (s.talk, s.acts, s.logins))),
                sum(ledger.dropped for ledger in ledgers),
            ),
            "facts": (len(s.facts), s.facts.dropped + s.values.left_out),
        }

    @property
    def left_out(self) -> dict[str, int]:
        """What did not fit or was refused: kind → how many."""
        self._fold_all()
        s = self._sightings
        ledgers = (s.seen, s.bonds, s.talk, s.acts, s.logins)
        return {
            "endpoints": s.endpoints.left_out,
            "facts": s.facts.dropped + s.values.left_out,
            "relations": sum(ledger.dropped for ledger in ledgers),
            "senders": self._senders,
            "strangers": self._strangers,
            "unknown-clue-fields": s.refused,
        }

    def _draw(self, now_ns: int) -> Directory:
        with uncollected():
            facts = Facts(self._sightings, read_text, SPOKEN)
            ownership = own(self._sightings, facts)
            machines = assemble(self._sightings, facts, ownership, self._registries)
            seen = Seen(self._sightings)
            painter = Painter(
                sightings=self._sightings,
                registries=self._registries,
                rules=self._rules,
                seen=seen,
                routers=_routers(self._sightings, facts),
                now_ns=now_ns,
            )
            relator = Relator(self._sightings, machines, self._rules.control)
            hidden = self._hidden(machines, seen)
            drawn = [p for p in range(len(machines)) if p not in hidden]
            claims: list[tuple[Name, ...]] = []
            portraits: list[tuple[Asset, ...]] = []
            for start in range(0, len(machines), _AT_ONCE):
                stop = min(start + _AT_ONCE, len(machines))
                some = zip(machines.some(start, stop), relator.some(start, stop), strict=True)
                for place, (machine, relations) in enumerate(some, start):
                    if place not in hidden:
                        portraits.append(painter.paint(machine, relations))
                        claims += [self._names(machine, asset) for asset in portraits[-1]]
            return self._hang(machines, drawn, portraits, claims)

    def _hidden(self, machines: Machines, seen: Seen) -> frozenset[int]:
        """Places of the strangers seen least, and of those who merely sent, who do not become assets."""
        limits, strangers = self._limits, machines.strangers
        least = _least(sorted(strangers), limits.strangers, machines, seen)
        self._strangers = len(least)
        self._senders = 0
        if len(machines) - len(strangers) > limits.senders:
            met = machines.placed(*self._sightings.met())
            merely = np.ones(len(machines), np.bool_)
            merely[met[met >= 0]] = False
            merely[sorted(strangers)] = False
            senders = _least(np.flatnonzero(merely).tolist(), limits.senders, machines, seen)
            self._senders = len(senders)
            least += senders
        return frozenset(least)

    def _hang(
        self,
        machines: Machines,
        drawn: list[int],
        portraits: list[tuple[Asset, ...]],
        claims: list[tuple[Name, ...]],
    ) -> Directory:
        """Give ids, tie children to parents, and index addresses. portraits: parents with their children.

        claims: names of each asset of the portraits.
        """
        given = iter(self._identities.assign(claims))
        claims.clear()
        assets: list[Asset] = []
        id_at: dict[int, str] = {}
        units: dict[tuple[int, str], str] = {}
        for i, place in enumerate(drawn):
            parent, *behind = portraits[i]
            portraits[i] = ()
            mine, links = next(given)
            id_at[place] = mine
            children = []
            for child in behind:
                its, more = next(given)
                children.append(altered(child, id=its, links=more, parent=mine))
                units[place, child.unit or ""] = its
            assets.append(altered(parent, id=mine, links=links, children=tuple(c.id for c in children)))
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
        for endpoint in machines.endpoints():
            place = machines.at(endpoint)
            if place is None or place not in id_at:
                continue
            where = (endpoints.realms[endpoint], endpoints.addresses[endpoint])
            ids[where] = id_at[place]
            at[place].append(where)
            told = machines.tenancies(endpoint)
            held = tuple((first, last, id_at[p]) for first, last, p in told if p in id_at)
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


def _least(places: list[int], limit: int, machines: Machines, seen: Seen) -> list[int]:
    """What remains of some places without as many as the limit that were seen most; of equals the first ones."""
    if len(places) <= limit:
        return []
    times = {
        place: sum(row.times for anchor in machines.anchors[place] if (row := seen.get(anchor)) is not None)
        for place in places
    }
    return sorted(places, key=lambda place: (-times[place], place))[limit:]


def _routers(sightings: Sightings, facts: Facts) -> dict[int, int]:
    """IP → how many machines were told to use it as their router."""
    found: dict[int, int] = defaultdict(int)
    endpoints = sightings.endpoints
    for who in facts.told("router"):
        for address in facts.values(who, "router"):
            found[endpoints.find(endpoints.realms[who], address)] += 1
    return found
