"""Relations: conversations and operations of every machine, and the measures that rules judge by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.inventory.proofs import rows_of
from interlock.records.asset import Proof

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from interlock.inventory.machines import Machines
    from interlock.inventory.sightings import Sightings

__all__ = ["Relations", "Row", "Sum", "relate"]

_Rank = tuple[float, int, str, int, str]

_READS: Final = frozenset({"read", "subscribe"})
_WRITES: Final = frozenset({"write", "force", "operate", "select"})
_COMMANDS: Final = frozenset({"start", "stop", "mode-set", "reset"})
_PROGRAMS: Final = frozenset({"program-write", "firmware-write"})
_MEASURE_OF: Final = {
    **dict.fromkeys(_READS, "read"),
    **dict.fromkeys(_WRITES, "written"),
    **dict.fromkeys(_COMMANDS, "commanded"),
    **dict.fromkeys(_PROGRAMS, "programmed"),
    "program-read": "uploaded",
}
_PLUMBING: Final = frozenset({"arp", "rarp"})
"""What every machine speaks: neither served nor used."""
_POLLS: Final = 5
"""Answered reads from which on a machine counts as polled."""
_SURE: Final = {"parsed": 0.95, "heuristic": 0.7, "port": 0.3, "unknown": 0.1}
_BASIS_NOTE: Final = {"parsed": "", "heuristic": "told by its look", "port": "told by the port number only"}


class Sum:
    """A proof in the making: the surest and earliest row stands for all of its kind."""

    __slots__ = ("count", "last", "protocol", "rank", "value")

    def __init__(self, value: str, protocol: str) -> None:
        self.value, self.protocol = value, protocol
        self.rank: _Rank = (1.0, 0, "", 0, "")
        self.last = self.count = 0

    def add(self, sure: float, row: Row, note: str = "") -> None:
        """Take one row in. sure: 0 to 1."""
        rank = (-sure, row.first, row.source, row.frame, note)
        self.rank = min(self.rank, rank)
        self.last = max(self.last, row.last)
        self.count += row.times

    def proof(self, note: str | None = None) -> Proof:
        """Return it as a proof."""
        sure, first, source, frame, said = self.rank
        return Proof(
            value=self.value,
            protocol=self.protocol,
            source=source,
            frame=frame,
            confidence=-sure,
            first=first,
            last=self.last,
            count=self.count,
            note=said if note is None else note,
        )


class Row(NamedTuple):
    """What a ledger's row says besides its key."""

    times: int
    first: int
    last: int
    frame: int
    source: str


@dataclass(slots=True, kw_only=True)
class Relations:
    """About one machine. served, used, exposures: word → what shows it.

    units: (protocol, unit) → answered rows.
    peers: measure → places of the other machines. first, last: UTC ns, 0 where it was never seen.
    """

    served: dict[str, Sum] = field(default_factory=dict)
    used: dict[str, Sum] = field(default_factory=dict)
    units: dict[tuple[str, str], Sum] = field(default_factory=dict)
    peers: dict[str, set[int]] = field(default_factory=dict)
    exposures: dict[str, Sum] = field(default_factory=dict)
    first: int = 0
    last: int = 0

    def measured(self) -> dict[str, int]:
        """How many machines each measure counts."""
        return {name: len(places) for name, places in self.peers.items()}


def relate(sightings: Sightings, machines: Machines, control: AbstractSet[str]) -> list[Relations]:
    """Relations of every machine, in the order of `machines.all`. control: protocols that move a process."""
    work = _Work(sightings, machines, control)
    work.seen()
    work.operations()
    work.conversations()
    work.logins()
    return work.found


