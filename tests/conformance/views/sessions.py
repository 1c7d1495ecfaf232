"""Flows as Zeek and ICSNPP sum them up: of SNMP by kind of request, of synchrophasors by size of frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.views.port import Row, Tables, View

__all__ = ["C37118", "SNMP"]

_GET: Final = frozenset({0, 1})
_SET, _GET_BULK = 3, 5


def _snmp(tables: Tables) -> Iterator[Row]:
    asked: dict[int, list[Row]] = {}
    for row in tables("operations"):
        if row["protocol"] == "snmp" and row["item"] == 0:
            asked.setdefault(row["flow"], []).append(row)
    for flow in tables("flows"):
        of = asked.get(flow["flow"], [])
        yield flow | {
            "gets": sum(row["function"] in _GET for row in of),
            "bulks": sum(row["function"] == _GET_BULK for row in of),
            "sets": sum(row["function"] == _SET for row in of),
            "answers": sum(
                row["response_frame"] is not None and row["function"] in _GET | {_SET, _GET_BULK}
                for row in of
            ),
            "lasted": (flow["last"] - flow["first"]) / 1e9,
        }


def _synchrophasor(tables: Tables) -> Iterator[Row]:
    frames: dict[int, list[Row]] = {}
    for row in tables("synchrophasor_frames"):
        frames.setdefault(row["flow"], []).append(row)
    flows = {row["flow"]: row for row in tables("flows")}
    for flow, of in frames.items():
        sizes = [row["frame_size"] for row in of]
        yield flows[flow] | {
            "version": of[0]["version"],
            "stream": of[0]["idcode"],
            "smallest": min(sizes),
            "largest": max(sizes),
            "octets": sum(sizes),
            "data": sum(row["frame_type"] == "Data" for row in of),
            "rate": next((row["data_rate"] for row in of if row["data_rate"] is not None), None),
        }


SNMP: Final[dict[str, View]] = {"sessions": _snmp}
C37118: Final[dict[str, View]] = {"sessions": _synchrophasor}
