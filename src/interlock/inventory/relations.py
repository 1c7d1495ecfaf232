"""Relations: conversations and operations of every machine, and the measures that rules judge by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.inventory.proofs import Sign, made, slices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from interlock.inventory.ledger import Tally
    from interlock.inventory.machines import Machines
    from interlock.inventory.sightings import Sightings

__all__ = ["Relations", "Relator", "Row", "Seen", "Sum"]

_Rank = tuple[float, int, str, int, str]
_Row = tuple[int, int, int, int, str]
"""As Row; plain, because there are millions."""

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

    def add(self, sure: float, row: _Row, note: str = "") -> None:
        """Take one row in. sure: 0 to 1."""
        times, first, last, frame, source = row
        best = self.rank
        if -sure < best[0] or (-sure == best[0] and first <= best[1]):
            self.rank = min(best, (-sure, first, source, frame, note))
        self.last = max(self.last, last)
        self.count += times

    def proof(self, note: str | None = None) -> Sign:
        """Return it as a sign."""
        sure, first, source, frame, said = self.rank
        note = said if note is None else note
        return made(
            Sign, (self.value, self.protocol, source, frame, -sure, first, self.last, self.count, note)
        )


class Row(NamedTuple):
    """What a ledger's row says besides its key."""

    times: int
    first: int
    last: int
    frame: int
    source: str


class Seen:
    """Sightings of each endpoint."""

    def __init__(self, sightings: Sightings) -> None:
        self._tally, self._names = sightings.seen.rows(), sightings.sources.names
        self._row = np.full(len(sightings.endpoints) + 1, -1, np.int64)
        self._row[self._tally.keys[0]] = np.arange(self._tally.n)

    def __contains__(self, endpoint: int) -> bool:
        return self._row.item(endpoint) >= 0

    def get(self, endpoint: int) -> Row | None:
        """Its sightings, None where there are none."""
        row, t = self._row.item(endpoint), self._tally
        if row < 0:
            return None
        return Row(
            t.count.item(row),
            t.first.item(row),
            t.last.item(row),
            t.frame.item(row),
            self._names[t.source.item(row)],
        )


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

    def span(self, first: int, last: int) -> None:
        """Take in that it was there, UTC ns."""
        self.first = min(self.first or first, first)
        self.last = max(self.last, last)

    def measured(self) -> dict[str, int]:
        """How many machines each measure counts."""
        return {name: len(places) for name, places in self.peers.items()}


