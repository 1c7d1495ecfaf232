"""Rules that ask for what our decoders read of control protocols: each kind of request is asked once.

    word of a rule      from operations
    PROTOCOL.function   function, as docs/protocols.md numbers it (cip.service, bacnet.service, enip.command likewise)
    PROTOCOL.verb       verb
    modbus.unit         unit
    modbus.access       read or write, by the verb
    modbus.table        kind of object: coils, discretes, input, holding
    modbus.address      addresses that the request reaches, from 1 as Suricata counts them

Source: Suricata user guide, "Modbus Keyword", "DNP3 Keywords", "ENIP/CIP Keywords".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.signatures.engine.ends import number_of
from interlock.detect.signatures.language.checks import Fact
from interlock.detect.signatures.plain.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.traits import Deferred, Traits
    from interlock.detect.signatures.plain.matching import Matcher

__all__ = ["FACTS", "NEEDS", "Requests"]

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
    *("protocol", "verb", "outcome", "function", "item", "unit", "object", "count"),
)
"""Columns of operations."""
_FUNCTIONS: Final = {
    "modbus": "modbus.function",
    "dnp3": "dnp3.function",
    "enip": "enip.command",
    "cip": "cip.service",
    "s7comm": "s7comm.function",
    "bacnet": "bacnet.service",
}
_HEADS: Final = {"cip": "enip"}
_TABLES: Final = {"coil": "coils", "discrete": "discretes", "input": "input", "holding": "holding"}
FACTS: Final = frozenset(
    {
        *_FUNCTIONS.values(),
        *(f"{protocol}.verb" for protocol in _FUNCTIONS),
        *("modbus.unit", "modbus.access", "modbus.table", "modbus.address"),
    }
)
_MOST_ADDRESSES: Final = 65_536


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

    def units(self, batch: Batch) -> Iterator[tuple[int, int, Unit]]:
        """(row, rule's number, the request) of every request that may be what a rule asks for."""
        spoken = batch.among("protocol", self._asking) & ~batch.among("outcome", ("pending", "unsolicited"))
        chosen = np.flatnonzero(spoken & batch.known("frame"))
        if not len(chosen):
            return
        rows = batch.take(spoken & batch.known("frame"))
        groups = rows.groups(
            "protocol", "verb", "client", "server", bins=rows.integers("function"), named="function"
        )
        for group, (protocol, verb, client, server, function) in groups:
            ends = number_of(client or ""), number_of(server or "")
            facts: dict[str, tuple[int | str, ...]] = {
                _FUNCTIONS[protocol]: (int(function),),
                f"{protocol}.verb": (str(verb),),
            }
            numbers = [n for n in self._asking[protocol] if self._touches(n, ends) and self._may(n, facts)]
            if numbers:
                yield from self._of(rows, groups.rows(group), chosen, protocol, ends, numbers, facts)

    def _touches(self, number: int, ends: tuple[int | None, int | None]) -> bool:
        """Whether a rule can touch a conversation by its addresses."""
        source, target = ends
        if source is None or target is None:
            return False
        one = self._traits[number]
        there = source in one.ends.sources and target in one.ends.targets
        back = one.both and target in one.ends.sources and source in one.ends.targets
        return there or back

    def _may(self, number: int, facts: dict[str, tuple[int | str, ...]]) -> bool:
        """Whether what is known of a kind of request already says no."""
        for check in self._matchers[number].signature.checks:
            if not isinstance(check, Fact) or check.negated:
                continue
            for name, asked in check.asked:
                for value in facts.get(name, ()):
                    if not (value in asked if isinstance(asked, tuple) else asked.holds(int(value))):
                        return False
        return True

    def _of(
        self,
        rows: Batch,
        where: NDArray[np.int64],
        chosen: NDArray[np.int64],
        protocol: str,
        ends: tuple[int | None, int | None],
        numbers: list[int],
        facts: dict[str, tuple[int | str, ...]],
    ) -> Iterator[tuple[int, int, Unit]]:
        words = {name: rows.words(name) for name in ("unit", "object")}
        times, flows = rows.times_ns(), rows.integers("flow")
        ports = rows.integers("client_port"), rows.integers("server_port")
        known, counts = rows.known("client_port"), rows.integers("count")
        more: dict[str, tuple[int | str, ...]] = {}
        for row in where.tolist():
            if protocol == "modbus":
                said = {name: str(values[codes[row]] or "") for name, (values, codes) in words.items()}
                more = _modbus(said, str(facts["modbus.verb"][0]), int(counts[row]))
            unit = Unit(
                level="transaction",
                time=int(times[row]),
                flow=int(flows[row]),
                transport=min(self._traits[numbers[0]].protocol.transports, default=6),
                application=_HEADS.get(protocol, protocol),
                source=ends[0] or 0,
                source_port=int(ports[0][row]) if known[row] else None,
                target=ends[1] or 0,
                target_port=int(ports[1][row]) if known[row] else None,
                to_server=True,
                established=True,
                facts={**facts, **more},
            )
            yield from ((int(chosen[row]), number, unit) for number in numbers)


def _modbus(said: dict[str, str], verb: str, count: int) -> dict[str, tuple[int | str, ...]]:
    """What a request of Modbus reaches."""
    facts: dict[str, tuple[int | str, ...]] = {}
    if said["unit"].isdecimal():
        facts["modbus.unit"] = (int(said["unit"]),)
    kind, _, address = said["object"].partition(":")
    if kind in _TABLES and address.isdecimal() and verb in {"read", "write"}:
        first = int(address) + 1
        facts["modbus.access"], facts["modbus.table"] = (verb,), (_TABLES[kind],)
        facts["modbus.address"] = tuple(range(first, first + min(max(count, 1), _MOST_ADDRESSES)))
    return facts
