"""All signatures held against a batch of payloads.

    packets, streams -> screened where they are decoded -> those that may hit -> the plain way
    transactions -> literals -> the plain way

Over 400 lines: one class, since what is screened, judged and silenced is of the same conversations and marks.
Source: Suricata user guide, "Performance", sections on grouping of signatures and on pattern matching.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from interlock.detect.signatures.engine.exchanges import TRANSACTION, begun_in, sides_of, transaction_unit
from interlock.detect.signatures.engine.looked import looked_at, tunnel_unit, unit_of
from interlock.detect.signatures.engine.operations import Requests
from interlock.detect.signatures.engine.order import in_order
from interlock.detect.signatures.engine.passing import Silenced, part_of
from interlock.detect.signatures.engine.screen import Screen
from interlock.detect.signatures.engine.screening import key_of
from interlock.detect.signatures.engine.sides import TCP
from interlock.detect.signatures.engine.traits import Deferred, of_chunks, traits_of
from interlock.detect.signatures.engine.transactions import Tables
from interlock.detect.signatures.engine.turns import ends, passes
from interlock.detect.signatures.engine.unscreened import Unscreened
from interlock.detect.signatures.plain.matching import of_conversations, of_heads
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.midstream import answered, as_begun, heard, looked_for
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import (
    CHECKED,
    CHUNKED,
    FIRST,
    JOINED,
    PACKET,
    PICKED,
    SAMPLED,
    SEALED,
    SEGMENT,
    STREAM,
    TUNNEL,
    WHOLE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.looked import Looked
    from interlock.detect.signatures.engine.order import Candidate
    from interlock.detect.signatures.engine.passing import Part
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.plain.matching import Matcher
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["NEEDS", "Engine", "Hit"]

NEEDS: Final = (
    *("source", "realm", "time", "frame", "flow", "client", "server", "client_port", "server_port"),
    *("transport", "protocol", "direction", "offset", "transaction", "buffer", "octets", "headers"),
    *("rules", "before", "client_octets", "server_octets"),
)
"""Columns of payloads."""


_BEGINNINGS: Final[dict[Midstream, frozenset[str]]] = {
    "own": frozenset({JOINED}),
    "no": frozenset({JOINED, FIRST, PACKET, WHOLE, CHUNKED}),
    "yes": frozenset({JOINED, FIRST, PACKET, WHOLE, CHUNKED, PICKED}),
}
_SERVICES: Final = frozenset({"cip.service", "cip.any_service"})
_SUMS: Final[dict[Checksums, frozenset[str]]] = {
    "no": frozenset(),
    "auto": frozenset({SAMPLED, PACKET}),
    "yes": frozenset({CHECKED, PACKET}),
}
"""What is asked of conversations besides what rules look at. What no stream has taken in is looked at as packets."""


class Hit(NamedTuple):
    """row: of the batch, the one that completes it. number: of the rule. speaks: whether its count lets it."""

    row: int
    number: int
    speaks: bool


_Told = set[tuple[int, int, int, int | None, int]]
"""What has hit: conversation, frame, from where, and the rule."""
_Units = dict[tuple[int, str], tuple[Unit, bytes]]
"""Of a row and what it is taken as: what rules are held against, and the octets before it that were seen then."""


class Engine:
    """matchers: the rules in force. compiled: as of Scanner, for what is made once for all rules.

    midstream: what it makes of conversations that were joined in the middle (plain/midstream.py). checksums: whether
    segments with wrong ones are in streams; None: with `own` they are, else as Suricata is delivered.

    tried, hit: per rule, how often it was held against something, and hit.
    """

    def __init__(
        self,
        matchers: Sequence[Matcher | Deferred],
        compiled: Compile | None = None,
        midstream: Midstream = "own",
        checksums: Checksums | None = None,
    ) -> None:
        self.matchers = tuple(matchers) if midstream == "own" else tuple(map(of_chunks, matchers))
        self.midstream = midstream
        self.checksums: Checksums = checksums or ("no" if midstream == "own" else "auto")
        self.traits = tuple(map(traits_of, self.matchers))
        self._turns = tuple(one.turn for one in self.traits)
        self.memory = Memory()
        self.tried = np.zeros(len(self.matchers), np.int64)
        self.hit = np.zeros(len(self.matchers), np.int64)
        self._tables = Tables(self.traits, compiled)
        self.requests = Requests(self.matchers, self.traits)
        self._screened = [number for number, one in enumerate(self.traits) if one.raw]
        self._of_tunnels = [number for number, one in enumerate(self.traits) if TUNNEL in one.buffers]
        self._unscreened: Unscreened | None = None
        self._waiting: list[Batch] = []
        self._silenced = Silenced()
        self._ending = any(map(passes if midstream == "own" else ends, self._turns))

    @cached_property
    def _passing_packets(self) -> tuple[int, ...]:
        """Rules that let pass and hold of a packet whatever it brings."""
        some = sorted((turn, number) for number, turn in enumerate(self._turns) if passes(turn))
        return tuple(number for _, number in some if of_conversations(self.matchers[number].signature))

    @cached_property
    def screen(self) -> Screen:
        """What finds payloads that rules may hit, where packets are decoded; made when it is asked for."""
        return Screen([self.traits[number] for number in self._screened], self.midstream)

    @cached_property
    def _by_key(self) -> dict[int, tuple[int, ...]]:
        """Rules for packets and streams by the keys that screens know them by."""
        found: dict[int, tuple[int, ...]] = {}
        for number in self._screened:
            key = key_of(self.traits[number].name)
            found[key] = (*found.get(key, ()), number)
        return found

    def anew(self) -> Self:
        """Give one with the same rules that has seen nothing; what was made of the rules is shared."""
        fresh = copy(self)
        fresh.memory = self.memory.fresh()
        fresh._unscreened, fresh._waiting = None, []  # noqa: SLF001 - one of its own kind
        fresh._silenced = Silenced()  # noqa: SLF001 - the same
        if "screen" in self.__dict__:
            fresh.screen = self.screen.anew()
        fresh.tried, fresh.hit = np.zeros_like(self.tried), np.zeros_like(self.hit)
        return fresh

    def follow(self, before: Engine) -> None:
        """Go on where one with other rules stood; of a rule that both have, its counters too."""
        self.memory = self.memory.following(before.memory)
        self._waiting, self._silenced = before._waiting, before._silenced
        if before._unscreened is not None:
            self._unscreened = Unscreened(self.screen)
            self._unscreened.follow(before._unscreened)
        known = {one.name: number for number, one in enumerate(before.traits)}
        for number, traits in enumerate(self.traits):
            if (old := known.get(traits.name)) is not None:
                self.tried[number], self.hit[number] = before.tried[old], before.hit[old]
                one, other = self.matchers[number], before.matchers[old]
                if isinstance(one, Deferred) and isinstance(other, Deferred):
                    one.count_from(other)

    @property
    def looked(self) -> tuple[int, int]:
        """How often octets were looked through for literals, and how often one was told of, by all with these rules."""
        tables = self._tables.scanners
        screen = self.__dict__.get("screen")
        known = (screen.looked, screen.met) if screen is not None else (0, 0)
        return known[0] + sum(one.scans for one in tables), known[1] + sum(one.matches for one in tables)

    @cached_property
    def buffers(self) -> frozenset[str]:
        """The buffers that the rules look at."""
        asked = frozenset().union(*(one.buffers for one in self.traits))
        if not asked and not (self.requests and self.midstream != "own"):
            return asked
        sealed = {SEALED} if asked & {PACKET, STREAM} else set()
        return asked | sealed | _BEGINNINGS[self.midstream] | _SUMS[self.checksums]

    def judged(self, batch: Batch) -> Iterator[tuple[Batch, list[Hit]]]:
        """Hits of a batch of any table, with the batch that they are of.

        Where connections that nobody saw open may be none, requests wait for the payloads of their step, which tell.
        """
        if batch.table == "payloads":
            yield batch, list(self.judge(batch))
            yield from self.rest()
        elif self.midstream != "own":
            yield from self.rest()
            self._waiting.append(batch)
        else:
            yield batch, list(self.judge_requests(batch))

    def rest(self) -> Iterator[tuple[Batch, list[Hit]]]:
        """What has waited, where nothing more comes of its step."""
        waiting, self._waiting = self._waiting, []
        yield from ((batch, list(self.judge_requests(batch))) for batch in waiting)

    def judge(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of payloads, in the order of time: marks of one rule are there for the next."""
        self._note_begun(batch)
        units: _Units = {}
        candidates = {
            *self._raw(batch, units), *self._transactions(batch, units), *self._tunnelled(batch, units),
        }  # fmt: skip
        told: _Told = set()
        ordered = in_order(batch, candidates, units, self._turns, chunked=self.midstream != "own")
        if self._ending:
            for at, some in groupby(ordered, key=itemgetter(0)):
                yield from self._packet(at, [candidate for _, candidate in some], units, told)
            return
        for at, candidate in ordered:
            if self._hits(at, candidate, units, told):
                row, number, level = candidate
                yield Hit(row, number, self.matchers[number].settle(units[row, level][0], self.memory))

    def _hits(
        self,
        at: tuple[int, int],
        candidate: Candidate,
        units: _Units,
        told: _Told,
    ) -> bool:
        """Whether a rule hits what it may hit, and what is new of it. at: time and frame."""
        row, number, level = candidate
        unit, before = units[row, level]
        one = self.matchers[number]
        self.tried[number] += 1
        if not one.hits(unit, self.memory) or (before and self._is_old(one, unit, level, before)):
            return False
        # A segment is looked at as a packet and as part of its stream: one of both hits is enough.
        if (seen := (unit.flow, at[1], unit.source, unit.source_port, number)) in told:
            return False
        told.add(seen)
        self.hit[number] += 1
        return True

    def _packet(
        self,
        at: tuple[int, int],
        candidates: Sequence[Candidate],
        units: _Units,
        told: _Told,
    ) -> list[Hit]:
        """The same of one frame, where rules let pass: what one of them silences is not told (passing.py)."""
        hits: list[tuple[Part, Hit]] = []
        silent: dict[Part, tuple[int, int]] = {}  # by which rule: what comes behind it does nothing more
        for candidate in candidates:
            row, number, level = candidate
            unit = units[row, level][0]
            part = part_of(unit, level, later=self._later(unit))
            if self._silenced and part not in silent and self._silenced.holds(at, part, unit):
                continue
            if not part.own and part not in silent and (first := self._lets_pass(at, part, unit)) >= 0:
                silent[part] = self._turns[first], first
            if not self._hits(at, candidate, units, told):
                continue
            lets_pass = passes(self._turns[number])
            if part in silent and (not lets_pass or silent[part] < (self._turns[number], number)):
                self.matchers[number].mark(unit, self.memory)
                continue
            hits.append((part, Hit(row, number, self.matchers[number].settle(unit, self.memory))))
            if lets_pass:
                silent[part] = self._turns[number], number
                self._silenced.once(at, part)
            self._end(at, part, unit, number)
        return [hit for part, hit in hits if part not in silent or passes(self.traits[hit.number].turn)]

    def _lets_pass(self, at: tuple[int, int], part: Part, unit: Unit) -> int:
        """Which rule about conversations lets the packet pass with which a stream or message is looked at; -1: none."""
        packet = replace(unit, level=PACKET, buffers={})
        for number in self._passing_packets:
            if self.matchers[number].hits(packet, self.memory):
                self.matchers[number].settle(packet, self.memory)
                self._silenced.once(at, part)
                self._end(at, part, packet, number)
                return number
        return -1

    def _end(self, at: tuple[int, int], part: Part, unit: Unit, number: int) -> None:
        """A rule was hit: where it lets pass or drops, what is looked at as a whole ends whole."""
        turn, signature = self._turns[number], self.matchers[number].signature
        if not (passes(turn) or (ends(turn) and self.midstream != "own")):
            return
        packet = unit.level == PACKET
        if not packet or of_heads(signature) or self.memory.spoke((signature.gid, signature.sid), unit):
            self._silenced.add(at, part, drops=not passes(turn))

    def _is_old(self, one: Matcher | Deferred, unit: Unit, level: str, before: bytes) -> bool:
        """Whether it hits what was seen before, and not what is new."""
        if not one.hits(replace(unit, buffers={level: (before,)}), self.memory):
            return False
        (octets,) = unit.buffers[level]
        fresh = {level: (octets[len(before) :],)}
        start = unit.stream_offset + len(before)
        return not one.hits(replace(unit, buffers=fresh, stream_offset=start), self.memory)

    def judge_requests(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of operations, or of values."""
        told: set[tuple[int, int, bool | None]] = set()
        asked = self.requests.written if batch.table == "values" else self.requests.units
        turns = self.traits
        for row, number, unit in sorted(asked(batch), key=lambda one: (one[0], turns[one[1]].turn, one[1])):
            at = int(batch.times_ns()[row]), int(batch.frames()[row])
            if self._unread(unit.flow) or not self._recognised(unit) or self._of_requests(number, unit):
                continue
            part = part_of(unit, TRANSACTION, later=self._later(unit))
            if self._silenced and self._silenced.holds(at, part, unit):
                continue
            one = self.matchers[number]
            self.tried[number] += 1
            # A request that reaches several objects is one.
            message = at[1], number, unit.to_server
            if message not in told and one.hits(unit, self.memory):
                told.add(message)
                self.hit[number] += 1
                yield Hit(row, number, one.settle(unit, self.memory))
                self._end(at, part, unit, number)

    def _note_begun(self, batch: Batch) -> None:
        """What a batch of payloads says of how conversations began."""
        for flow, begun in begun_in(batch):
            self.memory.begin(flow, begun)

    def _apart(self, flow: int) -> bool:
        """Whether a conversation is no connection: TCP that nobody saw open, where that counts as none."""
        return self.midstream == "no" and self.memory.joined(flow)

    def _unread(self, flow: int) -> bool:
        """Whether no message of it is read: it is none, or a SYN was seen and no SYN/ACK, for which Suricata waits."""
        begun = None if self.midstream == "own" else self.memory.begun.get(flow)
        return begun is not None and begun.joined and (self.midstream == "no" or begun.asked)

    def _turned(self, unit: Unit) -> bool:
        """Whether Suricata reads TLS the wrong way round, as it does where it takes the server for the client."""
        begun = self.memory.begun.get(unit.flow)
        if begun is None or not begun.joined or self.midstream != "yes" or unit.application != "tls":
            return False
        return as_begun(unit, begun, self.midstream).to_server != unit.to_server

    def _of_requests(self, number: int, unit: Unit) -> bool:
        """Whether this is an answer, and the rule asks for a service of CIP: Suricata 7 asks it of requests alone."""
        if self.midstream == "own" or unit.to_server is not False:
            return False
        return not _SERVICES.isdisjoint(self.traits[number].asks)

    def _later(self, unit: Unit) -> bool:
        """Whether streams and messages are looked at with a later packet, one that acknowledges theirs."""
        return self.midstream != "own" and unit.transport == TCP

    def _recognised(self, unit: Unit) -> bool:
        """Whether rules are to know what its conversation speaks (plain/recognised.py)."""
        return looked_for(unit, self.memory.begun.get(unit.flow), self.midstream)

    def _raw(self, batch: Batch, units: _Units) -> Iterator[tuple[int, int, str]]:
        """What may hit packets and streams, by what a screen says of them."""
        chunked = self.midstream != "own"
        alone = batch.among("buffer", (SEGMENT,)) if chunked else None
        for found in self._looked_at(batch):
            for level in (PACKET, STREAM):
                numbers = [number for number, of_level in found.rules if of_level == level]
                asking = [self.traits[number] for number in numbers]
                if numbers and (unit := unit_of(found, level, asking, chunked=chunked)):
                    unit = as_begun(unit, self.memory.begun.get(found.flow), self.midstream)
                    loose = alone is not None and bool(alone[found.row])
                    unheard = chunked and level == PACKET and not heard(unit, len(found.octets))
                    if loose or unheard:
                        unit = replace(unit, loose=loose, unheard=unheard)
                    units[found.row, level] = unit, found.before if level == STREAM else b""
                    yield from ((found.row, number, level) for number in numbers)

    def _looked_at(self, batch: Batch) -> Iterator[Looked]:
        screened = batch.known("rules") if batch.has("rules") else np.zeros(len(batch), np.bool_)
        if screened.any():
            yield from looked_at(batch, np.flatnonzero(screened), self._by_key)
            if screened.all():
                return
        raw = batch.among("buffer", (PACKET, STREAM, SEGMENT))
        rows = np.flatnonzero(raw & ~screened)
        if self.midstream == "no" and self.memory.begun:
            pieces, flows = batch.among("buffer", (STREAM,))[rows], batch.integers("flow")[rows].tolist()
            alone = np.array([self._apart(flow) for flow in flows], np.bool_)
            rows = rows[~(pieces & alone)]
        if rows.size:
            if self._unscreened is None:
                self._unscreened = Unscreened(self.screen)
            yield from self._unscreened.look(batch, rows, self._screened, self._apart)

    def _tunnelled(self, batch: Batch, units: _Units) -> Iterator[tuple[int, int, str]]:
        """Packets that carry others, for the rules that ask for them."""
        if not self._of_tunnels:
            return
        for row in np.flatnonzero(batch.among("buffer", (TUNNEL,))).tolist():
            unit = tunnel_unit(batch, row, batch.column("octets")[row].as_py())
            if unit is not None:
                units[row, TUNNEL] = unit, b""
                yield from ((row, number, TUNNEL) for number in self._of_tunnels)

    def _transactions(self, batch: Batch, units: _Units) -> Iterator[tuple[int, int, str]]:
        rows = np.flatnonzero(batch.known("transaction"))
        if not len(rows):
            return
        if self.midstream != "own" and self.memory.begun:
            flows = batch.integers("flow")[rows].tolist()
            rows = rows[[not self._unread(flow) for flow in flows]]
        made = list(sides_of(batch, rows))
        for index, number in self._tables.candidates([buffers for _, buffers in made]):
            row, buffers = made[index]
            if (row, TRANSACTION) not in units:
                unit = transaction_unit(batch, row, buffers)
                if unit is None or not self._recognised(unit) or self._turned(unit):
                    continue
                if self.midstream != "own" and not answered(unit, self.memory.begun.get(unit.flow)):
                    unit = replace(unit, established=False)
                units[row, TRANSACTION] = unit, b""
            if not self._of_requests(number, units[row, TRANSACTION][0]):
                yield row, number, TRANSACTION
