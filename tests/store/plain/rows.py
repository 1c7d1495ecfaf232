"""Rows and findings for stores, and a clock that is told the time."""

from __future__ import annotations

import pyarrow as pa

from interlock.records.finding import Action, Evidence, Finding
from interlock.records.tables import TABLES

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND


class Clock:
    """Stands still until it is told."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now

    def on(self, seconds):
        self.now += int(seconds * SECOND)
        return self.now


_DEFAULTS = {
    "source": "sensor", "realm": "default", "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "modbus",
    "verb": "read", "outcome": "ok", "direction": "read", "item": 0, "items": 1, "flow": 7, "frame": 1,
    "operation": 1, "object": "holding:0", "function": 3, "who": "10.0.0.2", "field": "vendor", "value": "ACME",
    "confidence": 1.0, "oddity": "odd", "offset": 0, "octets": b"",
}  # fmt: skip


def batch(table, rows):
    """rows: dicts of what differs from the defaults; `at`: seconds after START."""
    schema = TABLES[table].schema
    nothing = {
        field.name: 0 if pa.types.is_integer(field.type) or pa.types.is_floating(field.type) else "x"
        for field in schema
        if not field.nullable
    }
    whole = [
        {
            **nothing,
            **{name: _DEFAULTS[name] for name in schema.names if name in _DEFAULTS},
            **{name: START + int(row.get("at", 0) * SECOND) for name in ("time",) if name in schema.names},
            **{k: v for k, v in row.items() if k != "at"},
        }
        for row in rows
    ]
    return pa.RecordBatch.from_pylist(whole, schema=schema)


def finding(name, **changes):
    return Finding(
        **{
            "id": name, "detector": "sweep", "version": 1, "kind": "alert", "severity": "high", "confidence": 0.5,
            "title": f"Title of {name}", "explanation": "Seen \u202e and ü.", "time": START, "last": START + 1,
            "count": 1, "machines": ("10.0.0.2",), "evidence": (Evidence(source="a", frames=(1, 2), total=2),),
            "actions": (Action(text="look", risk="none"),), "data": (("a", "b"),),
            **changes,
        }
    )  # fmt: skip
