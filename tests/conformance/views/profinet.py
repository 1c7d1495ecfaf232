"""Packets of connectionless RPC as ICSNPP's log of PROFINET's context manager has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from conformance.views.port import Row, Tables, View, ends

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]


def _packets(tables: Tables) -> Iterator[Row]:
    """The log has UUIDs in the order of their octets, whatever order the packet says that its numbers have."""
    flows = {row["flow"]: row for row in tables("flows")}
    opened: dict[int, Row] = {}
    for row in tables("profinet_rpc"):
        said = ends(row, row["sender"] == row["client"])
        # The client of the log is who sent first: an answer from a port of its own opens a flow there.
        first = opened.setdefault(row["flow"], said)
        uuids = {name: UUID(row[name]) for name in ("object", "interface", "activity")}
        raw = {
            name: str(UUID(bytes=uuid.bytes_le) if row["little_endian"] else uuid).upper()
            for name, uuid in uuids.items()
        }
        yield {
            **row,
            **said,
            "client": first["source"],
            "client_port": first["source_port"],
            "server": first["destination"],
            "server_port": first["destination_port"],
            **raw,
            **{f"flag{bit}": bool(row["flags"] >> bit & 1) for bit in range(8)},
            "cancels": bool(row["more_flags"] >> 1 & 1),
            "version": 4,
            "transport": flows[row["flow"]]["transport"],
            "major": row["interface_version"] & 0xFFFF,
            "minor": row["interface_version"] >> 16,
            "serial_high": row["serial"] >> 8,
            "serial_low": row["serial"] & 0xFF,
        }


VIEWS: Final[dict[str, View]] = {"packets": _packets}
