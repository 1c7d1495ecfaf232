"""Small builders of record batches: what is not said is what a plain capture would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from interlock.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.records.tables import CLUES, CREDENTIALS, FLOWS, OPERATIONS

if TYPE_CHECKING:
    from interlock.records.asset import Asset, Proof

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND

_CLUE = {
    "source": "a.pcap",
    "realm": "default",
    "time": NOW,
    "frame": 1,
    "protocol": "arp",
    "confidence": 0.9,
}
_FLOW = {
    "source": "a.pcap", "realm": "default", "flow": 1, "client_mac": None, "server_mac": None, "client_port": 40000,
    "server_port": 502, "transport": "tcp", "vlan": None, "first": NOW, "last": NOW + SECOND, "first_frame": 1,
    "last_frame": 9, "client_packets": 5, "server_packets": 5, "client_octets": 500, "server_octets": 500,
    "state": "established", "retransmissions": 0, "gaps": 0, "duplicates": 0,
    "bad_checksums": 0, "offloaded_checksums": 0,
    "protocol": "modbus", "basis": "parsed",
    "confidence": 1.0,
}  # fmt: skip
_OPERATION = {
    "source": "a.pcap", "realm": "default", "operation": 1, "time": NOW, "frame": 1, "response_frame": 2, "flow": 1,
    "client_port": 40000, "server_port": 502, "protocol": "modbus", "verb": "read", "function": 3,
    "function_name": "Read Holding Registers", "transaction": None, "item": 0, "items": 1, "user": None, "unit": None,
    "object": None, "count": 1, "outcome": "ok", "code": None, "latency": None,
}  # fmt: skip
_LOGIN = {
    "source": "a.pcap", "realm": "default", "time": NOW, "frame": 1, "flow": 1, "protocol": "http", "scheme": "basic",
    "user": "admin", "fingerprint": None, "known": None, "outcome": "ok",
}  # fmt: skip


def clue(who: str, field: str, value: str, **more: object) -> tuple[str, dict[str, object]]:
    return "clues", {**_CLUE, "who": who, "field": field, "value": value, **more}


def flow(client: str, server: str, **more: object) -> tuple[str, dict[str, object]]:
    return "flows", {**_FLOW, "client": client, "server": server, **more}


def operation(client: str, server: str, **more: object) -> tuple[str, dict[str, object]]:
    return "operations", {**_OPERATION, "client": client, "server": server, **more}


def login(client: str, server: str, **more: object) -> tuple[str, dict[str, object]]:
    return "credentials", {**_LOGIN, "client": client, "server": server, **more}


def batch(table: str, rows: list[dict[str, object]]) -> pa.RecordBatch:
    schema = {t.name: t for t in (CLUES, FLOWS, OPERATIONS, CREDENTIALS)}[table].schema
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def feed(inventory: Inventory, records: list[tuple[str, dict[str, object]]]) -> Inventory:
    """Feed records in their order, neighbours of one table as one batch."""
    start = 0
    for i in range(1, len(records) + 1):
        if i == len(records) or records[i][0] != records[start][0]:
            inventory.feed(records[start][0], batch(records[start][0], [r for _, r in records[start:i]]))
            start = i
    return inventory


def take_stock(records: list[tuple[str, dict[str, object]]], **more: object) -> Inventory:
    """Feed records to an inventory with this package's tables and rules."""
    return feed(Inventory(registries=load_registries(), rules=load_rules(), **more), records)  # type: ignore[arg-type]


def at(inventory: Inventory, address: str, realm: str = "default") -> Asset:
    """Return the asset at an address; fail where there is none."""
    found = inventory.directory(NOW).find(realm, address)
    assert found is not None, f"nobody is at {address}"
    return found


def proofs(asset: Asset, field: str) -> tuple[Proof, ...]:
    return dict(asset.provenance).get(field, ())
