"""BACnet as ICSNPP's logs of messages, discovery and properties have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_DISCOVERY: Final = {256: "i-am", 257: "i-have", 263: "who-has", 264: "who-is"}
_NAMES: Final = {
    (12, "request"): "read-property-request",
    (12, "answer"): "read-property-ack",
    (14, "request"): "read-property-multiple-request",
    (14, "answer"): "read-property-multiple-ack",
    (15, "request"): "write-property",
    (26, "request"): "read-range-request",
}
_OBJECT: Final = re.compile(r"([a-z-]+):(\d+)(?:\.([a-z0-9-]+))?(?:\[(\d+)\])?")


def _sent(tables: Tables) -> Iterator[Row]:
    """Messages; what a device says of itself comes from the server of its operation."""
    for row in _opened(tables):
        code = row["code"]
        result = None if row["kind"] != "answer" or code is None else code & 0xFFFF
        kind = _kind(row)
        # The log does not say which service was rejected or aborted.
        service = {"REJECT_PDU": "reject", "ABORT_PDU": "abort"}.get(kind, row["function_name"])
        yield row | {"kind_of": kind, "result": result, "function_name": service}


def _opened(tables: Tables) -> Iterator[Row]:
    """Messages with the ends as their flow has them: the log's `orig` is who opened it, whoever asks."""
    flows = {row["flow"]: row for row in tables("flows")}
    for row in messages(tables, "bacnet"):
        flow = flows[row["flow"]]
        names = ("client", "client_port", "server", "server_port")
        opener = (flow["client"], flow["client_port"])
        asked = opener == (row["source"], row["source_port"])
        yield row | {name: flow[name] for name in names} | {"asked": asked}


def _kind(row: Row) -> str:
    if row["kind"] != "answer":
        return "UNCONFIRMED_REQUEST" if row["function"] >= 256 else "CONFIRMED_REQUEST"
    if row["outcome"] == "ok":
        return "COMPLEX_ACK" if row["function"] in (3, 4, 6, 7, 10, 12, 14, 18, 26, 29) else "SIMPLE_ACK"
    # The upper half octet of our code says which of the three refusals it was.
    return {0x1: "REJECT_PDU", 0x2: "ABORT_PDU"}.get((row["code"] or 0) >> 28, "ERROR_PDU")


def _discovery(tables: Tables) -> Iterator[Row]:
    """Who is there and who has what; what a device says of itself stands in clues of the same frame."""
    said: dict[int, dict[str, str]] = {}
    for clue in tables("clues"):
        said.setdefault(clue["frame"], {})[clue["field"]] = clue["value"]
    for row in _opened(tables):
        if row["function"] not in _DISCOVERY:
            continue
        name = row["object"] or ""
        about = said.get(row["frame"], {})
        yield row | {
            "service": _DISCOVERY[row["function"]],
            **_named(name),
            "device": about.get("device-id", "").rpartition(":")[2] or None,
            "name": name.removeprefix("name:") if name.startswith("name:") else about.get("name"),
            "range": "All" if row["kind"] == "request" else None,
        }


def _properties(tables: Tables) -> Iterator[Row]:
    """One row per property of a request and of an answer, which has the values."""
    items: dict[int, list[Row]] = {}
    for row in tables("operations"):
        if row["protocol"] == "bacnet":
            items.setdefault(row["operation"], []).append(row)
    values = {(row["operation"], row["object"], row["direction"]): row for row in tables("values")}
    for row in messages(tables, "bacnet"):
        service = _NAMES.get((row["function"], row["kind"]))
        if service is None or (row["kind"] == "answer" and row["outcome"] != "ok"):
            continue
        for item in items[row["operation"]]:
            direction = "written" if row["function"] == 15 else "read"
            value = values.get((item["operation"], item["object"], direction))
            said = value if row["kind"] == "answer" or row["function"] == 15 else None
            yield row | {"service": service, **_named(item["object"]), "value": _value(item["object"], said)}


def _named(name: str | None) -> Row:
    parts = _OBJECT.fullmatch(name or "")
    if parts is None:
        return {"object_type": None, "instance": None, "property": None, "index": None}
    return {
        "object_type": parts[1],
        "instance": int(parts[2]),
        "property": parts[3] or "present-value",
        "index": None if parts[4] is None else int(parts[4]),
    }


def _value(name: str, row: Row | None) -> Any:
    if row is None:
        return None
    if row["number"] is None:
        return row["text"]
    if row["type"] == "boolean":
        return "true" if row["number"][0] else "false"
    return row["number"][0]


VIEWS: Final[dict[str, View]] = {"messages": _sent, "discovery": _discovery, "properties": _properties}
