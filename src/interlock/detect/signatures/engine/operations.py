"""Rules that ask for what our decoders read of control protocols: each kind of request is asked once.

    word of a rule      from operations
    PROTOCOL.function   function, as docs/protocols.md numbers it (cip.service, bacnet.service, enip.command likewise)
    PROTOCOL.verb       verb
    modbus.access       read or write, by the verb; what else requests reach: reached.py
    cip.status          code of the answer, 0 where it is right
    modbus.value        from values that are written, each with its address

Answers are asked, too, where Suricata does so: of EtherNet/IP, CIP and DNP3, whose answers have function 129.
Source: Suricata user guide, "Modbus Keyword", "DNP3 Keywords", "ENIP/CIP Keywords".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.detect.signatures.engine.ends import number_of
from interlock.detect.signatures.engine.reached import TABLES, reached
from interlock.detect.signatures.language.checks import Fact, Flow
from interlock.detect.signatures.plain.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.reached import Facts
    from interlock.detect.signatures.engine.traits import Deferred, Traits
    from interlock.detect.signatures.plain.matching import Matcher

__all__ = ["FACTS", "NEEDS", "WRITTEN", "Requests"]

NEEDS: Final = (
    *(
        "source",
        "realm",
        "time",
        "frame",
        "response_frame",
        "flow",
        "client",
        "server",
        "client_port",
        "server_port",
    ),
    *("protocol", "verb", "outcome", "function", "item", "unit", "object", "count", "code"),
)
"""Columns of operations."""
WRITTEN: Final = (
    *("source", "realm", "time", "frame", "flow", "client", "server", "protocol"),
    *("unit", "object", "direction", "number"),
)
"""Columns of values."""
_FUNCTIONS: Final = {
    "modbus": "modbus.function",
    "dnp3": "dnp3.function",
    "enip": "enip.command",
    "cip": "cip.service",
    "s7comm": "s7comm.function",
    "bacnet": "bacnet.service",
}
_ANSWERED: Final = {"enip": "", "cip": "cip.status", "dnp3": ""}
_HEADS: Final = {"cip": "enip"}
_VALUE: Final = "modbus.value"
_RESPONSE: Final = 129
"""DNP3's functions of outstations begin here."""
FACTS: Final = frozenset(
    {
        *_FUNCTIONS.values(),
        *(f"{protocol}.verb" for protocol in _FUNCTIONS),
        *(
            "modbus.unit",
            "modbus.access",
            "modbus.table",
            "modbus.address",
            "modbus.group",
            "modbus.subfunction",
        ),
        *(_VALUE, "cip.class", "cip.instance", "cip.attribute", "cip.status"),
    }
)


_WAYS: Final = ("to_client", "to_server")


class Requests:
    """The rules that ask for facts, and the facts of requests."""

    def __init__(self, matchers: Sequence[Matcher | Deferred], traits: Sequence[Traits]) -> None:
        self._asking: dict[str, list[int]] = {}
        for number, one in enumerate(traits):
            for name in one.asks:
                protocol = name.partition(".")[0]
                if name in FACTS and number not in self._asking.get(protocol, ()):
                    self._asking.setdefault(protocol, []).append(number)
        self._matchers, self._traits = matchers, traits

    def __bool__(self) -> bool:
        """Whether any rule asks."""
        return bool(self._asking)

    def __contains__(self, name: str) -> bool:
        """Whether any rule asks for a fact."""
        return any(name in one.asks for one in self._traits)

    def units(self, batch: Batch) -> Iterator[tuple[int, int, Unit]]:
        """(row, rule's number, the request or its answer) of everything that may be what a rule asks for."""
        spoken = batch.among("protocol", self._asking)
        if not spoken.any():
            return
        spoken &= ~batch.among("outcome", ("pending",))
        told = batch.among("protocol", ("dnp3",)) & (batch.integers("function") >= _RESPONSE)
        known = spoken & batch.known("frame")
        yield from self._sent(
            batch, known & ~told & ~batch.among("outcome", ("unsolicited",)), to_server=True
        )
        # An answer to what nobody was seen to ask has no frame of a request.
        yield from self._sent(batch, told & spoken & (known | batch.known("response_frame")), to_server=False)
        answered = spoken & ~told & batch.among("protocol", _ANSWERED) & batch.known("response_frame")
        yield from self._sent(batch, answered, to_server=False)

    def _sent(
        self, batch: Batch, mask: NDArray[np.bool_], *, to_server: bool
    ) -> Iterator[tuple[int, int, Unit]]:
        chosen = np.flatnonzero(mask)
        if not len(chosen):
            return
        rows = batch.take(mask)
        groups = rows.groups(
            "protocol", "verb", "client", "server", bins=rows.integers("function"), named="function"
        )
        for group, (protocol, verb, client, server, function) in groups:
            ends = number_of(client or ""), number_of(server or "")
            if not to_server:
                ends = ends[::-1]
            facts = _of_kind(protocol, str(verb), int(function), to_server=to_server)
            numbers = [
                n
                for n in self._asking[protocol]
                if self._touches(n, ends) and self._may(n, facts, to_server=to_server)
            ]
            kind = _Kind(protocol, str(verb), int(function), ends, to_server)
            for those, where in self._through(rows, groups.rows(group), numbers, to_server=to_server):
                for row, unit in _units(rows, where, kind, facts):
                    yield from self._each(int(chosen[row]), those, unit)

    def _through(
        self, rows: Batch, where: NDArray[np.int64], numbers: list[int], *, to_server: bool
    ) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """Rows by their ports: the rules, of these, that take such ports, and the rows; none where no rule does."""
        if not numbers:
            return
        ports = rows.integers("client_port")[where] << 16 | rows.integers("server_port")[where]
        ports = np.where(rows.known("client_port")[where], ports, -1)
        for pair in np.unique(ports).tolist():
            sides = (pair >> 16, pair & 0xFFFF) if to_server else (pair & 0xFFFF, pair >> 16)
            those = [n for n in numbers if pair < 0 or self._takes(n, *sides)]
            if those:
                yield those, where[ports == pair]

    def _takes(self, number: int, source: int, target: int) -> bool:
        """Whether a rule takes such ports."""
        one = self._traits[number]
        there = source in one.ends.source_ports and target in one.ends.target_ports
        back = one.both and target in one.ends.source_ports and source in one.ends.target_ports
        return there or back

    def written(self, batch: Batch) -> Iterator[tuple[int, int, Unit]]:
        """(row, rule's number, a value that is written) of rules that ask for one; batch: of values."""
        numbers = [n for n in self._asking.get("modbus", ()) if _VALUE in self._traits[n].asks]
        wanted = batch.among("protocol", ("modbus",)) & batch.among("direction", ("written",))
        for row in np.flatnonzero(wanted).tolist() if numbers else ():
            for unit in _values(batch, row):
                yield from self._each(
                    row, [n for n in numbers if self._touches(n, (unit.source, unit.target))], unit
                )

    def _each(self, row: int, numbers: list[int], unit: Unit) -> Iterator[tuple[int, int, Unit]]:
        """Operations do not say what carried them: each rule gets what its head asks for."""
        for number in numbers:
            transport = min(self._traits[number].protocol.transports, default=unit.transport)
            yield row, number, unit if transport == unit.transport else replace(unit, transport=transport)

    def _touches(self, number: int, ends: tuple[int | None, int | None]) -> bool:
        """Whether a rule can touch a conversation by its addresses."""
        source, target = ends
        if source is None or target is None:
            return False
        one = self._traits[number]
        there = source in one.ends.sources and target in one.ends.targets
        back = one.both and target in one.ends.sources and source in one.ends.targets
        return there or back

    def _may(self, number: int, facts: dict[str, tuple[int | str, ...]], *, to_server: bool) -> bool:
        """Whether what is known of a kind of request already says no."""
        for check in self._matchers[number].signature.checks:
            if isinstance(check, Flow) and check.direction not in {"", _WAYS[to_server]}:
                return False
            if not isinstance(check, Fact) or check.negated:
                continue
            for name, asked in check.asked:
                for value in facts.get(name, ()):
                    if not (value in asked if isinstance(asked, tuple) else asked.holds(int(value))):
                        return False
        return True


