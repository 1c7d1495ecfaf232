"""FINS as ICSNPP's logs of details, files, network and data link status have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.untold import UNTOLD
from conformance.views.fins import frames
from conformance.views.parameters import Sparse, parameters, said, with_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.views.port import Row, Tables, View

__all__ = ["VIEWS"]

_TABLE: Final = "fins_parameters"
_FILE_NAMES: Final = 0x2201
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")


def _when(text: str | None, century: str = "") -> Row:
    if not text:
        return {}
    numbers = f"{century}{text}".replace("-", " ").replace(":", " ").split()
    return dict(zip(_PARTS, map(int, numbers), strict=True))


def _rows(tables: Tables) -> Iterator[Row]:
    def headed(row: Row) -> bool:
        return row["function"] == _FILE_NAMES and row["kind"] == "answer"

    yield from with_parameters(tables, frames(tables), _TABLE, headed=headed)


def _files(tables: Tables) -> Iterator[Row]:
    """Of a list of files only its head has an end code in the log; of data it has the first fifteen octets."""
    for row in _rows(tables):
        control = row["control"]
        more: Row = {"address": row["address"] or row["beginning-word"], "first": f"{row['data']}"[:32]}
        if control is not None:
            more |= {
                "data-type": control & 0x07,
                "protected": bool(control & 0x80),
                "end": bool(control & 0x40),
            }
        yield row | more | _when(row["created"] or row["changed"])


def _details(tables: Tables) -> Iterator[Row]:
    clocks = {row["frame"]: row["text"] for row in tables("values") if row["object"] == "clock"}
    for row in _rows(tables):
        yield from _detail(row | _when(clocks.get(row["frame"]), "20"))


def _detail(row: Row) -> Iterator[Row]:
    function, asked = row["function"], row["kind"] == "request"
    made = Sparse(row)
    if function == 0x0104 and row["read"] is not None:
        area, _, octets = str(row["read"]).partition(" ")
        made |= {"area": int(area, 16), "data": octets}
    elif function == 0x0105:
        made |= {"area": row["source-area"], "address": row["source-address"]}
        yield made
        made = Sparse(made | {"area": row["target-area"], "address": row["target-address"], "items": None})
    elif function == 0x0401:
        made["mode"] = 2 if row["mode"] is None else row["mode"]
    elif function == 0x0501 and asked:
        made["asked_data"] = "Unknown" if row["data"] is None else row["data"]
    elif function == 0x0502:
        made["units"] = 25 if row["units"] is None else row["units"]
    elif function == 0x0920 and asked:
        bits = int(str(row["parameter"]), 16)
        name = "fal" if bits >> 14 == 2 else "message"
        made |= {"command": bits >> 14} | {f"{name}_{k}": bool(bits >> k & 1) for k in range(14)}
    elif function in (0x0801, 0x0803):
        made["test"] = f"{row['data']}"[:32]
    status = row["pc-status"]
    if status is not None:
        made |= {"peripheral": status >> 7, "host": status >> 6 & 1, "racks": status & 0x0F}
    if not asked and function in _FILLED:
        # The log has zeros for what an answer did not bring.
        made |= {name: UNTOLD for name in _FILLED[function] if made[name] is None}
    yield made


_FILLED: Final = {
    0x0501: (
        *("program-area-kwords", "iom-koctets", "dm-words", "timers", "expansion-dm-banks", "steps"),
        *("memory-card", "memory-card-koctets", "sysmac-bus-masters", "sysmac-bus2-masters"),
        *("peripheral", "host", "racks"),
    ),
    0x0C01: ("network", "node", "unit-number"),
}


def _network(tables: Tables) -> Iterator[Row]:
    """One row per node of an answer."""
    found = parameters(tables, _TABLE)
    for head in frames(tables):
        told = found.get((head["operation"], head["kind"] != "request"), {})
        about = told.get(0, {})
        if "node-status" not in about:
            continue
        errors = int.from_bytes(bytes.fromhex(about["node-errors"][2:]), "little")
        for node, digit in enumerate(about["node-status"], 1):
            bits = int(digit, 16)
            yield (
                Sparse({name: said(value) for name, value in about.items()})
                | head
                | {
                    "node": node,
                    "in": bits & 1,
                    "exit": bits >> 1 & 1,
                    "polling": bits >> 3,
                    "error": errors >> node & 1,
                    "cyclic-errors": said(told.get(node, {}).get("cyclic-errors", "-")),
                }
            )


def _links(tables: Tables) -> Iterator[Row]:
    """One row per node: every element is about eight of them."""
    for row in with_parameters(tables, frames(tables), _TABLE):
        if row["function"] == 0x0603 and row["element"] is not None:
            for k in range(8):
                node = 8 * (row["element"] - 1) + k + 1
                yield (
                    row
                    | {"node": node}
                    | {name: row[name] >> k & 1 for name in ("errors", "modes", "warnings")}
                )


VIEWS: Final[dict[str, View]] = {"details": _details, "files": _files, "network": _network, "links": _links}
