"""IPAL's transcripts beside captures, read as rows of a log: one message a line, in JSON.

A message that answers others names their ids; the row has the time of the one it answers instead, which both sides
know.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.zeek import LogRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["data_text", "read_transcript", "seconds"]

_COLUMNS = ("src", "dest", "type", "activity", "length")


def read_transcript(path: Path) -> Iterator[LogRow]:
    """Times are seconds with six digits; `data` is `name=value` in order of name; `sequence` is DNP3's."""
    times: dict[int, str] = {}
    for line in path.read_text("utf-8").splitlines():
        read = json.loads(line)
        times[read["id"]] = f"{read['timestamp']:.6f}"
        data = read["data"] or {}
        answered = read["responds to"]
        yield LogRow(
            {
                "timestamp": times[read["id"]],
                "responds to": times.get(answered[0], "-") if answered else "-",
                "data": data_text({name: said for name, said in data.items() if name != "SEQ"}) or "-",
                "sequence": str(data.get("SEQ", "-")),
                **{name: str(read[name]) for name in _COLUMNS},
            }
        )


def data_text(data: dict[str, Any]) -> str:
    """Names and values in one text; numbers as decimal numbers, so that 1 and 1.0 are the same."""
    return " ".join(f"{name}={_value(said)}" for name, said in sorted(data.items()))


def _value(said: Any) -> str:
    if isinstance(said, bool | int | float):
        return f"{float(said):.6g}"
    return str(said)


def seconds(ns: int) -> str:
    """UTC ns as seconds with six digits, rounded as the transcripts' floating point numbers are."""
    return f"{ns / 1_000_000_000:.6f}"