class _Work:
    def __init__(self, sightings: Sightings, machines: Machines, control: AbstractSet[str]) -> None:
        self._sightings, self._machines, self._control = sightings, machines, control
        self._words, self._names = sightings.words.texts, sightings.sources.names
        self.found = [Relations() for _ in machines.all]

    def seen(self) -> None:
        """First and last time of each machine; an IP counts only while it was the machine's."""
        for endpoint, _, _, _, first, last, _, _ in rows_of(self._sightings.seen.rows()):
            place = self._machines.places.get(endpoint)
            if place is not None:
                _span(self.found[place], first, last)
            for from_ns, to_ns, tenant in self._machines.tenancies(endpoint):
                _span(self.found[tenant], from_ns, to_ns)

    def operations(self) -> None:
        """Who did what to whom, as far as it was answered."""
        reads: dict[tuple[int, int], int] = defaultdict(int)
        for client, server, unit, protocol, verb, count, answered, _, *rest in rows_of(
            self._sightings.acts.rows()
        ):
            row = self._row(count or answered, rest)
            asking, asked = self._machines.at(client, row.last), self._machines.at(server, row.last)
            word, what = self._words[protocol], self._words[verb]
            if word in _PLUMBING:
                continue
            if asking is not None:
                _add(self.found[asking].used, word, word, 0.95, row)
            if asked is None or not answered:
                continue
            _add(self.found[asked].served, word, word, 0.95, row)
            if unit:
                units = self.found[asked].units
                units.setdefault((word, self._words[unit]), Sum(self._words[unit], word)).add(0.95, row)
            if asking is None or asking == asked or word not in self._control:
                continue
            self._peer(asked, "served_clients", asking)
            if what in _MEASURE_OF:
                self._peer(asking, _MEASURE_OF[what], asked)
            if what in _READS:
                reads[asking, asked] += answered
        for (asking, asked), n in reads.items():
            if n >= _POLLS:
                self._peer(asking, "polled", asked)

    def conversations(self) -> None:
        """Protocols spoken, and contact with machines that are strangers on the internet."""
        addresses = self._sightings.endpoints.addresses
        for client, server, protocol, basis, count, _, _, *rest in rows_of(self._sightings.talk.rows()):
            row = self._row(count, rest)
            places = self._machines.at(client, row.last), self._machines.at(server, row.last)
            word, rests_on = self._words[protocol], self._words[basis]
            for place, side in zip(places, ("used", "served"), strict=True):
                if word and place is not None and word not in _PLUMBING:
                    table = getattr(self.found[place], side)
                    _add(table, word, word, _SURE.get(rests_on, 0.1), row, _BASIS_NOTE.get(rests_on, ""))
            if None in places:
                continue
            for place, far, other in ((places[0], places[1], server), (places[1], places[0], client)):
                if self._is_stranger(far) and not self._is_stranger(place):
                    note = f"Exchanges packets with the public address {addresses[other]}."
                    _add(self.found[place or 0].exposures, "internet", word or "ip", 0.9, row, note)

    def logins(self) -> None:
        """Logins that crossed the network in clear."""
        for _, server, protocol, count, _, _, *rest in rows_of(self._sightings.logins.rows()):
            row = self._row(count, rest)
            place = self._machines.at(server, row.last)
            if place is not None:
                word = self._words[protocol]
                _add(
                    self.found[place].exposures,
                    "clear-login",
                    word,
                    0.9,
                    row,
                    f"Takes logins in clear by {word}.",
                )

    def _is_stranger(self, place: int | None) -> bool:
        return place is not None and self._machines.all[place].stranger

    def _peer(self, place: int, measure: str, other: int) -> None:
        self.found[place].peers.setdefault(measure, set()).add(other)

    def _row(self, count: int, rest: list[int]) -> Row:
        first, last, frame, source = rest[-4:]
        return Row(count, first, last, frame, self._names[source])


def _add(table: dict[str, Sum], value: str, protocol: str, sure: float, row: Row, note: str = "") -> None:
    held = table.get(value)
    if held is None:
        held = table[value] = Sum(value, protocol)
    held.add(sure, row, note)


def _span(relations: Relations, first: int, last: int) -> None:
    relations.first = min(relations.first or first, first)
    relations.last = max(relations.last, last)
