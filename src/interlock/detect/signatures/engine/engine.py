"""All signatures held against a batch of payloads.

    rows -> kinds of conversations -> rules that can touch them -> octets at fixed places, literals -> the plain way

Source: Suricata user guide, "Performance", sections on grouping of signatures and on pattern matching.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.conversations import Conversations
from interlock.detect.signatures.engine.ends import Kind, Reach
from interlock.detect.signatures.engine.group import Group, Sought
from interlock.detect.signatures.engine.headers import buffers_of, fields_of, flags_of
from interlock.detect.signatures.engine.operations import Requests
from interlock.detect.signatures.engine.sides import TCP, side_of
from interlock.detect.signatures.engine.stretches import lengths_of, packets, streams
from interlock.detect.signatures.engine.traits import PARTS, Deferred, traits_of
from interlock.detect.signatures.engine.transactions import Tables
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import HEADERS, PACKET, SEGMENT, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.sides import Side
    from interlock.detect.signatures.engine.stretches import Stretches
    from interlock.detect.signatures.plain.matching import Matcher

__all__ = ["NEEDS", "NUMBERS", "TEXTS", "Engine", "Hit"]

TEXTS: Final = frozenset({"tls.version", "dnp3.indication"})
"""Buffers that are words, for rules that ask for them as facts."""

NEEDS: Final = (
    *("source", "realm", "time", "frame", "flow", "client", "server", "client_port", "server_port"),
    *("transport", "protocol", "direction", "offset", "transaction", "buffer", "octets", "headers"),
)
"""Columns of payloads."""
_SYN, _RST = 2, 4
_SIZED, _ANSWERED, _HEADED = 1, 2, 4
NUMBERS: Final = frozenset(
    {
        *("enip.any_command", "enip.status", "cip.any_service", "enip.protocol_version", "enip.vendor_id"),
        *("enip.device_type", "enip.product_code", "enip.revision", "enip.identity_status", "enip.serial"),
        *("enip.state", "enip.capabilities", "dnp3.any_function", "dnp3.object"),
    }
)
"""Buffers that are numbers in digits, for rules that ask for them as facts."""
_TRANSACTION: Final = "transaction"
_MOST_GROUPS: Final = 1_024
_MOST_KNOWN: Final = 16_384
_IPV6: Final = 1 << 32


class Hit(NamedTuple):
    """row: of the batch, the one that completes it. number: of the rule. speaks: whether its count lets it."""

    row: int
    number: int
    speaks: bool


class _Where(NamedTuple):
    """numbers: per row that of its conversation; ends: of each."""

    numbers: NDArray[np.int64]
    ends: dict[int, Side]

    def of(self, row: int) -> Side:
        """The ends of a row's conversation."""
        return self.ends[int(self.numbers[row])]


_Rules = tuple[tuple[int, ...], tuple[int, ...]]
"""Numbers of rules, for packets and for streams."""
_Units = dict[tuple[int, str], tuple[Unit, bytes]]
"""Of a row and what it is taken as: what rules are held against, and the octets before it that were seen then."""


