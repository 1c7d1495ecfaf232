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
from interlock.detect.signatures.engine.ends import Kind, Reach, number_of
from interlock.detect.signatures.engine.group import Group, Sought
from interlock.detect.signatures.engine.headers import buffers_of, fields_of
from interlock.detect.signatures.engine.operations import Requests
from interlock.detect.signatures.engine.stretches import lengths_of, packets, streams
from interlock.detect.signatures.engine.traits import PARTS, Deferred, traits_of
from interlock.detect.signatures.engine.transactions import Tables
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import PACKET, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.stretches import Stretches
    from interlock.detect.signatures.plain.matching import Matcher

__all__ = ["NEEDS", "NUMBERS", "Engine", "Hit"]

NEEDS: Final = (
    *("source", "realm", "time", "frame", "flow", "client", "server", "client_port", "server_port"),
    *("transport", "protocol", "direction", "offset", "transaction", "buffer", "octets", "headers"),
)
"""Columns of payloads."""
_TRANSPORTS: Final = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, **{f"ip/{n}": n for n in range(256)}}
_SYN, _RST = 2, 4
NUMBERS: Final = frozenset(
    {
        *("enip.any_command", "enip.status", "cip.any_service", "enip.protocol_version", "enip.vendor_id"),
        *("enip.device_type", "enip.product_code", "enip.revision", "enip.identity_status", "enip.serial"),
        *("enip.state", "enip.capabilities"),
    }
)
"""Buffers that are numbers in digits, for rules that ask for them as facts."""
_MOST_GROUPS: Final = 1_024
_IPV6: Final = 1 << 32
_APPLICATIONS: Final = {"winrm": "http", "ftp_data": "ftp-data"}
"""Our recogniser's names → those of heads, where they differ."""


class Hit(NamedTuple):
    """row: of the batch, the one that completes it. number: of the rule. speaks: whether its count lets it."""

    row: int
    number: int
    speaks: bool


class _Ends(NamedTuple):
    source: int
    source_port: int | None
    target: int
    target_port: int | None
    transport: int
    application: str
    to_server: bool


