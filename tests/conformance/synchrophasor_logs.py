"""ICSNPP's logs of C37.118 in words of ours: frames, and what PMUs say in data frames.

Time stamps are masked in the baselines, which are sorted as text: rows meet by what they say first (the numbers of a
PMU's first phasors). The log knows a polar phasor's numbers and a rectangular one's in columns of their own, and an
integer DFREQ (0.01 Hz/s) unscaled, as both captures have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.zeek import read_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.zeek import LogRow

__all__ = ["data_mine", "data_rows", "frame_mine", "frame_rows"]

Row = dict[str, Any]
_ENDS: Final = {
    "client": "id.orig_h",
    "client_port": "id.orig_p",
    "server": "id.resp_h",
    "server_port": "id.resp_p",
}
_FLAGS: Final = {
    "modified": "data_modified",
    "configuration_change": "config_change",
    "trigger": "pmu_trigger_pickup",
    "sorted_by_arrival": "data_sorting_type",
    "not_in_sync": "pmu_sync_error",
}
_TYPES: Final = {"CFG1": "CFG-1", "CFG2": "CFG-2", "CFG3": "CFG-3"}
_COMMANDS: Final = {
    "Data off": 1,
    "Data on": 2,
    "Send HDR": 3,
    "Send CFG-1": 4,
    "Send CFG-2": 5,
    "Send CFG-3": 6,
}


def _ends(row: LogRow) -> Row:
    return {ours: row.get(theirs) for ours, theirs in _ENDS.items()}


def _list(row: LogRow, column: str) -> list[str]:
    return (row.get(column) or "").split(",") if row.get(column) else []


def _six(number: float) -> str:
    """Write a number as the log does: up to six digits, one at least."""
    text = f"{number:.6f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def frame_rows(path: Path) -> Iterator[Row]:
    """Rows of synchrophasor_cmd.log, _cfg.log and _data.log: what they have."""
    for row in read_log(path):
        kind = row.cells["frame_type"]
        found = _ends(row) | {
            "frame_type": _TYPES.get(kind, kind),
            "frame_size": int(row.cells["frame_size"]),
        }
        if "command" in row.cells:
            found |= {"command": _COMMANDS.get(row.cells["command"]), "extended": row.get("extframe")}
        if "pmu_count_expected" in row.cells:
            found |= {
                "pmus_said": int(row.cells["pmu_count_expected"]),
                "pmus": int(row.cells["pmu_count_actual"]),
            }
        if "data_rate" in row.cells:
            found["data_rate"] = int(row.cells["data_rate"])
        yield found


def frame_mine(row: Row) -> Row:
    return {**row, "client_port": str(row["client_port"]), "server_port": str(row["server_port"])}


def data_rows(path: Path) -> Iterator[Row]:
    for row in read_log(path):
        polar = [_list(row, f"est_polar_{part}") for part in ("magnitude", "angle")]
        rectangular = [_list(row, f"est_rectangular_{part}") for part in ("real", "imaginary")]
        pairs = polar if any(float(x) for x in polar[0]) else rectangular
        phasors = [x for pair in zip(*pairs, strict=True) for x in pair]
        yield _ends(row) | {name: row.cells[column] == "T" for name, column in _FLAGS.items()} | {
            "pmu": int(row.cells["pmu_idx"]),
            "first": tuple(phasors[:4]),
            "phasors": phasors,
            "digitals": [int(x) for x in _list(row, "digital")],
            "analogs": [float(x) for x in _list(row, "analog_data")],
            "rate": float(row.cells["rocof"]) / 100,
            "data_error": int(row.cells["data_error_indicator"]),
            "trigger_reason": int(row.cells["trigger_reason"]),
            "unlocked_time": int(row.cells["unlocked_time"]),
            "time_quality": int(row.cells["pmu_time_quality"]),
        }  # fmt: skip


def data_mine(row: Row) -> Row:
    phasors = [_six(x) for x in row["phasors"]]
    return frame_mine(row) | {"phasors": phasors, "first": tuple(phasors[:4]), "rate": round(row["rate"], 6)}
