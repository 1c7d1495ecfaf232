"""ROC Plus as ICSNPP's logs of messages and of single opcodes have it.

The log reads numbers of several octets with the high one first, the manual (D301180X012, 1.2) has the low one first:
they are compared octet by octet. Its client is who opened the connection, whoever speaks.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.untold import UNTOLD
from conformance.views.parameters import Sparse, parameters, said
from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_TWO: Final = ("index", "year", "current-index", "first-period", "periods", "first-day", "days")
_FOUR: Final = ("descriptor", "size", "offset")
_TIMES: Final = ("minimum-time", "maximum-time", "yesterday-minimum-time", "yesterday-maximum-time")
_FLOATS: Final = ("current", "minimum", "maximum", "yesterday-minimum", "yesterday-maximum", "last-minute")


def _turned(value: Any, form: str) -> Any:
    """A number in the other order of its octets."""
    return value if value is None else struct.unpack(">" + form, struct.pack("<" + form, value))[0]


def _octets(value: Any) -> Any:
    """A floating point number's four octets as the log has them."""
    return value if value is None else struct.unpack(">I", struct.pack("<f", float(value)))[0]


def _rows(opcodes: frozenset[int], tables: Tables) -> Iterator[Sparse]:
    found = parameters(tables, "roc_plus_parameters")
    flows = {row["flow"]: row for row in tables("flows")}
    for message in messages(tables, "roc-plus"):
        told = found.get((message["operation"], message["kind"] != "request"), {})
        row = Sparse({name: said(value) for name, value in told.get(0, {}).items()})
        if opcodes and row["opcode"] not in opcodes:
            continue
        for element in sorted(told.keys() - {0}):
            for name, value in told[element].items():
                row.setdefault(f"{name}-list", []).append(said(value))
        if row["opcode"] == 139:
            known = "points-known" if row["command"] == 0 else "asked-points"
            row |= {known: row["points"], "known-list" if row["command"] == 0 else "": row["point-list"]}
        two_octets = _TWO if row["opcode"] != 139 else ("index",)
        if row["opcode"] == 203:
            later = row["command"] == 64 or (row["command"] == 6 and row["octets"] == 103)
            two_octets = ("index", "files") if later else ()
            # Deleting has the number of reading a directory in this capture, and a file's name.
            row["asked"] = (
                64 if later else 5 if row["name"] is not None and row["command"] == 6 else row["command"]
            )
            if row["files"] is None:
                row["files"] = row["index"]
            row["index"] = None
        row |= {name: _turned(row[name], "H") for name in two_octets}
        row["single-values"] = row["values"] if row["opcode"] == 135 else None
        row["several-values"] = row["values"] if row["opcode"] == 136 else None
        row |= {name: _turned(row[name], "I") for name in _FOUR} | {
            name: _octets(row[name]) for name in _FLOATS
        }
        row |= {name: int(row[name], 16) for name in _TIMES if row[name] is not None}
        flow = flows[message["flow"]]
        ends = ("client", "client_port", "server", "server_port")
        yield Sparse(message) | row | {name: flow[name] for name in (*ends, "transport")}


def _logins(tables: Tables) -> Iterator[Row]:
    for row in _rows(frozenset({17}), tables):
        if row["operator"] is None:
            if row["octets"]:
                yield row
        else:
            short = row["octets"] in (6, 11)
            octets = str(row["operator"]).ljust(3 if short else 30).encode()
            action = row["action"]
            yield row | {
                "operator": octets.hex().upper(),
                "action": None if action is None else str(action).encode().hex().upper(),
            }


def _requests(tables: Tables) -> Iterator[Row]:
    """One log for several opcodes: each has columns of its own."""
    for row in _rows(frozenset({50, 108, 118, 119, 137, 138, 224, 225}), tables):
        logs = {118: "alarms", 119: "events"}.get(row["opcode"], "")
        records = [str(record)[2:].upper() for record in row["record-list"] or ()]
        own: Row = {f"{logs}-{name}": row[name] for name in ("records", "index", "current-index")}
        if row["opcode"] in (224, 225):
            own["alarms-current-index"] = row["index"]
        if row["octets"] and (row["opcode"] != 108 or row["kind"] == "request"):
            yield row | own | {f"{logs}-list": records or None}


def _periods(tables: Tables) -> Iterator[Row]:
    """A row per period of opcode 139's answers; of its points the log has the first."""
    for row in _rows(frozenset({139}), tables):
        values, times = row["value-list"] or [], row["time-list"] or []
        for period in range(row["periods"] if values else 0):
            first = values[period * row["points"] : period * row["points"] + 1]
            time = times[period] if period < len(times) else None
            yield row | {"period-time": _turned(time, "I"), "first": _octets(first[0]) if first else None}


_OCTETS: Final = {3: "<H", 7: "<f", 20: "<I"}
"""How values of a transaction are laid out, by type; a text has ten octets."""


def _transactions(tables: Tables) -> Iterator[Row]:
    for row in _rows(frozenset({206}), tables):
        octets: list[int] = []
        for kind, value in zip(row["type-list"] or (), row["value-list"] or (), strict=True):
            laid = (
                struct.pack(_OCTETS[kind], value) if kind in _OCTETS else str(value).encode().ljust(10, b"\0")
            )
            octets += laid
        description = None if row["description"] is None else str(row["description"]).encode().hex().upper()
        yield row | {
            "first": _turned(row["first"], "H"),
            "payload-size": _turned(row["payload-size"], "H"),
            "description": description,
            "number-list": [_turned(number, "H") for number in row["number-list"] or ()] or None,
            "created-list": [_turned(created, "I") for created in row["created-list"] or ()] or None,
            "data": octets or None,
        }


_LOGS: Final = {
    "all": frozenset[int](),
    "configurable": frozenset({10, 11}),
    "clock": frozenset({7, 8}),
    "forwarded": frozenset({24}),
    "points": frozenset({166, 167}),
    "system": frozenset({6}),
    "files": frozenset({203}),
    "extremes": frozenset({105}),
    "history": frozenset({139}),
    "values": frozenset({135, 136}),
    "user": frozenset({100}),
}


def _answering(opcodes: frozenset[int], tables: Tables) -> Iterator[Row]:
    """Messages that have anything behind their header."""
    for row in _rows(opcodes, tables):
        if row["octets"] or not opcodes:
            told = row["value-list"] if row["opcode"] in _LOGS["values"] else None
            values = [_octets(value) for value in told or ()]
            yield row | {"value-list": UNTOLD if row["opcode"] == 136 else values or None}


VIEWS: Final[dict[str, View]] = {
    **{name: partial(_answering, opcodes) for name, opcodes in _LOGS.items()},
    "logins": _logins,
    "requests": _requests,
    "periods": _periods,
    "transactions": _transactions,
}
