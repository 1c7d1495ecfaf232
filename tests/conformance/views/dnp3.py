"""DNP3 as Zeek's dnp3.log and ICSNPP's logs of objects and controls have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.views.port import Row, Tables, View, ends, index_of, transcribed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_RESPONSES: Final = {129: "RESPONSE", 130: "UNSOLICITED_RESPONSE"}


def _dnp3(tables: Tables, name: str) -> list[Row]:
    return [row for row in tables(name) if row.get("protocol", "dnp3") == "dnp3"]


def _responses(tables: Tables) -> Iterator[Row]:
    """One row per response, with the request it answers; an outstation's indications hold until it says others."""
    heads = [row for row in _dnp3(tables, "operations") if row["item"] == 0]
    said = [row for row in heads if row["response_frame"] or row["outcome"] == "unsolicited"]
    changes = {row["operation"]: row["iin"] for row in tables("dnp3_indications")}
    holding: dict[tuple[int, str | None], int] = {}
    for row in sorted(said, key=lambda row: row["response_frame"] or row["frame"]):
        unsolicited = row["outcome"] == "unsolicited"
        whose = row["flow"], row["unit"]
        iin = holding[whose] = changes.get(row["operation"], holding.get(whose, 0))
        yield {
            **ends(row, asked=False),
            "frame": row["response_frame"] or row["frame"],
            "request": None if unsolicited or row["frame"] is None else row["function_name"],
            "response": _RESPONSES[130 if unsolicited else 129],
            # The log has IIN1, which comes first, in the upper octet.
            "iin": (iin & 0xFF) << 8 | iin >> 8,
        }


def _controls(tables: Tables) -> Iterator[Row]:
    names = {row["function"]: row["function_name"] for row in _dnp3(tables, "operations")}
    for row in tables("dnp3_controls"):
        asked = row["function"] < 128
        yield {
            **row,
            **ends(row, asked),
            "function_name": names[row["function"]] if asked else _RESPONSES[row["function"]],
            "index": index_of(row["object"]),
        }


def _objects(tables: Tables) -> Iterator[Row]:
    """One row per object header: of requests the items, of responses the values of one type in one frame."""
    found = [*_asked_objects(tables), *_answered_objects(tables)]
    yield from sorted(found, key=lambda row: row["frame"])


def _asked_objects(tables: Tables) -> Iterator[Row]:
    for row in _dnp3(tables, "operations"):
        if row["frame"] is not None and row["outcome"] != "unsolicited" and row["object"]:
            index = None if row["count"] is None else index_of(row["object"])
            yield {
                **ends(row, asked=True),
                "frame": row["frame"],
                "function_name": row["function_name"],
                "object": row["object"],
                "count": row["count"],
                "low": index,
                "high": None if index is None else index + row["count"] - 1,
            }


def _answered_objects(tables: Tables) -> Iterator[Row]:
    heads = {row["operation"]: row for row in _dnp3(tables, "operations") if row["item"] == 0}
    runs: dict[tuple[int, str], list[Row]] = {}
    for row in _dnp3(tables, "values"):
        if row["direction"] == "read":
            runs.setdefault((row["frame"], row["type"]), []).append(row)
    for (frame, kind), blocks in runs.items():
        head = heads[blocks[0]["operation"]]
        low = index_of(blocks[0]["object"])
        count = sum(len(block["number"] or ()) for block in blocks)
        yield {
            **ends(head, asked=False),
            "frame": frame,
            "function_name": _RESPONSES[129],
            "object": kind,
            "count": count,
            "low": low,
            "high": None if low is None else low + count - 1,
        }


def _transcript(tables: Tables) -> Iterator[Row]:
    """One row per message in order of frame."""
    found = []
    for row in _dnp3(tables, "operations"):
        if row["item"] != 0:
            continue
        unsolicited = row["outcome"] == "unsolicited"
        if row["frame"] is not None and not unsolicited:
            found.append(transcribed(row, asked=True) | {"function": row["function"]})
        if row["response_frame"] is not None or unsolicited:
            found.append(transcribed(row, asked=False) | {"function": 130 if unsolicited else 129})
    yield from sorted(found, key=lambda row: row["frame"])


VIEWS: Final[dict[str, View]] = {
    "responses": _responses,
    "controls": _controls,
    "objects": _objects,
    "transcript": _transcript,
}
