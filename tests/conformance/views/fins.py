"""FINS as ICSNPP's log of frames has it: header, command and end code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.untold import UNTOLD
from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_NODE: Final = ("network", "node", "unit_address")


def _frames(tables: Tables) -> Iterator[Row]:
    """One row per frame; a table has the FINS address of the device, that of who asks is in none."""
    flows = {row["flow"]: row for row in tables("flows")}
    for row in messages(tables, "fins"):
        flow, asked = flows[row["flow"]], row["kind"] == "request"
        parts = map(int, (row["unit"] or "").split("."))
        device = dict(zip(_NODE, parts, strict=False))
        yield row | {
            **{name: flow[name] for name in ("client", "client_port", "server", "server_port", "transport")},
            **{f"to_{name}": device.get(name) if asked else UNTOLD for name in _NODE},
            **{f"from_{name}": UNTOLD if asked else device.get(name) for name in _NODE},
            "service": int(row["transaction"]),
            "end_code": None if asked else row["code"] or 0,
        }


VIEWS: Final[dict[str, View]] = {"frames": _frames}
