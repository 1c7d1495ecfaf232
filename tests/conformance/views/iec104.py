"""IEC 60870-5-104 as IPAL's transcripts have it: one row per U frame and per ASDU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.ipal import data_text
from conformance.views.port import Row, Tables, View, index_of, transcribed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_CONTROL: Final = range(45, 70)
_U: Final = {
    "TESTFR": {"test": 1},
    "STARTDT": {"start data transfer": 1},
    "STOPDT": {"stop data transfer": 1},
}


def _transcript(tables: Tables) -> Iterator[Row]:
    """A confirmation and a termination repeat what was commanded; the tables have it with the command."""
    found = []
    values = _values(tables)
    commanded: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in tables("operations"):
        if row["protocol"] != "iec104" or row["item"] != 0:
            continue
        about = row["flow"], row["function"], row["unit"], row["object"]
        data = _U.get(row["function_name"]) or values.get(row["operation"]) or commanded.get(about, {})
        if row["function"] in _CONTROL:
            commanded[about] = data
        found += [
            _message(row, data, asked and row["outcome"] != "unsolicited")
            for asked in (True, False)
            if row["frame" if asked else "response_frame"] is not None
        ]
    yield from sorted(found, key=lambda row: row["frame"])


def _values(tables: Tables) -> dict[int, dict[str, Any]]:
    """Operation → address and object → value."""
    values: dict[int, dict[str, Any]] = {}
    for block in tables("values"):
        said = values.setdefault(block["operation"], {})
        first = index_of(block["object"]) or 0
        for at, number in enumerate(block["number"] or ()):
            said[f"{block['unit']}.{first + at}"] = _their_number(block["type"], number)
    return values


def _their_number(kind: str, number: float) -> float:
    """Normalized values as the whole numbers on the wire; bit strings with the octet that comes first uppermost."""
    if kind == "NVA":
        return number * 32768
    return int.from_bytes(int(number).to_bytes(4, "little"), "big") if kind == "BSI" else number


def _message(row: Row, data: dict[str, Any], asked: bool) -> Row:
    """Interrogations say no value; what a station says by itself informs, its other answers are actions."""
    function = row["function"]
    commands = function >= 100 or function in _CONTROL
    return transcribed(row, asked) | {
        "type": "U" if function >= 256 else f"I-{function}",
        "activity": "command" if asked else "action" if commands else "inform",
        "data": None if 70 <= function < 256 else data_text(data),
    }


VIEWS: Final[dict[str, View]] = {"transcript": _transcript}
