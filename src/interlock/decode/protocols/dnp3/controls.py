"""Control relay output blocks (group 12) and analog output blocks (group 41): what is asked, and how each ended.

    g12v1: | control code 1 | count 1 | on-time 4 | off-time 4 | status 1 |    g41: | value 2, 4 or 8 | status 1 |

Source: IEEE 1815-2012, A.8 and A.20.
"""

from __future__ import annotations

import struct
from typing import Any, Final

from interlock.decode.echoes import asks, repeats
from interlock.decode.protocols.dnp3.naming import point_name
from interlock.errors import DecodeError

__all__ = ["STATUSES", "points"]

_OK, _REFUSED = 1, 2
_NO_NUMBER = -(1 << 31)
_ASKED, _ANSWERED = 0, 1

STATUSES: Final = {
    0: "SUCCESS", 1: "TIMEOUT", 2: "NO_SELECT", 3: "FORMAT_ERROR", 4: "NOT_SUPPORTED", 5: "ALREADY_ACTIVE",
    6: "HARDWARE_ERROR", 7: "LOCAL", 8: "TOO_MANY_OBJS", 9: "NOT_AUTHORIZED", 10: "AUTOMATION_INHIBIT",
    11: "PROCESSING_LIMITED", 12: "OUT_OF_RANGE", 13: "DOWNSTREAM_LOCAL", 14: "ALREADY_COMPLETE", 15: "BLOCKED",
    16: "CANCELLED", 17: "BLOCKED_OTHER_MASTER", 18: "DOWNSTREAM_FAIL", 126: "NON_PARTICIPATING", 127: "UNDEFINED",
}  # fmt: skip
_TYPES: Final = ("NUL", "PULSE_ON", "PULSE_OFF", "LATCH_ON", "LATCH_OFF")
_TRIP_CLOSE: Final = ("NUL", "CLOSE", "TRIP", "RESERVED")
_ANALOG: Final = {1: "<i", 2: "<h", 3: "<f", 4: "<d"}
_MAX_POINTS: Final = 1024


def points(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    mode: int,
    group: int,
    variation: int,
    start: int,
    count: int,
    prefix: int,
) -> None:
    """Read the blocks behind one header; d: the decoder, its `app` cursor at the first block.

    A request has an item per block; the answer repeats the blocks in order, each with its status: one that repeats
    others, and calls them done, answers another command.
    Raises DecodeError where a block has no known size.
    """
    if group == 41 and variation not in _ANALOG:
        raise DecodeError("object-unknown", d.app.offset())
    said, failed = list[tuple[Any, ...]](), False
    for k in range(min(count, _MAX_POINTS)):
        index = d.prefix_of(prefix) if prefix else max(start, 0) + k
        block = _relay(d.app.take(11)) if group == 12 else _analog(d.app, variation)
        status = block.pop("status")
        said.append((group, variation, index, *block.values()))
        failed = failed or bool(status)
        if mode == _ANSWERED:
            if status:
                out.settle_item(row, d.points, _REFUSED, status)
        else:
            d.item(out, row, d.point(group, index), 1)
            if mode == _ASKED:
                _value(d, m, i, out, row, group, variation, index, block)
        d.points += 1
        told = {"status": status, "status_name": STATUSES.get(status)} if mode != _ASKED else {}
        d.facts.detail(
            "dnp3_controls",
            m,
            i,
            {
                "operation": out.operation_of(row),
                "outstation": d.outstation,
                "function": d.function,
                "object": point_name(group, index),
                "block": f"g{group}v{variation}",
                **block,
                **told,
            },
        )
    if mode == _ASKED:
        asks(out, row, m, i, *said)
    elif mode == _ANSWERED and not repeats(out, row, m, i, *said) and not failed:
        d.facts.oddity(m, i, "dnp3", "answer-differs")


def _relay(octets: bytes) -> dict[str, Any]:
    code, repeats, on, off, status = struct.unpack("<BBIIB", octets)
    return {
        "operation_type": _TYPES[code & 0x0F] if code & 0x0F < len(_TYPES) else f"RESERVED_{code & 0x0F}",
        "trip_close": _TRIP_CLOSE[code >> 6],
        "queue": bool(code & 0x10),
        "clear": bool(code & 0x20),
        "repeats": repeats,
        "on_ms": on,
        "off_ms": off,
        "status": status & 0x7F,
    }


def _analog(c: Any, variation: int) -> dict[str, Any]:
    form = _ANALOG[variation]
    (value,) = struct.unpack(form, c.take(struct.calcsize(form)))
    return {"value": float(value), "status": c.u8() & 0x7F}


def _value(
    d: Any, m: Any, i: int, out: Any, row: int, group: int, variation: int, index: int, block: dict[str, Any]
) -> None:
    """Keep what is commanded: the analog value, or 1 and 0 for close or on and trip or off, with its words."""
    if not d.values.wanted:
        return
    kept = d.values.block(
        m, i, d.f.protocol_code, out.operation_of(row), d.unit, d.point(group, index), 0, d.type_of(group, variation)
    )  # fmt: skip
    if group == 41:
        d.values.number(block["value"])
        return
    kind, trip_close = block["operation_type"], block["trip_close"]
    if trip_close in ("CLOSE", "TRIP"):
        d.values.number(1.0 if trip_close == "CLOSE" else 0.0)
    elif kind.endswith(("_ON", "_OFF")):
        d.values.number(1.0 if kind.endswith("_ON") else 0.0)
    words = [kind] + ([trip_close] if trip_close != "NUL" else []) + (["clear"] if block["clear"] else [])
    timing = f"{block['repeats']} x {block['on_ms']} ms on, {block['off_ms']} ms off"
    d.values.set_text(kept, f"{' '.join(words)}, {timing}")