class _Where(NamedTuple):
    """numbers: per row that of its conversation; ends: of each."""

    numbers: NDArray[np.int64]
    ends: dict[int, _Ends]

    def of(self, row: int) -> _Ends:
        """The ends of a row's conversation."""
        return self.ends[int(self.numbers[row])]


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
        self._groups: OrderedDict[tuple[int, ...], Group] = OrderedDict()

    def anew(self) -> Self:
        """Give one with the same rules that has seen nothing; what was made of the rules is shared."""
        fresh = copy(self)
        fresh.memory = Memory(limits=self.memory.limits)
        fresh._conversations = Conversations()  # noqa: SLF001 - one of its own kind
        fresh.tried, fresh.hit = np.zeros_like(self.tried), np.zeros_like(self.hit)
        return fresh

    def follow(self, before: Engine) -> None:
        """Go on where one with other rules stood; of a rule that both have, its counters too."""
        limits = self.memory.limits
        self.memory, self._conversations = before.memory, before._conversations
        self.memory.limits = limits
        known = {one.name: number for number, one in enumerate(before.traits)}
        for number, traits in enumerate(self.traits):
            if (old := known.get(traits.name)) is not None:
                self.tried[number], self.hit[number] = before.tried[old], before.hit[old]
                one, other = self.matchers[number], before.matchers[old]
                if isinstance(one, Deferred) and isinstance(other, Deferred):
                    one.count_from(other)

    @cached_property
    def buffers(self) -> frozenset[str]:
        """The buffers that the rules look at."""
        return frozenset().union(*(one.buffers for one in self.traits))

    def judge(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of payloads, in the order of its rows: marks of one rule are there for the next."""
        units: dict[int, tuple[Unit, Unit | None]] = {}
        self._conversations.begin(batch, lengths_of(batch.column("octets")))
        candidates = {*self._raw(batch, units), *self._transactions(batch, units)}
        frames, told = batch.frames(), set()
        for row, number in sorted(candidates):
            unit, before = units[row]
            one = self.matchers[number]
            self.tried[number] += 1
            if not one.hits(unit, self.memory) or (before is not None and one.hits(before, self.memory)):
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

    def _raw(self, batch: Batch, units: dict[int, tuple[Unit, Unit | None]]) -> Iterator[tuple[int, int]]:
        for level in (PACKET, STREAM):
            chosen = np.flatnonzero(batch.among("buffer", (level,)))
            if not len(chosen):
                continue
            rows = batch if len(chosen) == len(batch) else batch.take(batch.among("buffer", (level,)))
            for rules, ends, where in self._touched(rows, level):
                made = (
                    packets(rows, np.sort(where))
                    if level == PACKET
                    else streams(rows, np.sort(where), self._conversations)
                )
                group = self._group(rules)
                for k, number in group.candidates(made):
                    row = int(chosen[made.rows[k]])
                    if row not in units:
                        units[row] = self._units(
                            batch, level, made, k, row, ends.of(int(made.rows[k])), group
                        )
                    yield row, number

    def _touched(
        self, rows: Batch, level: str
    ) -> Iterator[tuple[tuple[int, ...], _Where, NDArray[np.int64]]]:
        """Rows by the rules that can touch them: those rules, the ends of each row, the rows; others are left out."""
        known = rows.known("client_port") & rows.known("server_port")
        ports = np.where(known, rows.integers("client_port") << 16 | rows.integers("server_port"), -1)
        groups = rows.groups(
            "transport", "protocol", "client", "server", "direction", bins=ports, named="ports"
        )
        found: dict[tuple[int, ...], list[int]] = {}
        ends = {}
        for group, words in groups:
            one = _ends(*words)
            if one is not None and (rules := self._rules(level, one)):
                ends[group] = one
                found.setdefault(rules, []).append(group)
        for rules, members in found.items():
            yield (
                rules,
                _Where(groups.numbers, ends),
                np.concatenate([groups.rows(group) for group in members]),
            )

    def _rules(self, level: str, ends: _Ends) -> tuple[int, ...]:
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
        self, batch: Batch, level: str, made: Stretches, k: int, row: int, ends: _Ends, group: Group
    ) -> tuple[Unit, Unit | None]:
        """A payload with what is kept of its stream before it; and that alone, where there is some."""
        floor, start, end = int(made.floors[k]), int(made.starts[k]), int(made.starts[k + 1])
        flow = int(batch.integers("flow")[row])
        client = server = None
        headers = made.headers.of(k) if made.headers is not None else b""
        fields = fields_of(headers) if headers else {}
        broken = fields.get("flags", 0) & _RST
        if group.sized or broken or ends.transport != _TRANSPORTS["tcp"]:
            client = self._conversations.octets(flow, row, to_server=True)
            server = self._conversations.octets(flow, row, to_server=False)
        unit = _unit(
            ends,
            batch,
            row,
            level=level,
            established=_established(ends, fields, client, server),
            buffers={level: (made.octets[floor:end],), **(buffers_of(headers) if headers else {})},
            fields={"dsize": end - start, **fields},
            stream_offset=int(made.before[k]),
            client_octets=client or 0,
            server_octets=server or 0,
        )
        return unit, replace(unit, buffers={level: (made.octets[floor:start],)}) if floor < start else None

    def _group(self, rules: tuple[int, ...]) -> Group:
        found = self._groups.get(rules)
        if found is None:
            found = self._groups[rules] = Group(rules, self.traits, self._sought)
            if len(self._groups) > _MOST_GROUPS:
                self._groups.popitem(last=False)
        return found

    def _transactions(
        self, batch: Batch, units: dict[int, tuple[Unit, Unit | None]]
    ) -> Iterator[tuple[int, int]]:
        rows = np.flatnonzero(batch.known("transaction"))
        if not len(rows):
            return
        made = list(_sides(batch, rows))
        for index, number in self._tables.candidates([buffers for _, buffers in made]):
            row, buffers = made[index]
            if row not in units:
                unit = _of_transaction(batch, row, buffers)
                if unit is None:
                    continue
                units[row] = unit, None
            yield row, number


def _established(ends: _Ends, fields: dict[str, int], client: int | None, server: int | None) -> bool:
    """Of TCP all but what opens a conversation, and what breaks one in which nothing was said."""
    if ends.transport != _TRANSPORTS["tcp"]:
        return None not in (client, server)
    flags = fields.get("flags", 0)
    return not flags & _SYN and (not flags & _RST or bool(client or server))


def _ends(
    transport: str, protocol: str | None, client: str, server: str, direction: str, pair: int
) -> _Ends | None:
    number = _TRANSPORTS.get(transport or "")
    source, target = number_of(client or ""), number_of(server or "")
    if number is None or source is None or target is None:
        return None
    ports = (None, None) if pair < 0 else (pair >> 16, pair & 0xFFFF)
    application = _APPLICATIONS.get(protocol or "", protocol or "")
    if direction == "to_server":
        return _Ends(source, ports[0], target, ports[1], number, application, to_server=True)
    return _Ends(target, ports[1], source, ports[0], number, application, to_server=False)


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
    ends = _ends(word("transport"), word("protocol"), word("client"), word("server"), word("direction"), pair)
    if ends is None:
        return None
    return _unit(
        ends,
        batch,
        row,
        level="transaction",
        established=True,
        buffers=buffers,
        facts=_facts(buffers),
    )


def _facts(buffers: dict[str, tuple[bytes, ...]]) -> dict[str, tuple[int | str, ...]]:
    """What is asked of buffers as of values."""
    facts: dict[str, tuple[int | str, ...]] = {
        name: tuple(map(int, buffers[name])) for name in NUMBERS & buffers.keys()
    }
    if "tls.version" in buffers:
        facts["tls.version"] = tuple(octets.decode("latin-1") for octets in buffers["tls.version"])
    return facts


def _unit(ends: _Ends, batch: Batch, row: int, **more: Any) -> Unit:
    """A row between these ends. more: what else is known of it."""
    when, flow = int(batch.times_ns()[row]), int(batch.integers("flow")[row])
    return Unit(**ends._asdict(), time=when, flow=flow, **more)