class Engine:
    """matchers: the rules in force. compiled: as of Scanner, for what is made once for all rules.

    tried, hit: per rule, how often it was held against something, and hit.
    """

    def __init__(self, matchers: Sequence[Matcher | Deferred], compiled: Compile | None = None) -> None:
        self.matchers = tuple(matchers)
        self.traits = tuple(map(traits_of, self.matchers))
        self.memory = Memory()
        self.tried = np.zeros(len(self.matchers), np.int64)
        self.hit = np.zeros(len(self.matchers), np.int64)
        self._reach = Reach(self.traits)
        self._tables = Tables(self.traits, compiled)
        self.requests = Requests(self.matchers, self.traits)
        self._conversations = Conversations()
        self._sought = Sought(self.traits, compiled)
        self._groups: OrderedDict[_Rules, Group] = OrderedDict()
        self._known: dict[tuple[Any, ...], tuple[Side | None, _Rules]] = {}

    def anew(self) -> Self:
        """Give one with the same rules that has seen nothing; what was made of the rules is shared."""
        fresh = copy(self)
        fresh.memory = self.memory.fresh()
        fresh._conversations = Conversations()  # noqa: SLF001 - one of its own kind
        fresh.tried, fresh.hit = np.zeros_like(self.tried), np.zeros_like(self.hit)
        return fresh

    def follow(self, before: Engine) -> None:
        """Go on where one with other rules stood; of a rule that both have, its counters too."""
        self.memory = self.memory.following(before.memory)
        self._conversations = before._conversations
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
        scanners = [
            self._sought.scanner,
            *self._tables.scanners,
            *(one.scanner for one in self._groups.values()),
        ]
        return sum(one.scans for one in scanners), sum(one.matches for one in scanners)

    @cached_property
    def buffers(self) -> frozenset[str]:
        """The buffers that the rules look at."""
        return frozenset().union(*(one.buffers for one in self.traits))

    def judge(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of payloads, in the order of its rows: marks of one rule are there for the next."""
        units: _Units = {}
        self._conversations.begin(batch, lengths_of(batch.column("octets")))
        candidates = {*self._raw(batch, units), *self._transactions(batch, units)}
        frames, told = batch.frames(), set()
        for row, number, level in sorted(candidates):
            unit, before = units[row, level]
            one = self.matchers[number]
            self.tried[number] += 1
            if not one.hits(unit, self.memory):
                continue
            if before and one.hits(replace(unit, buffers={level: (before,)}), self.memory):
                continue
            # A segment is looked at as a packet and as part of its stream: one of both hits is enough.
            if (seen := (unit.flow, int(frames[row]), number)) in told:
                continue
            told.add(seen)
            self.hit[number] += 1
            yield Hit(row, number, one.settle(unit, self.memory))
        self._conversations.end()

    def judge_requests(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of operations, or of values."""
        told: set[tuple[int, int, bool | None]] = set()
        asked = self.requests.written if batch.table == "values" else self.requests.units
        for row, number, unit in sorted(asked(batch), key=lambda found: found[:2]):
            one = self.matchers[number]
            self.tried[number] += 1
            # A request that reaches several objects is one.
            message = int(batch.frames()[row]), number, unit.to_server
            if message not in told and one.hits(unit, self.memory):
                told.add(message)
                self.hit[number] += 1
                yield Hit(row, number, one.settle(unit, self.memory))

    def _raw(self, batch: Batch, units: _Units) -> Iterator[tuple[int, int, str]]:
        raw = batch.among("buffer", (PACKET, STREAM, SEGMENT))
        if not raw.any():
            return
        chosen = np.flatnonzero(raw)
        rows = batch if len(chosen) == len(batch) else batch.take(raw)
        stream, packet = (rows.among("buffer", (one, SEGMENT)) for one in (STREAM, PACKET))
        for rules, ends, where in self._touched(rows):
            group = self._group(rules)
            for made in self._stretches(rows, where, stream, packet):
                found = list(group.candidates(made))
                asked = self._asked(found)
                for k, number, level in found:
                    row = int(chosen[made.rows[k]])
                    if (row, level) not in units:
                        one, here = ends.of(int(made.rows[k])), (k, level)
                        units[row, level] = self._units(batch, level, made, k, row, one, asked[here])
                    yield row, number, level

    def _asked(self, found: Iterable[tuple[int, int, str]]) -> dict[tuple[int, str], int]:
        """Of each stretch, and what it is taken as, the bits of what the rules ask that may hit it."""
        asked: dict[tuple[int, str], int] = {}
        for k, number, level in found:
            one = self.traits[number]
            bits = one.sized * _SIZED | one.answered * _ANSWERED | (HEADERS in one.buffers) * _HEADED
            asked[k, level] = asked.get((k, level), 0) | bits
        return asked

    def _stretches(
        self, rows: Batch, where: NDArray[np.int64], stream: NDArray[np.bool_], packet: NDArray[np.bool_]
    ) -> Iterator[Stretches]:
        """Packets alone, and what is part of a stream."""
        alone = where[~stream[where]]
        if len(alone):
            yield packets(rows, alone)
        if len(alone) < len(where):
            yield streams(rows, where[stream[where]], self._conversations, packet)

    def _touched(self, rows: Batch) -> Iterator[tuple[_Rules, _Where, NDArray[np.int64]]]:
        """Rows by the rules that can touch them: those rules, the ends of each row, the rows; others are left out."""
        known = rows.known("client_port") & rows.known("server_port")
        ports = np.where(known, rows.integers("client_port") << 16 | rows.integers("server_port"), -1)
        groups = rows.groups(
            "transport", "protocol", "client", "server", "direction", bins=ports, named="ports"
        )
        sets: dict[_Rules, int] = {}
        ends, codes = {}, []
        for group, words in groups:
            one, rules = self._of_words(words)
            codes.append(sets.setdefault(rules, len(sets)) if any(rules) else -1)
            if one is not None:
                ends[group] = one
        of_rows = np.array(codes, np.int64)[groups.numbers]
        order = np.argsort(of_rows, kind="stable")
        bounds = np.searchsorted(of_rows[order], np.arange(len(sets) + 1))
        where = _Where(groups.numbers, ends)
        for rules, first, behind in zip(sets, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield rules, where, order[first:behind]

    def _of_words(self, words: tuple[Any, ...]) -> tuple[Side | None, _Rules]:
        """What is known of a conversation's side, and the rules for its packets and streams."""
        found = self._known.get(words)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            ends = side_of(*words)
            rules = (self._rules(PACKET, ends), self._rules(STREAM, ends)) if ends else ((), ())
            found = self._known[words] = ends, rules
        return found

    def _rules(self, level: str, ends: Side) -> tuple[int, ...]:
        reach = self._reach
        return reach.rules(
            Kind(
                level,
                ends.transport,
                ends.application,
                6 if ends.source >= _IPV6 else 4,
                reach.address(ends.source),
                reach.port(ends.source_port),
                reach.address(ends.target),
                reach.port(ends.target_port),
            )
        )

    def _units(
        self,
        batch: Batch,
        level: str,
        made: Stretches,
        k: int,
        row: int,
        ends: Side,
        asked: int,
    ) -> tuple[Unit, bytes]:
        """A payload with what is kept of its stream before it; and that alone. asked: bits of what rules ask of it."""
        start, end = int(made.starts[k]), int(made.starts[k + 1])
        floor = int(made.floors[k]) if level == STREAM else start
        flow = int(batch.integers("flow")[row])
        client = server = None
        headers = made.headers.of(k) if made.headers is not None and level == PACKET else b""
        fields = fields_of(headers) if asked & _HEADED else {"flags": flags_of(headers)}
        broken = fields.get("flags", 0) & _RST
        if asked & _SIZED or (asked & _ANSWERED and (broken or ends.transport != TCP)):
            client = self._conversations.octets(flow, row, to_server=True)
            server = self._conversations.octets(flow, row, to_server=False)
        unit = _unit(
            ends,
            batch,
            row,
            level=level,
            established=_established(ends, fields, client, server),
            buffers={level: (made.cut(floor, end),), **(buffers_of(headers) if asked & _HEADED else {})},
            fields={"dsize": end - start, **fields},
            stream_offset=int(made.before[k]) if level == STREAM else 0,
            client_octets=client or 0,
            server_octets=server or 0,
        )
        return unit, made.cut(floor, start)

    def _group(self, rules: _Rules) -> Group:
        found = self._groups.get(rules)
        if found is None:
            found = self._groups[rules] = Group(rules, self.traits, self._sought)
            if len(self._groups) > _MOST_GROUPS:
                self._groups.popitem(last=False)
        return found

    def _transactions(self, batch: Batch, units: _Units) -> Iterator[tuple[int, int, str]]:
        rows = np.flatnonzero(batch.known("transaction"))
        if not len(rows):
            return
        made = list(_sides(batch, rows))
        for index, number in self._tables.candidates([buffers for _, buffers in made]):
            row, buffers = made[index]
            if (row, _TRANSACTION) not in units:
                unit = _of_transaction(batch, row, buffers)
                if unit is None:
                    continue
                units[row, _TRANSACTION] = unit, b""
            yield row, number, _TRANSACTION


def _established(ends: Side, fields: dict[str, int], client: int | None, server: int | None) -> bool:
    """Of TCP all but what opens a conversation, and what breaks one in which nothing was said."""
    if ends.transport != TCP:
        return None not in (client, server)
    flags = fields.get("flags", 0)
    return not flags & _SYN and (not flags & _RST or bool(client or server))


def _sides(batch: Batch, rows: NDArray[np.int64]) -> Iterator[tuple[int, dict[str, tuple[bytes, ...]]]]:
    """Each side of a transaction: its last row, and its buffers."""
    flows, numbers = batch.integers("flow")[rows].tolist(), batch.integers("transaction")[rows].tolist()
    directions, ways = batch.words("direction")
    names, kinds = batch.words("buffer")
    octets = batch.column("octets").take(pa.array(rows)).to_pylist()
    sides: dict[tuple[int, int, str], tuple[int, dict[str, tuple[bytes, ...]]]] = {}
    for k, row in enumerate(rows.tolist()):
        key = (flows[k], numbers[k], str(directions[ways[row]]))
        _, buffers = sides.get(key, (0, {}))
        name = str(names[kinds[row]])
        buffers[name] = (*buffers.get(name, ()), octets[k])
        sides[key] = row, buffers
    for row, buffers in sides.values():
        message = b"".join(octets for name in PARTS for octets in buffers.get(name, ()))
        yield row, {**buffers, STREAM: (message,)} if message else buffers


def _of_transaction(batch: Batch, row: int, buffers: dict[str, tuple[bytes, ...]]) -> Unit | None:
    def word(column: str) -> str:
        words, codes = batch.words(column)
        return str(words[codes[row]] or "")

    ports = [int(batch.integers(name)[row]) for name in ("client_port", "server_port")]
    pair = ports[0] << 16 | ports[1] if batch.known("client_port")[row] else -1
    ends = side_of(
        word("transport"), word("protocol"), word("client"), word("server"), word("direction"), pair
    )
    if ends is None:
        return None
    return _unit(
        ends,
        batch,
        row,
        level=_TRANSACTION,
        established=True,
        buffers=buffers,
        facts=_facts(buffers),
    )


def _facts(buffers: dict[str, tuple[bytes, ...]]) -> dict[str, tuple[int | str, ...]]:
    """What is asked of buffers as of values."""
    facts: dict[str, tuple[int | str, ...]] = {
        name: tuple(map(int, buffers[name])) for name in NUMBERS & buffers.keys()
    }
    for name in TEXTS & buffers.keys():
        facts[name] = tuple(octets.decode("latin-1") for octets in buffers[name])
    return facts


def _unit(ends: Side, batch: Batch, row: int, **more: Any) -> Unit:
    """A row between these ends. more: what else is known of it."""
    when, flow = int(batch.times_ns()[row]), int(batch.integers("flow")[row])
    source, source_port, target, target_port, transport, application, to_server = ends
    return Unit(
        source=source, source_port=source_port, target=target, target_port=target_port, transport=transport,
        application=application, to_server=to_server, time=when, flow=flow, **more,
    )  # fmt: skip
