"""Record batches for detectors' tests: rows as dicts, what a row leaves out filled with plain values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from interlock.detect.interface import Context
from interlock.detect.runner import Conclusion, Runner
from interlock.records.asset import Asset
from interlock.records.schema import text
from interlock.records.tables import TABLES

if TYPE_CHECKING:
    from interlock.records.finding import Finding

SECOND = 10**9
MINUTE = 60 * SECOND
START = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp()) * SECOND

_NS = pa.timestamp("ns", "UTC")
_COMMON = [
    ("source", text()),
    ("realm", text()),
    ("time", _NS),
    ("frame", pa.uint64()),
    ("flow", pa.uint64()),
]
_ENDS = [("client", text()), ("server", text()), ("client_port", pa.uint16()), ("server_port", pa.uint16())]
TLS = pa.schema([
    *_COMMON, *_ENDS,
    *[(n, text()) for n in ("version", "client_version", "suite", "server_name", "ja3", "ja4")],
    *[(n, text()) for n in ("certificate_subject", "certificate_issuer", "key_type", "signature_algorithm")],
    ("not_before", _NS), ("not_after", _NS), ("key_bits", pa.uint32()), ("self_signed", pa.bool_()),
])  # fmt: skip
OPCUA = pa.schema([*_COMMON, *_ENDS, *[(n, text()) for n in ("policy", "mode", "token", "user")]])
GOOSE = pa.schema([
    *_COMMON, *_ENDS, ("gocb_ref", text()), ("st_num", pa.uint64()), ("sq_num", pa.uint64()),
    ("all_data", text()), ("length", pa.uint16()), ("num_dat_set_entries", pa.uint64()), ("entries", pa.uint32()),
    ("time_allowed_to_live", pa.uint64()),
])  # fmt: skip
SCHEMAS = {
    **{name: table.schema for name, table in TABLES.items()},
    "tls": TLS,
    "opcua_sessions": OPCUA,
    "goose": GOOSE,
}

PLAIN: dict[str, dict[str, Any]] = {
    "goose": {"client": "00:1b:1b:00:00:02", "server": "01:0c:cd:01:00:01", "gocb_ref": "IED/LLN0$GO$trip"},
    "operations": {
        "operation": 1, "flow": 1, "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "modbus",
        "verb": "read", "item": 0, "items": 1, "outcome": "ok",
    },
    "operations_folded": {
        "operation": 1, "flow": 1, "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "modbus",
        "verb": "read", "item": 0, "items": 1, "outcome": "ok", "repeats": 1, "last": START,
    },
    "flows": {
        "flow": 1, "client": "10.0.0.9", "server": "10.0.0.2", "client_port": 40000, "server_port": 502,
        "transport": "tcp", "client_packets": 20, "server_packets": 20, "client_octets": 2000,
        "server_octets": 2000, "state": "closed", "retransmissions": 0, "gaps": 0, "duplicates": 0,
    "bad_checksums": 0, "offloaded_checksums": 0,
        "protocol": "modbus", "basis": "parsed", "confidence": 1.0,
    },
    "clues": {
        "who": "10.0.0.2", "field": "mac", "value": "00:1b:1b:00:00:02", "protocol": "arp", "confidence": 0.9,
    },
    "oddities": {
        "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "modbus", "oddity": "byte-count-mismatch",
        "offset": 0, "octets": b"",
    },
    "artifacts": {
        "begun": START, "first_frame": 1, "flow": 1, "client": "10.0.0.9", "server": "10.0.0.2",
        "protocol": "s7comm", "direction": "written", "kind": "s7-block", "name": "OB1", "size": 200, "state": "whole",
    },
    "credentials": {
        "flow": 1, "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "http", "scheme": "basic",
        "outcome": "ok",
    },
    "payloads": {
        "flow": 1, "client": "10.0.0.9", "server": "10.0.0.2", "transport": "tcp", "direction": "to_server",
        "offset": 0, "buffer": "stream", "octets": b"",
    },
    "values": {
        "flow": 1, "operation": 1, "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "modbus", "unit": "1",
        "object": "holding:0", "direction": "read", "number": [0.0], "type": "uint16",
    },
    "tls": {"client": "10.0.0.9", "server": "10.0.0.2", "server_port": 443, "version": "TLSv1.2",
            "suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    "opcua_sessions": {"client": "10.0.0.9", "server": "10.0.0.2", "server_port": 4840,
                       "policy": "Basic256Sha256", "mode": "SignAndEncrypt", "token": "certificate"},
}  # fmt: skip


def batch(table: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows of one table; `at` gives a row's time in seconds from START, `frame` counts from 1."""
    filled = [_filled(table, number, row) for number, row in enumerate(rows, 1)]
    schema = SCHEMAS[table]
    columns = [_column([row.get(f.name) for row in filled], f.type) for f in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _filled(table: str, number: int, row: dict[str, Any]) -> dict[str, Any]:
    time = START + int(row.get("at", number) * SECOND)
    frames = {"frame": number, "time": time, "first_frame": number, "last_frame": number}
    base = {"source": "a.pcap", "realm": "default", **frames, "first": time, "last": time + SECOND}
    return {**base, **PLAIN[table], **row}


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(values, kind)


def concluded(
    detector: Any, tables: dict[str, list[dict[str, Any]]], context: Context | None = None
) -> Conclusion:
    """What one detector finds in whole tables."""
    runner, context = Runner([detector]), context or Context(now=START)
    for table, rows in tables.items():
        runner.feed(table, batch(table, rows), context)
    return runner.conclude(context)


def findings(
    detector: Any, context: Context | None = None, /, **tables: list[dict[str, Any]]
) -> tuple[Finding, ...]:
    """The findings of one detector; fails where it had to be rested."""
    conclusion = concluded(detector, tables, context)
    assert not [d for d in conclusion.diagnostics if "rested" in d], conclusion.diagnostics
    return conclusion.findings


def with_roles(**roles: str) -> Context:
    """A context whose inventory knows roles by address (written with _ for the dots)."""
    known = {
        address.replace("_", ".").lstrip("."): Asset(id=f"id-{address}", realm="default", role=role)
        for address, role in roles.items()
    }
    return Context(now=START, asset=lambda _realm, address: known.get(address))


def knowing(*assets: Asset) -> Context:
    """A context whose inventory knows these machines, by their addresses."""
    known = {(asset.realm, address): asset for asset in assets for address in asset.ips}
    return Context(now=START, asset=lambda realm, address: known.get((realm, address)))
