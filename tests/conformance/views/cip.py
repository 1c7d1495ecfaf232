"""EtherNet/IP and CIP as ICSNPP's logs of encapsulation, of services and of identities have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conformance.views.port import Row, Tables, View, ends, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_PATH: Final = re.compile(r"class:(0x[0-9a-f]+)/(\d+)(?:/.*)?")


def _services(tables: Tables) -> Iterator[Row]:
    """One row per service; those of a Multiple Service Packet are rows of their own, as in the log."""
    for row in messages(tables, "cip"):
        asked = row["kind"] == "request"
        path = _PATH.fullmatch(row["object"] or "") if asked else None
        refused = row["outcome"] == "refused"
        yield row | {
            "direction": "request" if asked else "response",
            "status": None if asked else (row["code"] or 0) & 0xFF if refused else 0,
            "class": int(path[1], 16) if path else None,
            "instance": int(path[2]) if path else None,
        }


def _identities(tables: Tables) -> Iterator[Row]:
    for row in tables("cip_identities"):
        yield {
            **row,
            "asked": False,
            "source": row["server"],
            "source_port": row["server_port"],
            "destination": row["client"],
            "destination_port": row["client_port"],
        }


def _commands(tables: Tables) -> Iterator[Row]:
    for row in messages(tables, "enip"):
        yield row | {"status": "Success" if row["outcome"] in ("ok", "unknown", "no-answer") else row["code"]}


def _implicit(tables: Tables) -> Iterator[Row]:
    for row in tables("cip_implicit"):
        yield row | ends(row, row["from_client"]) | {"octets": len(row["data"]), "data": row["data"].hex()}


VIEWS: Final[dict[str, View]] = {
    "implicit": _implicit,
    "services": _services,
    "identities": _identities,
    "commands": _commands,
}