class _Kind(NamedTuple):
    protocol: str
    verb: str
    function: int
    ends: tuple[int | None, int | None]
    to_server: bool


def _of_kind(protocol: str, verb: str, function: int, *, to_server: bool) -> Facts:
    """What is known of all messages of one kind."""
    asked = _RESPONSE if protocol == "dnp3" and not to_server and function < _RESPONSE else function
    facts: Facts = {_FUNCTIONS[protocol]: (asked,), f"{protocol}.verb": (verb,)}
    if protocol == "modbus" and verb in {"read", "write"}:
        facts["modbus.access"] = (verb,)
    return facts


def _units(rows: Batch, where: NDArray[np.int64], kind: _Kind, facts: Facts) -> Iterator[tuple[int, Unit]]:
    """(row, unit) of each of these rows."""
    words = {name: rows.words(name) for name in ("unit", "object")}
    times, flows = rows.times_ns(), rows.integers("flow")
    ports = [rows.integers(name) for name in ("client_port", "server_port")]
    known, counts, codes = rows.known("client_port"), rows.integers("count"), rows.integers("code")
    status = "" if kind.to_server else _ANSWERED.get(kind.protocol, "")
    sides = (0, 1) if kind.to_server else (1, 0)
    for row in where.tolist():
        unit, thing = (str(values[places[row]] or "") for values, places in words.values())
        more = reached(kind.protocol, kind.verb, kind.function, unit, thing, int(counts[row]))
        if status:
            more = {**more, status: (int(codes[row]) & 0xFF,)}
        yield (
            row,
            Unit(
                level="transaction",
                time=int(times[row]),
                flow=int(flows[row]),
                application=_HEADS.get(kind.protocol, kind.protocol),
                source=kind.ends[0] or 0,
                source_port=int(ports[sides[0]][row]) if known[row] else None,
                target=kind.ends[1] or 0,
                target_port=int(ports[sides[1]][row]) if known[row] else None,
                to_server=kind.to_server,
                established=True,
                facts={**facts, **more},
            ),
        )


def _values(batch: Batch, row: int) -> Iterator[Unit]:
    """Each value that one row writes, with its address alone."""
    said = {}
    for name in ("client", "server", "unit", "object"):
        words, codes = batch.words(name)
        said[name] = str(words[codes[row]] or "")
    source, target = number_of(said["client"]), number_of(said["server"])
    kind, _, address = said["object"].partition(":")
    if source is None or target is None or kind not in TABLES or not address.isdecimal():
        return
    facts: Facts = {"modbus.access": ("write",), "modbus.table": (TABLES[kind],)}
    facts |= {"modbus.unit": (int(said["unit"]),)} if said["unit"].isdecimal() else {}
    for place, value in enumerate(batch.column("number")[row].as_py() or ()):
        yield Unit(
            level="transaction",
            time=int(batch.times_ns()[row]),
            flow=int(batch.integers("flow")[row]),
            application="modbus",
            source=source,
            target=target,
            to_server=True,
            established=True,
            facts={**facts, "modbus.address": (int(address) + 1 + place,), _VALUE: (int(value),)},
        )
