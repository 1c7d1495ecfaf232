"""Payload rows made by hand, and an engine that looks for nothing beforehand."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.engine.laying import PACKET, STREAM
from interlock.detect.signatures.engine.screen import Screen
from interlock.records.tables import PAYLOADS

if TYPE_CHECKING:
    from interlock.detect.signatures.plain.unit import Unit

TRANSPORTS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


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


def headers_of(unit: Unit) -> bytes:
    """The headers of a packet with these fields, as RFC 791, 8200, 9293 and 792 draw them."""
    fields = {
        "ttl": 64,
        "tos": 0,
        "id": 0,
        "fragbits": 0,
        "seq": 1,
        "ack": 1,
        "flags": 0x18,
        "window": 512,
    } | unit.fields
    ports = (unit.source_port or 0, unit.target_port or 0)
    if unit.transport == 6:
        transport = struct.pack("!HHIIBBHHH", *ports, fields["seq"], fields["ack"], 0x50, fields["flags"],
                                fields["window"], 0, 0)  # fmt: skip
    elif unit.transport == 17:
        transport = struct.pack("!HHHH", *ports, 8, 0)
    elif unit.transport in {1, 58}:
        echo = (8, 0) if unit.transport == 1 else (128, 0)
        kind = fields.get("itype", echo[0]), fields.get("icode", echo[1])
        transport = struct.pack("!BBHHH", *kind, 0, fields.get("icmp_id", 0), fields.get("icmp_seq", 0))
    else:
        transport = b""
    if unit.source >> 32:
        ends = (unit.source - (1 << 32)).to_bytes(16, "big") + (unit.target - (1 << 32)).to_bytes(16, "big")
        return (
            struct.pack("!IHBB", 0x60000000, len(transport), unit.transport, fields["ttl"]) + ends + transport
        )
    begin = struct.pack("!BBHHHBBH", 0x45, fields["tos"], 20 + len(transport), fields["id"], fields["fragbits"] << 13,
                        fields["ttl"], unit.transport, 0)  # fmt: skip
    return begin + unit.source.to_bytes(4, "big") + unit.target.to_bytes(4, "big") + transport


def rows_of(unit: Unit, flow: int) -> list[dict[str, Any]]:
    """A unit as the decoder would hand it over."""
    ends = [(_address(unit.source), unit.source_port), (_address(unit.target), unit.target_port)]
    client, server = ends if unit.to_server else reversed(ends)
    common = {
        "source": "a.pcap", "realm": "default", "time": unit.time + flow, "frame": flow + 1, "flow": flow,
        "client": client[0], "server": server[0], "client_port": client[1], "server_port": server[1],
        "transport": TRANSPORTS.get(unit.transport, f"ip/{unit.transport}"),
        "protocol": unit.application or None, "offset": unit.stream_offset,
        "direction": "to_server" if unit.to_server else "to_client",
        "transaction": 1 if unit.level == "transaction" else None,
    }  # fmt: skip
    if unit.level == "packet":
        common["headers"] = headers_of(unit)
    return [
        # The payload of a transaction is the message that its decoder put together.
        {
            **common,
            "buffer": "http.start" if (unit.level, name) == ("transaction", "stream") else name,
            "octets": octets,
        }
        for name, instances in (unit.buffers or {unit.level: (b"",)}).items()
        for octets in instances
    ]


class _Everything:
    """Every rule for every row."""

    def __init__(self, numbers):
        self._numbers = tuple(numbers)

    def candidates(self, made):
        return ((k, number) for k in range(len(made)) for number in self._numbers)


class _Unsieved(Screen):
    """Leaves everything."""

    def rules(self, level, side):
        return tuple(n for n, one in enumerate(self.traits) if level in one.levels)

    def _candidates(self, laid):
        for level, name in ((PACKET, "packet"), (STREAM, "stream")):
            for k in np.flatnonzero(laid.there[level]).tolist():
                yield from ((k, n, level) for n in self.rules(name, None))


class PlainEngine(Engine):
    """Holds every rule against every row, the plain way."""

    def __init__(self, matchers, **more):
        super().__init__(matchers, **more)
        self._tables = _Everything(n for n, one in enumerate(self.matchers) if "transaction" in one.levels)
        self.screen = _Unsieved([one for one in self.traits if one.raw], self.midstream)
