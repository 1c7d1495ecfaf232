"""DNP3 as Suricata's events have it: one per message, with its objects and their points."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conformance.untold import UNTOLD
from conformance.views.port import Row, Tables, index_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MEET", "UNSAID", "events"]

MEET: Final = ("dnp3.type", "dnp3.application.function_code", "dnp3.application.control.sequence", "src_port")
UNSAID: Final = re.compile(
    r"pcap_cnt|proto|flow\.(age|alerted|reason|bytes_.*)|tcp\..*|dnp3\.control\.(fcb|fcv|function_code|pri)"
    # How it was framed and how its objects were addressed is read, but no table has it.
    r"|dnp3\.application\.(complete|control\.(con|fin|fir)|objects\[\d+\]\.(prefix_code|qualifier|range_code))"
    r"|.*\.points\[\d+\]\.(prefix|size|reserved\d?)"
    # Of file transfer the tables have the name, what is done to it and how that ended.
    r"|.*\.points\[\d+\]\.(authentication_key|created|file_size|filename_offset|filename_size|maximum_block_size"
    r"|operational_mode|permissions|request_id|file_handle|optional_text|block_number|file_data)"
)

_RANGED: Final = frozenset({1, 3, 10, 20, 21, 30, 40, 80})
"""Groups whose headers give a range; the others have an index before each object."""
_VALUE: Final = {1: "state", 2: "state", 3: "state", 4: "state", 10: "state", 80: "state", 20: "count", 21: "count",
                 22: "count", 30: "value", 32: "value", 40: "value", 50: "timestamp", 52: "delay_ms"}  # fmt: skip
_FLAGS: Final = ("online", "restart", "comm_lost", "remote_forced", "local_forced", "chatter_filter", "rollover",
                 "discontinuity", "over_range", "reference_err")  # fmt: skip
_OPERATIONS: Final = ("NUL", "PULSE_ON", "PULSE_OFF", "LATCH_ON", "LATCH_OFF")
_TRIP_CLOSE: Final = ("NUL", "CLOSE", "TRIP")

Points = list[dict[str, Any]]


def events(tables: Tables) -> Iterator[Row]:
    """All events of a capture: messages in order of frame, then flows."""
    found = [*_messages(tables)]
    yield from (event for _, event in sorted(found, key=lambda pair: pair[0]))
    for flow in tables("flows"):
        yield {
            "event_type": "flow",
            "app_proto": flow["protocol"],
            **_ends(flow),
            "flow.pkts_toserver": flow["client_packets"],
            "flow.pkts_toclient": flow["server_packets"],
            "flow.state": "closed" if flow["state"] in ("closed", "reset", "refused") else flow["state"],
        }


def _ends(row: Row) -> Row:
    return {
        "src_ip": row["client"],
        "src_port": row["client_port"],
        "dest_ip": row["server"],
        "dest_port": row["server_port"],
    }


def _messages(tables: Tables) -> Iterator[tuple[int, Row]]:
    items: dict[int, list[Row]] = {}
    for row in tables("operations"):
        if row["protocol"] == "dnp3":
            items.setdefault(row["operation"], []).append(row)
    # They log no confirmations.
    asked = [rows for rows in items.values() if rows[0]["function"] != 0]
    holding: dict[tuple[int, str | None], str] = {}
    changes = {row["frame"]: row["names"] for row in tables("dnp3_indications")}
    for rows in asked:
        head = rows[0]
        unsolicited = head["outcome"] == "unsolicited"
        if head["frame"] is not None and not unsolicited:
            yield head["frame"], _event(tables, rows, head["frame"], "request", head["function"])
    for rows in sorted(asked, key=lambda rows: rows[0]["response_frame"] or rows[0]["frame"] or 0):
        head = rows[0]
        unsolicited = head["outcome"] == "unsolicited"
        frame = head["frame"] if unsolicited else head["response_frame"]
        if frame is not None:
            kind, function = ("unsolicited_response", 130) if unsolicited else ("response", 129)
            event = _event(tables, rows, frame, kind, function)
            whose = head["flow"], head["unit"]
            holding[whose] = changes.get(frame, holding.get(whose, ""))
            for at, name in enumerate(holding[whose].split()):
                event[f"dnp3.iin.indicators[{at}]"] = name.lower()
            yield frame, event


def _event(tables: Tables, rows: list[Row], frame: int, kind: str, function: int) -> Row:
    head, asked = rows[0], kind == "request"
    objects = _objects(tables, rows, frame) or (_named(rows) if asked else _file(head))
    event = {
        "event_type": "dnp3",
        **_ends(head),
        "dnp3.type": kind,
        "dnp3.control.dir": asked,
        "dnp3.dst" if asked else "dnp3.src": int(head["unit"]),
        "dnp3.src" if asked else "dnp3.dst": _master(tables, head),
        "dnp3.application.function_code": function,
        "dnp3.application.control.sequence": int(head["transaction"]),
        "dnp3.application.control.uns": kind == "unsolicited_response",
    }
    for at, (group, variation, points) in enumerate(objects):
        name = f"dnp3.application.objects[{at}]"
        ranged = group in _RANGED and bool(points)
        event |= {
            f"{name}.group": group,
            f"{name}.variation": variation,
            f"{name}.count": len(points),
            f"{name}.start": points[0]["index"] if ranged else 0,
            f"{name}.stop": points[-1]["index"] if ranged else 0,
        }
        for number, point in enumerate(points):
            event |= {f"{name}.points[{number}].{key}": said for key, said in point.items()}
    return event


def _master(tables: Tables, head: Row) -> object:
    """The master's address, which stands beside the outstation's where that changed its indications."""
    found = {row["master"] for row in tables("dnp3_indications") if row["flow"] == head["flow"]}
    return found.pop() if len(found) == 1 else UNTOLD


def _objects(tables: Tables, rows: list[Row], frame: int) -> list[tuple[int, int, Points]]:
    """Objects with values in one frame: commands, and values by type."""
    commands = [row for row in tables("dnp3_controls") if row["frame"] == frame]
    if commands:
        group, variation = _type(commands[0]["block"])
        return [(group, variation, [_command(row) for row in commands])]
    found: dict[str, Points] = {}
    for block in tables("values"):
        if block["frame"] == frame and block["operation"] == rows[0]["operation"]:
            found.setdefault(block["type"], []).extend(_points(block))
    return [(*_type(kind), points) for kind, points in found.items()]


def _type(kind: str) -> tuple[int, int]:
    group, _, variation = kind.removeprefix("g").partition("v")
    return int(group), int(variation)


def _command(row: Row) -> dict[str, Any]:
    return {
        "index": index_of(row["object"]),
        "op_type": _OPERATIONS.index(row["operation_type"]),
        "tcc": _TRIP_CLOSE.index(row["trip_close"]),
        "cr": row["clear"],
        "qu": row["queue"],
        "count": row["repeats"],
        "ontime": row["on_ms"],
        "offtime": row["off_ms"],
        "status_code": row["status"] or 0,
    }


def _points(block: Row) -> Iterable[dict[str, Any]]:
    group, _ = _type(block["type"])
    flags = set((block["quality"] or "").lower().split())
    timed = {"timestamp": (block["device_time"] or 0) // 1_000_000} if group == 32 else {}
    for at, number in enumerate(block["number"] or ()):
        yield {
            "index": (index_of(block["object"]) or 0) + at,
            **{flag: flag in flags for flag in _FLAGS},
            **timed,
            # They show the whole octet of flags as the state of an event of a binary input.
            _VALUE.get(group, "value"): number * 128 + _octet(flags) if group == 2 else number,
        }


def _octet(flags: set[str]) -> int:
    return sum(1 << bit for bit, flag in enumerate(_FLAGS[:6]) if flag in flags)


def _named(rows: list[Row]) -> list[tuple[int, int, Points]]:
    """Objects of a request without values: classes of events, and the name of a file."""
    found: list[tuple[int, int, Points]] = []
    for row in rows:
        kind, _, name = (row["object"] or "").partition(":")
        if kind == "class":
            found.append((60, int(name) + 1, []))
        elif kind == "file":
            found.append(
                (70, _FILE_OBJECTS[row["function"]], [{"index": 0, "filename": name, "status_code": 0}])
            )
    return found


_FILE_OBJECTS: Final = {1: 5, 25: 3, 26: 4, 27: 3}
"""Function of a request about a file → variation of its object, as IEEE 1815-2012 5.3 has it."""


def _file(head: Row) -> list[tuple[int, int, Points]]:
    """The object that answers a request about a file: its status, or a block of it."""
    if not (head["object"] or "").startswith("file:"):
        return []
    variation = 5 if head["function"] == 1 else 4
    return [(70, variation, [{"index": 0, "status_code": head["code"] or 0}])]
