"""All signatures held against a batch of payloads.

    rows -> kinds of conversations -> rules that can touch them -> octets at fixed places, literals -> the plain way

Source: Suricata user guide, "Performance", sections on grouping of signatures and on pattern matching.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.conversations import Conversations
from interlock.detect.signatures.engine.ends import Kind, Reach, number_of
from interlock.detect.signatures.engine.group import Group
from interlock.detect.signatures.engine.transactions import Tables
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import PACKET, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.plain.matching import Matcher

__all__ = ["NEEDS", "Engine", "Hit"]

NEEDS: Final = (
    *("source", "realm", "time", "frame", "flow", "client", "server", "client_port", "server_port"),
    *("transport", "protocol", "direction", "offset", "transaction", "buffer", "octets"),
)
"""Columns of payloads."""
_TRANSPORTS: Final = {"tcp": 6, "udp": 17}
_PARTS: Final = ("http.start", "http.request_body", "http.response_body")
"""What a message of HTTP is put together from, for rules that ask for its payload and for buffers of it."""
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


class Engine:
    """matchers: the rules in force. tried, hits: per rule, how often it was held against something, and hit."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self.matchers = tuple(matchers)
        self.memory = Memory()
        self.tried = np.zeros(len(self.matchers), np.int64)
        self.hit = np.zeros(len(self.matchers), np.int64)
        self._reach = Reach(self.matchers)
        self._tables = Tables(self.matchers)
        self._conversations = Conversations()
        self._groups: OrderedDict[tuple[int, ...], Group] = OrderedDict()

    @property
    def buffers(self) -> frozenset[str]:
        """The buffers that the rules look at."""
        signatures = [one.signature for one in self.matchers]
        named = {i.buffer for s in signatures for i in s.inspections if i.buffer != PAYLOAD}
        facts = {name for s in signatures for c in s.checks for name, _ in getattr(c, "asked", ())}
        if any(_both(s) for s in signatures):
            named.update(_PARTS)
        levels = {level for one in self.matchers for level in one.levels} - {"transaction"}
        return frozenset(named | facts | levels)

    def judge(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of payloads, in the order of its rows: marks of one rule are there for the next."""
        units: dict[int, tuple[Unit, Unit | None]] = {}
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

    def _raw(self, batch: Batch, units: dict[int, tuple[Unit, Unit | None]]) -> Iterator[tuple[int, int]]:
        for level in (PACKET, STREAM):
            chosen = np.flatnonzero(batch.among("buffer", (level,)))
            if not len(chosen):
                continue
            rows = batch if len(chosen) == len(batch) else batch.take(batch.among("buffer", (level,)))
            for rules, ends, where in self._touched(rows, level):
                where = np.sort(where)  # noqa: PLW2901 - rows of several conversations
                yield from self._looked(rows, level, rules, ends, where, chosen, units)

    def _touched(
        self, rows: Batch, level: str
    ) -> Iterator[tuple[tuple[int, ...], dict[int, _Ends], NDArray[np.int64]]]:
        """Rows by the rules that can touch them: those rules, the ends by group, the rows; others are left out."""
        known = rows.known("client_port") & rows.known("server_port")
        ports = np.where(known, rows.integers("client_port") << 16 | rows.integers("server_port"), -1)
        groups = rows.groups(
            "transport", "protocol", "client", "server", "direction", bins=ports, named="ports"
        )
        found: dict[tuple[int, ...], tuple[dict[int, _Ends], list[NDArray[np.int64]]]] = {}
        for group, (transport, protocol, client, server, direction, pair) in groups:
            ends = _ends(transport, protocol, client, server, direction, pair)
            rules = self._rules(level, ends) if ends else ()
            if rules and ends:
                members, parts = found.setdefault(rules, ({}, []))
                part = groups.rows(group)
                parts.append(part)
                members.update(dict.fromkeys(part.tolist(), ends))
        for rules, (members, parts) in found.items():
            yield rules, members, np.concatenate(parts)

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

    def _looked(
        self,
        rows: Batch,
        level: str,
        rules: tuple[int, ...],
        ends: dict[int, _Ends],
        where: NDArray[np.int64],
        chosen: NDArray[np.int64],
        units: dict[int, tuple[Unit, Unit | None]],
    ) -> Iterator[tuple[int, int]]:
        flows, offsets = rows.integers("flow")[where], rows.integers("offset")[where]
        taken = rows.column("octets").take(pa.array(where))
        tails = np.zeros(len(where), np.int64)
        if level == STREAM:
            taken = self._joined(
                taken, flows, offsets, [ends[row].to_server for row in where.tolist()], tails
            )
        starts, whole = _flat(taken)
        before = offsets - tails if level == STREAM else np.zeros(len(where), np.int64)
        times = rows.times_ns()[where]
        for k, number in self._group(rules).candidates(whole, starts, before):
            row = int(chosen[where[k]])
            if row not in units:
                octets = whole[starts[k] : starts[k + 1]]
                unit = self._unit(
                    level, ends[int(where[k])], int(flows[k]), int(times[k]), octets, int(before[k])
                )
                earlier = replace(unit, buffers={level: (octets[: tails[k]],)}) if tails[k] else None
                units[row] = unit, earlier
            yield row, number

    def _joined(
        self,
        taken: pa.Array,
        flows: NDArray[np.int64],
        offsets: NDArray[np.int64],
        sides: list[bool],
        tails: NDArray[np.int64],
    ) -> pa.Array:
        """Stretches of streams behind what is kept of the ones before; tails: how much of each that is."""
        pieces = []
        rows = zip(taken.to_pylist(), flows.tolist(), offsets.tolist(), sides, strict=True)
        for k, (octets, flow, offset, side) in enumerate(rows):
            self._conversations.speak(flow, to_server=side)
            self._conversations.count(flow, offset + len(octets), to_server=side)
            whole, tails[k] = self._conversations.joined(flow, offset, octets, to_server=side)
            pieces.append(whole)
        return pa.array(pieces, pa.binary())

    def _unit(self, level: str, ends: _Ends, flow: int, time: int, octets: bytes, before: int) -> Unit:
        both = self._conversations.speak(flow, to_server=ends.to_server)
        client, server = self._conversations.octets(flow)
        return Unit(
            level=level,
            time=time,
            flow=flow,
            transport=ends.transport,
            application=ends.application,
            source=ends.source,
            source_port=ends.source_port,
            target=ends.target,
            target_port=ends.target_port,
            to_server=ends.to_server,
            established=ends.transport == _TRANSPORTS["tcp"] or both,
            buffers={level: (octets,)},
            fields={"dsize": len(octets)},
            stream_offset=before,
            client_octets=client,
            server_octets=server,
        )

    def _group(self, rules: tuple[int, ...]) -> Group:
        found = self._groups.get(rules)
        if found is None:
            found = self._groups[rules] = Group(rules, self.matchers)
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


def _both(signature: Signature) -> bool:
    """Whether a rule asks for the payload and for a buffer."""
    return len({one.buffer == PAYLOAD for one in signature.inspections}) > 1


def _flat(octets: pa.Array) -> tuple[NDArray[np.int64], bytes]:
    """Where each stretch starts, and behind the last; and all of them in one."""
    starts = np.frombuffer(octets.buffers()[1], np.int32)[octets.offset : octets.offset + len(octets) + 1]
    data = octets.buffers()[2]
    whole = data.to_pybytes() if data is not None else b""
    return starts.astype(np.int64), whole


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
        message = b"".join(octets for name in _PARTS for octets in buffers.get(name, ()))
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
    versions = tuple(octets.decode("latin-1") for octets in buffers.get("tls.version", ()))
    return Unit(
        level="transaction",
        time=int(batch.times_ns()[row]),
        flow=int(batch.integers("flow")[row]),
        transport=ends.transport,
        application=ends.application,
        source=ends.source,
        source_port=ends.source_port,
        target=ends.target,
        target_port=ends.target_port,
        to_server=ends.to_server,
        established=True,
        buffers=buffers,
        facts={"tls.version": versions} if versions else {},
    )
