"""BSAP over IP as ICSNPP's logs of headers and of the remote database have it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from conformance.untold import UNTOLD
from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]


def _database(tables: Tables) -> Iterator[Row]:
    """One row per message; a request names its signals, of an answer the log has what it made of the values."""
    signals: dict[int, list[str]] = {}
    for row in tables("operations"):
        if row["protocol"] == "bsap":
            signals.setdefault(row["operation"], []).append(row["object"])
    told = Counter(row["operation"] for row in tables("values") if row["protocol"] == "bsap")
    for row in messages(tables, "bsap"):
        asked = row["kind"] == "request"
        yield row | {
            "access": "RDB",
            "answered": None if asked else row["transaction"],
            "spoken": f"{'' if asked else 'RSP_'}{row['function_name']}",
            "told": _count(row, told),
            "signals": ",".join(map(str, signals[row["operation"]])) if asked else UNTOLD,
        }


def _count(row: Row, told: Counter[int]) -> object:
    """Signals of a message: an answer to a write repeats none, and who did not ask is told by the values alone."""
    if row["kind"] == "answer" and row["verb"] == "write":
        return 0
    return told[row["operation"]] if row["function"] is None else row["items"]


def _headers(tables: Tables) -> Iterator[Row]:
    found = list(messages(tables, "bsap"))
    together = Counter(row["frame"] for row in found)
    for row in found:
        yield row | {"together": together[row["frame"]], "spoken": _TYPES[row["kind"]]}


_TYPES: Final = {"request": "REQUEST", "answer": "RESPONSE"}

VIEWS: Final[dict[str, View]] = {"database": _database, "headers": _headers}
