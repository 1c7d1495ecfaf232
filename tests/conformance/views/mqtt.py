"""MQTT as Zeek's logs of connections, publications and subscriptions have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]


def _connections(tables: Tables) -> Iterator[Row]:
    accepted = {row["operation"]: row["reason"] for row in tables("mqtt") if row["packet"] == "CONNACK"}
    for row in tables("mqtt"):
        if row["packet"] == "CONNECT":
            yield row | {"status": accepted.get(row["operation"])}


def _publications(tables: Tables) -> Iterator[Row]:
    texts = {row["operation"]: row["text"] for row in tables("values") if row["protocol"] == "mqtt"}
    for row in tables("mqtt"):
        if row["packet"] == "PUBLISH":
            yield row | {"payload": texts.get(row["operation"])}


def _subscriptions(tables: Tables) -> Iterator[Row]:
    granted = {row["operation"]: row["reason"] for row in tables("mqtt") if row["packet"] == "SUBACK"}
    for row in messages(tables, "mqtt"):
        if row["function"] in (8, 10) and row["kind"] == "request":
            yield row | {
                "action": f"MQTT::{row['function_name']}",
                "granted": granted.get(row["operation"]),
                "acknowledged": row["response_frame"] is not None,
            }


VIEWS: Final[dict[str, View]] = {
    "connections": _connections,
    "publications": _publications,
    "subscriptions": _subscriptions,
}
