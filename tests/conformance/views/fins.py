"""FINS as ICSNPP's logs of frames and of errors have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conformance.untold import UNTOLD
from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS", "frames"]

_NODE: Final = ("network", "node", "unit_address")


def frames(tables: Tables) -> Iterator[Row]:
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


_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")


def _errors(tables: Tables) -> Iterator[Row]:
    """One row per request about errors and per record of an answer."""
    said: dict[int, list[Row]] = {}
    for block in tables("values"):
        said.setdefault(block["operation"], []).append(block)
    for row in frames(tables):
        if row["function"] not in (0x2101, 0x2102):
            continue
        blocks = said.get(row["operation"], []) if row["kind"] == "answer" else []
        sizes = [block["number"] for block in blocks if block["object"] == "error-log:size"]
        records = [block for block in blocks if block["object"] == "error-log:record"]
        most, stored = sizes[0] if sizes else (None, None)
        cleared = int(row["object"].removeprefix("error:"), 16) if row["object"] else None
        about = {"cleared": cleared, "most": most, "stored": stored, "told": len(records) or None}
        for record in records or [None]:
            yield row | about | _record(record)


def _record(block: Row | None) -> Row:
    if block is None:
        return dict.fromkeys(("code", "detail", *_PARTS))
    code, detail = block["number"]
    when = map(int, re.split(r"[-: ]", block["text"]))
    return {"code": code, "detail": detail, **dict(zip(_PARTS, when, strict=True))}


VIEWS: Final[dict[str, View]] = {"frames": frames, "errors": _errors}