class _Side:
    """Rows of a ledger in the order of the machines at one end of them."""

    def __init__(self, tally: Tally, mine: NDArray[np.int64], n: int) -> None:
        self._tally, self._mine = tally, mine
        self._order, self._begin = slices(mine, n)

    def rows(self, start: int, stop: int, *others: NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
        """(place, *others, *keys, count, weight, first, last, frame, source) of the rows of some places."""
        part, t = self._order[self._begin[start] : self._begin[stop]], self._tally
        columns = (self._mine, *others, *t.keys, t.count, t.weight, t.first, t.last, t.frame, t.source)
        return zip(*(column[part].tolist() for column in columns), strict=True)


class Relator:
    """Gives relations by place, for some places at a time. control: protocols that move a process."""

    def __init__(self, sightings: Sightings, machines: Machines, control: AbstractSet[str]) -> None:
        self._machines, self._control = machines, control
        self._words, self._names = sightings.words.texts, sightings.sources.names
        self._text = sightings.endpoints.addresses
        n = len(machines)
        acts, talk, logins = sightings.acts.rows(), sightings.talk.rows(), sightings.logins.rows()
        self._asking, self._asked = (machines.placed(acts.keys[side], acts.last) for side in (0, 1))
        self._client, self._server = (machines.placed(talk.keys[side], talk.last) for side in (0, 1))
        self._asks, self._answers = _Side(acts, self._asking, n), _Side(acts, self._asked, n)
        self._calls, self._called = _Side(talk, self._client, n), _Side(talk, self._server, n)
        self._logins = _Side(logins, machines.placed(logins.keys[1], logins.last), n)
        seen = sightings.seen.rows()
        self._span = _Side(seen, machines.anchored[seen.keys[0]], n)

    def some(self, start: int, stop: int) -> list[Relations]:
        """Relations of the machines at places `start` to `stop` - 1."""
        found = [Relations() for _ in range(start, stop)]
        self._spans(found, start, stop)
        self._asks_of(found, start, stop)
        self._answers_of(found, start, stop)
        self._talk(found, start, stop)
        self._logged_in(found, start, stop)
        return found

    def _spans(self, found: list[Relations], start: int, stop: int) -> None:
        for place, _, _, _, first, last, _, _ in self._span.rows(start, stop):
            found[place - start].span(first, last)

    def _asks_of(self, found: list[Relations], start: int, stop: int) -> None:
        """What machines asked others."""
        words, names, control = self._words, self._names, self._control
        reads: dict[tuple[int, int], int] = defaultdict(int)
        for (
            place,
            asked,
            _,
            _,
            _,
            protocol,
            verb,
            count,
            answered,
            first,
            last,
            frame,
            source,
        ) in self._asks.rows(start, stop, self._asked):
            word = words[protocol]
            if word in _PLUMBING:
                continue
            relations = found[place - start]
            _add(relations.used, word, word, 0.95, (count or answered, first, last, frame, names[source]))
            if asked < 0 or not answered or asked == place or word not in control:
                continue
            what = words[verb]
            if what in _MEASURE_OF:
                relations.peers.setdefault(_MEASURE_OF[what], set()).add(asked)
            if what in _READS:
                reads[place, asked] += answered
        for (place, asked), n in reads.items():
            if n >= _POLLS:
                found[place - start].peers.setdefault("polled", set()).add(asked)

    def _answers_of(self, found: list[Relations], start: int, stop: int) -> None:
        """What machines answered."""
        words, names, control = self._words, self._names, self._control
        for (
            place,
            asking,
            _,
            _,
            unit,
            protocol,
            _,
            count,
            answered,
            first,
            last,
            frame,
            source,
        ) in self._answers.rows(start, stop, self._asking):
            word = words[protocol]
            if not answered or word in _PLUMBING:
                continue
            relations, row = found[place - start], (count or answered, first, last, frame, names[source])
            _add(relations.served, word, word, 0.95, row)
            if unit:
                behind = words[unit]
                relations.units.setdefault((word, behind), Sum(behind, word)).add(0.95, row)
            if asking >= 0 and asking != place and word in control:
                relations.peers.setdefault("served_clients", set()).add(asking)

    def _talk(self, found: list[Relations], start: int, stop: int) -> None:
        """Protocols spoken, and contact with machines that are strangers on the internet."""
        words, names, strangers = self._words, self._names, self._machines.strangers
        for side, rows, end in (
            ("used", self._calls.rows(start, stop, self._server), 1),
            ("served", self._called.rows(start, stop, self._client), 0),
        ):
            for place, far, *ends, protocol, basis, count, _, first, last, frame, source in rows:
                word, rests_on = words[protocol], words[basis]
                relations, row = found[place - start], (count, first, last, frame, names[source])
                if word and word not in _PLUMBING:
                    table = relations.used if side == "used" else relations.served
                    _add(table, word, word, _SURE.get(rests_on, 0.1), row, _BASIS_NOTE.get(rests_on, ""))
                if far >= 0 and far in strangers and place not in strangers:
                    note = f"Exchanges packets with the public address {self._text[ends[end]]}."
                    _add(relations.exposures, "internet", word or "ip", 0.9, row, note)

    def _logged_in(self, found: list[Relations], start: int, stop: int) -> None:
        """Logins that crossed the network in clear."""
        for place, _, _, protocol, count, _, first, last, frame, source in self._logins.rows(start, stop):
            word = self._words[protocol]
            row = (count, first, last, frame, self._names[source])
            _add(
                found[place - start].exposures,
                "clear-login",
                word,
                0.9,
                row,
                f"Takes logins in clear by {word}.",
            )


def _add(table: dict[str, Sum], value: str, protocol: str, sure: float, row: _Row, note: str = "") -> None:
    held = table.get(value)
    if held is None:
        held = table[value] = Sum(value, protocol)
    held.add(sure, row, note)
