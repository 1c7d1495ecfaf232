"""Payload rows made by hand, and an engine that looks for nothing beforehand."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.detect.signatures.engine.engine import Engine
from interlock.records.tables import PAYLOADS

if TYPE_CHECKING:
    from interlock.detect.signatures.plain.unit import Unit

TRANSPORTS = {6: "tcp", 17: "udp"}


def batch(rows: list[dict[str, Any]]) -> Batch:
    """Rows of payloads; what a row does not say is null."""
    names = {column.name for column in PAYLOADS.columns}
    assert all(set(row) <= names for row in rows)
    kinds = {
        column.name: pa.string() if pa.types.is_dictionary(column.type) else column.type
        for column in PAYLOADS.columns
    }
    arrays = [pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()]
    return Batch("payloads", pa.record_batch(arrays, list(kinds)))


def _address(number: int) -> str:
    return str(
        ipaddress.ip_address(number) if number < 1 << 32 else ipaddress.IPv6Address(number - (1 << 32))
    )


def rows_of(unit: Unit, flow: int) -> list[dict[str, Any]]:
    """A unit as the decoder would hand it over."""
    ends = [(_address(unit.source), unit.source_port), (_address(unit.target), unit.target_port)]
    client, server = ends if unit.to_server else reversed(ends)
    common = {
        "source": "a.pcap", "realm": "default", "time": unit.time + flow, "frame": flow + 1, "flow": flow,
        "client": client[0], "server": server[0], "client_port": client[1], "server_port": server[1],
        "transport": TRANSPORTS[unit.transport], "protocol": unit.application or None, "offset": unit.stream_offset,
        "direction": "to_server" if unit.to_server else "to_client",
        "transaction": 1 if unit.level == "transaction" else None,
    }  # fmt: skip
    return [
        # The payload of a transaction is the message that its decoder put together.
        {
            **common,
            "buffer": "http.start" if (unit.level, name) == ("transaction", "stream") else name,
            "octets": octets,
        }
        for name, instances in unit.buffers.items()
        for octets in instances
    ]


class _Everything:
    """Every rule for every row."""

    sized = True

    def __init__(self, numbers):
        self._numbers = tuple(numbers)

    def candidates(self, made):
        there = (
            [k for k, row in enumerate(made.rows) if row >= 0] if hasattr(made, "rows") else range(len(made))
        )
        return ((k, number) for k in there for number in self._numbers)


class PlainEngine(Engine):
    """Holds every rule against every row, the plain way."""

    def __init__(self, matchers):
        super().__init__(matchers)
        self._tables = _Everything(n for n, one in enumerate(self.matchers) if "transaction" in one.levels)

    def _rules(self, level, ends):
        return tuple(n for n, one in enumerate(self.matchers) if level in one.levels)

    def _group(self, rules):
        return _Everything(rules)
