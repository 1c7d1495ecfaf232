"""All signatures held against a batch of payloads.

    packets, streams -> screened where they are decoded -> those that may hit -> the plain way
    transactions -> literals -> the plain way

Source: Suricata user guide, "Performance", sections on grouping of signatures and on pattern matching.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.looked import looked_at, tunnel_unit, unit_of
from interlock.detect.signatures.engine.operations import Requests
from interlock.detect.signatures.engine.screen import Screen
from interlock.detect.signatures.engine.screening import key_of
from interlock.detect.signatures.engine.sides import side_of
from interlock.detect.signatures.engine.traits import PARTS, Deferred, traits_of
from interlock.detect.signatures.engine.transactions import Tables
from interlock.detect.signatures.engine.unscreened import Unscreened
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.midstream import Begun, as_begun
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import FIRST, JOINED, PACKET, SEGMENT, STREAM, TUNNEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.looked import Looked
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.sides import Side
    from interlock.detect.signatures.plain.matching import Matcher
    from interlock.records.vocabulary import Midstream

__all__ = ["NEEDS", "NUMBERS", "TEXTS", "Engine", "Hit"]

TEXTS: Final = frozenset(
    {
        *("tls.version", "tls.state", "dnp3.indication", "http.event", "dns.event"),
        *("mqtt.flags", "mqtt.connect.flags", "mqtt.connack.session_present"),
        *("ftp.bounce", "dcerpc.iface", "dcerpc.any_iface", "dcerpc.opnum", "tls.cert_state"),
    }
)
"""Buffers that are words, for rules that ask for them as facts."""

NEEDS: Final = (
    *("source", "realm", "time", "frame", "flow", "client", "server", "client_port", "server_port"),
    *("transport", "protocol", "direction", "offset", "transaction", "buffer", "octets", "headers"),
    *("rules", "before", "client_octets", "server_octets"),
)
"""Columns of payloads."""
NUMBERS: Final = frozenset(
    {
        *("enip.any_command", "enip.status", "cip.any_service", "enip.protocol_version", "enip.vendor_id"),
        *("enip.device_type", "enip.product_code", "enip.revision", "enip.identity_status", "enip.serial"),
        *("enip.state", "enip.capabilities", "dnp3.any_function", "dnp3.object"),
        *("dns.opcode", "dns.rcode", "snmp.version", "snmp.pdu_type"),
        *("mqtt.type", "mqtt.qos", "mqtt.protocol_version", "mqtt.reason_code"),
        *("dcerpc.iface_version", "krb5.msg_type", "krb5.err_code", "smb.version", "dns.rrtype"),
        *("file.size", "file.seen", "tls.cert_not_before", "tls.cert_not_after", "tls.cert_chain_len"),
    }
)
"""Buffers that are numbers in digits, for rules that ask for them as facts."""
_TRANSACTION: Final = "transaction"
_WHOLE: Final = frozenset({*PARTS["tls"], *PARTS["dns"]})
"""Buffers of which the last row holds what those before it hold."""


class Hit(NamedTuple):
    """row: of the batch, the one that completes it. number: of the rule. speaks: whether its count lets it."""

    row: int
    number: int
    speaks: bool


_Units = dict[tuple[int, str], tuple[Unit, bytes]]
"""Of a row and what it is taken as: what rules are held against, and the octets before it that were seen then."""


class Engine:
    """matchers: the rules in force. compiled: as of Scanner, for what is made once for all rules.

    midstream: what it makes of conversations that were joined in the middle (plain/midstream.py).

    tried, hit: per rule, how often it was held against something, and hit.
    """

    def __init__(
        self,
        matchers: Sequence[Matcher | Deferred],
        compiled: Compile | None = None,
        midstream: Midstream = "own",
    ) -> None:
        self.matchers = tuple(matchers)
        self.midstream = midstream
        self.traits = tuple(map(traits_of, self.matchers))
        self.memory = Memory()
        self.tried = np.zeros(len(self.matchers), np.int64)
        self.hit = np.zeros(len(self.matchers), np.int64)
        self._tables = Tables(self.traits, compiled)
        self.requests = Requests(self.matchers, self.traits)
        self._screened = [number for number, one in enumerate(self.traits) if one.raw]
        self._of_tunnels = [number for number, one in enumerate(self.traits) if TUNNEL in one.buffers]
        self._unscreened: Unscreened | None = None
        self._waiting: list[Batch] = []

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
        if "screen" in self.__dict__:
            fresh.screen = self.screen.anew()
        fresh.tried, fresh.hit = np.zeros_like(self.tried), np.zeros_like(self.hit)
        return fresh

    def follow(self, before: Engine) -> None:
        """Go on where one with other rules stood; of a rule that both have, its counters too."""
        self.memory = self.memory.following(before.memory)
        self._waiting = before._waiting
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
        if not asked and not (self.requests and self.midstream == "no"):
            return asked
        # What no stream has taken in is looked at as packets, which also say which connections those are.
        return (
            asked | {"own": {JOINED}, "no": {JOINED, FIRST, PACKET}, "yes": {JOINED, FIRST}}[self.midstream]
        )

    def judged(self, batch: Batch) -> Iterator[tuple[Batch, list[Hit]]]:
        """Hits of a batch of any table, with the batch that they are of.

        Where connections that nobody saw open are none, requests wait for the payloads of their step, which tell.
        """
        if batch.table == "payloads":
            yield batch, list(self.judge(batch))
            yield from self.rest()
        elif self.midstream == "no":
            yield from self.rest()
            self._waiting.append(batch)
        else:
            yield batch, list(self.judge_requests(batch))

    def rest(self) -> Iterator[tuple[Batch, list[Hit]]]:
        """What has waited, where nothing more comes of its step."""
        waiting, self._waiting = self._waiting, []
        yield from ((batch, list(self.judge_requests(batch))) for batch in waiting)

    def judge(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of payloads, in the order of its rows: marks of one rule are there for the next."""
        self._note_begun(batch)
        units: _Units = {}
        candidates = {
            *self._raw(batch, units), *self._transactions(batch, units), *self._tunnelled(batch, units),
        }  # fmt: skip
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

    def judge_requests(self, batch: Batch) -> Iterator[Hit]:
        """Every hit of a batch of operations, or of values."""
        told: set[tuple[int, int, bool | None]] = set()
        asked = self.requests.written if batch.table == "values" else self.requests.units
        for row, number, unit in sorted(asked(batch), key=lambda found: found[:2]):
            if self._apart(unit.flow):
                continue
            one = self.matchers[number]
            self.tried[number] += 1
            # A request that reaches several objects is one.
            message = int(batch.frames()[row]), number, unit.to_server
            if message not in told and one.hits(unit, self.memory):
                told.add(message)
                self.hit[number] += 1
                yield Hit(row, number, one.settle(unit, self.memory))

    def _note_begun(self, batch: Batch) -> None:
        """What a batch of payloads says of how conversations began."""
        for row in np.flatnonzero(batch.among("buffer", (JOINED, FIRST))).tolist():
            buffer, transport, protocol, client, server, way = (
                _word(batch, name, row)
                for name in ("buffer", "transport", "protocol", "client", "server", "direction")
            )
            side = side_of(transport, protocol, client, server, way, _ports(batch, row))
            if side is not None:
                answered = batch.column("octets")[row].as_py() == b"\1"
                begun = Begun(side.source, side.source_port, buffer == JOINED, answered)
                self.memory.begin(int(batch.integers("flow")[row]), begun)

    def _apart(self, flow: int) -> bool:
        """Whether a conversation is no connection: TCP that nobody saw open, where that counts as none."""
        return self.midstream == "no" and self.memory.joined(flow)

    def _raw(self, batch: Batch, units: _Units) -> Iterator[tuple[int, int, str]]:
        """What may hit packets and streams, by what a screen says of them."""
        for found in self._looked_at(batch):
            for level in (PACKET, STREAM):
                numbers = [number for number, of_level in found.rules if of_level == level]
                if numbers and (unit := unit_of(found, level, [self.traits[number] for number in numbers])):
                    begun = self.memory.begun.get(found.flow)
                    units[found.row, level] = (
                        as_begun(unit, begun, self.midstream),
                        found.before if level == STREAM else b"",
                    )
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
        if self.midstream == "no" and self.memory.begun:
            flows = batch.integers("flow")[rows].tolist()
            rows = rows[[not self._apart(flow) for flow in flows]]
        made = list(_sides(batch, rows))
        for index, number in self._tables.candidates([buffers for _, buffers in made]):
            row, buffers = made[index]
            if (row, _TRANSACTION) not in units:
                unit = _of_transaction(batch, row, buffers)
                if unit is None:
                    continue
                units[row, _TRANSACTION] = unit, b""
            yield row, number, _TRANSACTION


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
        message = b"".join(octets for name in PARTS["http"] for octets in buffers.get(name, ()))
        for name in _WHOLE & buffers.keys():
            message = buffers[name][-1]
        yield row, {**buffers, STREAM: (message,)} if message else buffers


def _of_transaction(batch: Batch, row: int, buffers: dict[str, tuple[bytes, ...]]) -> Unit | None:
    names = ("transport", "protocol", "client", "server", "direction")
    transport, protocol, client, server, way = (_word(batch, name, row) for name in names)
    ends = side_of(transport, protocol, client, server, way, _ports(batch, row))
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


def _word(batch: Batch, column: str, row: int) -> str:
    words, codes = batch.words(column)
    return str(words[codes[row]] or "")


def _ports(batch: Batch, row: int) -> int:
    """Client's and server's in one number, -1 where there are none."""
    client, server = (int(batch.integers(name)[row]) for name in ("client_port", "server_port"))
    return client << 16 | server if batch.known("client_port")[row] else -1


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
