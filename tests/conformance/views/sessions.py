"""Flows as Zeek and ICSNPP sum them up: of SNMP by kind of request, of synchrophasors by size of frame; configurations.

The log of configurations has zeros for what only CFG-3 says in rows of CFG-2, too: there it is not compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.untold import UNTOLD

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


_MODIFICATIONS: Final = {
    "interpolated": 1,
    "extrapolated": 2,
    "reselected": 3,
    "fir": 4,
    "no-fir": 5,
    "filtered": 6,
    "magnitude": 7,
    "phase": 8,
    "rotated": 9,
    "pseudo": 10,
    "modified": 15,
}
"""Bits of PHSCALE's flags (IEEE C37.118.2-2011, table 10)."""
_ONLY_3: Final = ("latitude", "longitude", "elevation", "window", "group_delay", "service_class", "gpmuid")
_LISTS_3: Final = ("phasor_components", "phasor_designations", "phasor_angles")


def _units(row: Row) -> list[int]:
    """PHUNIT of each phasor: which quantity in the high octet, the factor in the others."""
    pairs = zip(row["phasor_kinds"], row["phasor_factors"], strict=True)
    return [(1 << 24 if kind == "A" else 0) | factor for kind, factor in pairs]


def _configurations(tables: Tables) -> Iterator[Row]:
    flows = {row["flow"]: row["transport"] for row in tables("flows")}
    for row in tables("synchrophasor_configuration"):
        third = row["frame_type"] == "CFG-3"
        own: Row = {name: row[name] if third else UNTOLD for name in (*_ONLY_3, *_LISTS_3)}
        for name, bit in _MODIFICATIONS.items():
            flags: Any = [bool(word >> bit & 1) for word in row["phasor_modifications"]]
            own[name] = flags if third else UNTOLD
        # The log takes the last octet for the unit and the three before it for the value.
        units = [] if third else _units(row)
        yield row | own | {
            "transport": flows[row["flow"]],
            "scales": row["phasor_scales"] if third else UNTOLD,
            "currents": [kind == "A" for kind in row["phasor_kinds"]],
            "last-octets": [unit & 0xFF for unit in units],
            "first-octets": [unit >> 8 for unit in units],
            "phasor-count": len(row["phasors"]),
            "analog-count": len(row["analogs"]),
            "digital-count": len(row["normal"]),
        }  # fmt: skip


SNMP: Final[dict[str, View]] = {"sessions": _snmp}
C37118: Final[dict[str, View]] = {"sessions": _synchrophasor, "configurations": _configurations}
