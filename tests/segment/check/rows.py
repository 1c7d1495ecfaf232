"""Operations and conversations as tables, from few words."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from interlock.records.tables import FLOWS, OPERATIONS

SECOND = 10**9

OPERATION: dict[str, Any] = {
    "source": "a.pcap", "realm": "default", "client": "10.0.1.1", "server": "10.0.2.1", "protocol": "modbus",
    "verb": "read", "unit": None, "object": None, "count": None, "server_port": 502, "time": 0, "frame": 1,
    "response_frame": None, "outcome": "ok", "operation": 0, "flow": 0, "item": 0, "items": 1,
}  # fmt: skip
FLOW: dict[str, Any] = {
    "source": "a.pcap", "realm": "default", "client": "10.0.1.1", "server": "10.0.2.1", "transport": "tcp",
    "protocol": "modbus", "state": "established", "server_port": 502, "first": 0, "last": 0, "first_frame": 1,
    "flow": 0, "last_frame": 1, "client_packets": 1, "server_packets": 1, "client_octets": 1, "server_octets": 1,
    "retransmissions": 0, "gaps": 0, "duplicates": 0, "bad_checksums": 0, "offloaded_checksums": 0, "basis": "parsed",
    "confidence": 1.0,
}  # fmt: skip


def operations(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Rows of `operations`; what a row does not say is as in OPERATION."""
    return _batch(OPERATIONS.schema, [{**OPERATION, **row} for row in rows])


def flows(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Rows of `flows`."""
    return _batch(FLOWS.schema, [{**FLOW, **row} for row in rows])


def _batch(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    columns = [
        pa.array([row.get(field.name) for row in rows], _plain(field.type)).cast(field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
