"""Sightings: batches of records folded into ledgers, vectorised; all that the inventory remembers.

Who exists: an address that sent a frame, that a clue is about, that answered an operation, or that holds up
its end of a TCP conversation of which one direction was mirrored. An address that was only asked (a sweep) is
no machine.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.inventory.addresses import Address
from interlock.inventory.ledger import Ledger, Tally, fold
from interlock.inventory.words import Endpoints, Sources, Words, indexed, integers, recode, texts, translate
from interlock.records.arrays import filled
from interlock.records.clue_fields import CLUE_FIELDS
from interlock.records.vocabulary import OUTCOMES

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    _Indexed = tuple[NDArray[np.int64], pa.Array]

__all__ = ["CARRIED", "Sightings"]

CARRIED: Final = "frame"
"""In place of a protocol: the bond rests on frames of that MAC that carried the IP, on nothing more."""

_ALIVE: Final = ("established", "midstream", "closed")
_VAIN: Final = ("opened", "refused")
_NO_TARGET_CODES: Final = (10, 11)
"""Exception codes with which a gateway says that the unit behind it is not there (Modbus v1.1b3, section 7).
"""
_BASIS: Final = {"parsed": 9500, "heuristic": 7000, "port": 3000}
_FACTS_EACH: Final = 24
"""Facts kept for one field of one address: the surest, then the latest."""


_ACT_WORDS: Final = ("source", "realm", "client", "server", "unit", "protocol", "verb", "outcome")


class Sightings:
    """Ledgers over (realm, address): facts, bonds of IPs to MACs, conversations, operations, clear logins."""

    def __init__(self, *, endpoints: int, relations: int, facts: int) -> None:
        """Bounds: how many addresses, relations (conversations, operations) and facts at most."""
        self.endpoints = Endpoints(endpoints)
        self.words = Words(1 << 16)
        self.values = Words(2 * facts)
        self.sources = Sources()
        self.seen = Ledger(1, endpoints)
        self.bonds = Ledger(3, 2 * endpoints)
        self.talk = Ledger(4, relations)
        self.acts = Ledger(5, relations)
        self.logins = Ledger(3, relations)
        self.facts = Ledger(5, facts, trim=_surest)
        self.refused = 0

    def keys(self) -> int:
        """Return a number that grows with everything that is new, and stays while only the same is seen again."""
        ledgers = (self.seen, self.bonds, self.talk, self.acts, self.logins, self.facts)
        return sum(ledger.rows().n + ledger.dropped for ledger in ledgers)

    def flows(self, batch: pa.RecordBatch) -> None:
        """Who talked to whom: keys of `talk` are client, server (0: a group, or nobody), protocol, basis."""
        there = integers(batch, "server_packets") > 0
        state, transport = self._words(batch, "state"), self._words(batch, "transport")
        alive = np.isin(state, [self.words.code(s) for s in _ALIVE]) & (transport == self.words.code("tcp"))
        exists = there | alive
        client, server = self._column(batch, "client"), self._column(batch, "server", exists)
        sent = integers(batch, "client_packets") > 0
        client_mac, server_mac = self._column(batch, "client_mac"), self._column(batch, "server_mac", there)
        basis = self._words(batch, "basis")
        share = {self.words.code(word): value for word, value in _BASIS.items()}
        sure = np.select([basis == w for w in share], [np.int64(v) for v in share.values()], np.int64(1000))
        vain = np.isin(state, [self.words.code(s) for s in _VAIN])
        base = self._base(batch, "first", "last", "first_frame", sure)
        protocol = np.where(vain, 0, self._words(batch, "protocol"))
        self._put(self.talk, base, (client, server, protocol, basis), (client > 0) & sent)
        is_mac = self._flags() & Address.MAC != 0
        for ip, mac, spoke in ((client, client_mac, sent), (server, server_mac, there)):
            self._put(self.seen, base, (ip,), (ip > 0) & (exists if ip is server else spoke))
            self._put(self.seen, base, (mac,), (mac > 0) & spoke)
            carried = np.full(len(ip), self.words.code(CARRIED))
            self._put(self.bonds, base, (ip, mac, carried), (ip > 0) & ~is_mac[ip] & (mac > 0) & spoke)

    def operations(self, batch: pa.RecordBatch) -> None:
        """Who asked whom to do what: keys of `acts` are client, server, unit, protocol, verb.

        Their weight is the number of rows that were answered.

        Rows are folded on their raw dictionary places first, so that words are looked up per group, not per
        row.
        Pending rows are left out: their final row follows.
        """
        columns = {name: indexed(texts(batch, name)) for name in _ACT_WORDS}
        frame, code = integers(batch, "frame"), integers(batch, "code")
        if not frame.all():
            frame = np.where(frame == 0, integers(batch, "response_frame"), frame)
        mute = (
            np.isin(code, _NO_TARGET_CODES).astype(np.int64) if code.any() else np.zeros(len(code), np.int64)
        )
        mute += 2 * (integers(batch, "response_frame") == 0)
        none, time = np.zeros(len(frame), np.int64), integers(batch, "time")
        raw = fold(
            Tally(
                keys=(*(index for index, _ in columns.values()), mute),
                count=(integers(batch, "item") == 0).astype(np.int64),
                weight=none + 1, top=none, first=time, last=time, frame=frame, source=none,
            )
        )  # fmt: skip
        places = {name: (raw.keys[i], words) for i, (name, (_, words)) in enumerate(columns.items())}
        self._acts(raw, places, raw.keys[-1] & 1 > 0, raw.keys[-1] & 2 > 0)

    def _acts(
        self,
        raw: Tally,
        places: dict[str, tuple[NDArray[np.int64], pa.Array]],
        mute: NDArray[np.bool_],
        silent: NDArray[np.bool_],
    ) -> None:
        """mute: a gateway says that the unit is not there; silent: no answer came from the address itself.

        A question to a group ends well though its address answers nothing, and a report may go to a group:
        neither shows that there is a machine at that address.
        """
        word = {
            name: translate(*places[name], self.words.code)
            for name in ("unit", "protocol", "verb", "outcome")
        }
        ended = {name: word["outcome"] == self.words.code(name) for name in OUTCOMES}
        answered = ended["ok"] | ended["refused"] | ended["unsolicited"]
        answered &= ~(silent & ended["ok"])
        answered &= ~(mute & ended["refused"] & (word["protocol"] == self.words.code("modbus")))
        final = ~ended["pending"]
        client = self._machines(places["realm"], places["client"], final)
        server = self._machines(places["realm"], places["server"], final & (answered | ended["unknown"]))
        raw.weight = raw.weight * answered
        raw.source = translate(*places["source"], self.sources.code)
        keys = (client, server, word["unit"], word["protocol"], word["verb"])
        self._put(self.acts, raw, keys, final & (client > 0) & (server > 0))
        self._put(self.seen, raw, (client,), (client > 0) & ~ended["unsolicited"])
        self._put(self.seen, raw, (server,), (server > 0) & answered)

    def clues(self, batch: pa.RecordBatch) -> None:
        """Take what machines say about themselves: keys of `facts` are who, unit, field, value, protocol."""
        known = recode(texts(batch, "field"), lambda f: self.words.code(f) if f in CLUE_FIELDS else 0)
        self.refused += int((known == 0).sum())
        who = self._column(batch, "who", known > 0)
        unit = recode(texts(batch, "who"), lambda w: self.words.code(w.partition("/")[2]))
        right = (known > 0) & (who > 0)
        confidence = (np.clip(_floats(batch, "confidence"), 0.0, 1.0) * 10_000).round().astype(np.int64)
        base = self._base(batch, "time", "time", "frame", confidence)
        protocol = self._words(batch, "protocol")
        self._put(self.seen, base, (who,), right)
        self._claim_bonds(batch, base, who, known, protocol, right & (unit == 0))
        value = recode(texts(batch, "value"), self.values.code, right)
        self._put(self.facts, base, (who, unit, known, value, protocol), right & (value > 0))

    def credentials(self, batch: pa.RecordBatch) -> None:
        """Logins in clear: keys of `logins` are client, server, protocol."""
        client, server = self._column(batch, "client"), self._column(batch, "server")
        base = self._base(batch, "time", "time", "frame", np.zeros(batch.num_rows, np.int64))
        self._put(
            self.logins, base, (client, server, self._words(batch, "protocol")), (client > 0) & (server > 0)
        )

    def _claim_bonds(
        self,
        batch: pa.RecordBatch,
        base: Tally,
        who: NDArray[np.int64],
        field: NDArray[np.int64],
        protocol: NDArray[np.int64],
        right: NDArray[np.bool_],
    ) -> None:
        """`mac` says whose IP `who` is; `ip` of a MAC says the same the other way round."""
        flags = self._flags()
        to_mac = right & (field == self.words.code("mac")) & (flags[who] & Address.MAC == 0)
        to_ip = right & (field == self.words.code("ip")) & (flags[who] & Address.MAC != 0)
        other = self._column(batch, "value", to_mac | to_ip)
        is_mac = self._flags()[other] & Address.MAC != 0
        self._put(self.bonds, base, (who, other, protocol), to_mac & (other > 0) & is_mac)
        self._put(self.seen, base, (other,), to_mac & (other > 0) & is_mac)
        self._put(self.bonds, base, (other, who, protocol), to_ip & (other > 0) & ~is_mac)

    def _flags(self) -> NDArray[np.uint8]:
        return np.frombuffer(bytes(self.endpoints.flags), np.uint8)

    def _column(
        self, batch: pa.RecordBatch, name: str, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Column of addresses as endpoint numbers."""
        mask = np.ones(batch.num_rows, np.bool_) if mask is None else mask
        return self._machines(indexed(texts(batch, "realm")), indexed(texts(batch, name)), mask)

    def _machines(self, realms: _Indexed, addresses: _Indexed, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Addresses as endpoint numbers, `/unit` cut off; 0 outside `mask`, which costs no memory."""
        (in_realm, realm_words), (index, words) = realms, addresses
        result = np.zeros(len(mask), np.int64)
        for i, realm in enumerate(realm_words.to_pylist()):
            rows = (in_realm == i) & mask
            if rows.any():
                found = translate(np.where(rows, index, len(words)), words, partial(self._endpoint, realm))
                result[rows] = found[rows]
        return result

    def _endpoint(self, realm: str, address: str) -> int:
        return self.endpoints.code(realm, address.partition("/")[0].lower())

    def _words(self, batch: pa.RecordBatch, name: str) -> NDArray[np.int64]:
        return recode(texts(batch, name), self.words.code)

    def _base(
        self, batch: pa.RecordBatch, first: str, last: str, frame: str, top: NDArray[np.int64]
    ) -> Tally:
        one = np.ones(batch.num_rows, np.int64)
        return Tally(
            keys=(),
            count=one,
            weight=one,
            top=top.astype(np.int64),
            first=integers(batch, first),
            last=integers(batch, last),
            frame=integers(batch, frame),
            source=recode(texts(batch, "source"), self.sources.code),
        )

    def _put(
        self, ledger: Ledger, base: Tally, keys: tuple[NDArray[np.int64], ...], rows: NDArray[np.bool_]
    ) -> None:
        keyed = replace(base, keys=keys)
        ledger.add(keyed if rows.all() else keyed.take(rows))

    def met(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Addresses that answered, or were answered, and when (UTC ns); they may repeat.

        An address that merely sent may be forged; who is answered gets what is sent to it. What reports answers nobody,
        and answers to a search (ARP, DCP, Who-Is) come unasked as well.
        """
        talk, acts = self.talk.rows(), self.acts.rows()
        unasked = np.isin(acts.keys[4], [self.words.code(verb) for verb in ("report", "discover")])
        both, answered = talk.keys[1] > 0, (acts.weight > 0) & ~unasked
        sides = [(talk, talk.keys[side], both) for side in (0, 1)]
        sides += [(acts, acts.keys[side], answered) for side in (0, 1)]
        return (
            np.concatenate([key[rows] for _, key, rows in sides]).astype(np.int64),
            np.concatenate([tally.first[rows] for tally, _, rows in sides]),
        )

    def make_room(self) -> None:
        """Forget what is least worth remembering, where too little room is left for what comes next.

        Who floods a network with forged senders must not keep the machines of the plant out: what answered
        operations, told of itself or resolved its address stays before what merely sent.
        """
        if len(self.values) > self.values.limit * 3 // 4:
            self.facts.rename(self.values.keep(self.facts.rows().keys[3]), (3,), (3,))
        if len(self.endpoints) > self.endpoints.limit * 3 // 4:
            before = len(self.endpoints)
            table = self.endpoints.keep(self._worthy(self.endpoints.limit // 2))
            self.endpoints.left_out += before - len(self.endpoints)
            for ledger, places, needed in (
                (self.seen, (0,), (0,)),
                (self.bonds, (0, 1), (0, 1)),
                (self.talk, (0, 1), (0,)),
                (self.acts, (0, 1), (0, 1)),
                (self.logins, (0, 1), (0, 1)),
                (self.facts, (0,), (0,)),
            ):
                ledger.rename(table, places, needed)

    def _worthy(self, limit: int) -> NDArray[np.int64]:
        """Endpoints that are most worth remembering."""
        worth, times, last = np.zeros((3, len(self.endpoints) + 1), np.int64)
        seen, bonds, acts, facts = self.seen.rows(), self.bonds.rows(), self.acts.rows(), self.facts.rows()
        times[seen.keys[0]], last[seen.keys[0]] = seen.count, seen.last
        carried = [self.words.code(w) for w in (CARRIED, "ipv4", "ipv6")]
        resolved = ~np.isin(bonds.keys[2], carried)
        for side in (0, 1):
            np.maximum.at(worth, bonds.keys[side][resolved], 1)
            np.maximum.at(worth, acts.keys[side][acts.weight > 0], 3)
        telling = ~np.isin(facts.keys[2], [self.words.code(f) for f in ("mac", "ip", "ttl")])
        np.maximum.at(worth, facts.keys[0][telling], 2)
        np.maximum.at(worth, bonds.keys[1], worth[bonds.keys[0]])
        return np.lexsort((-last[1:], -times[1:], -worth[1:]))[:limit] + 1


def _floats(batch: pa.RecordBatch, name: str) -> NDArray[np.float64]:
    if name not in batch.schema.names:
        return np.zeros(batch.num_rows)
    numbers = filled(batch.column(name), 0.0).astype(np.float64)
    clean: NDArray[np.float64] = np.nan_to_num(numbers)
    return clean


def _surest(tally: Tally, limit: int) -> NDArray[np.int64]:
    """Of each address's field the surest and latest facts; then of all what was seen most."""
    who, unit, field = tally.keys[:3]
    order = np.lexsort((-tally.last, -tally.top, field, unit, who))
    new = np.ones(tally.n, np.bool_)
    new[1:] = np.any([k[order][1:] != k[order][:-1] for k in (who, unit, field)], axis=0)
    start = np.maximum.accumulate(np.where(new, np.arange(tally.n), 0))
    kept = order[np.arange(tally.n) - start < _FACTS_EACH]
    return kept[np.lexsort((tally.first[kept], -tally.top[kept]))][:limit]
