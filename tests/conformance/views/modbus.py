"""Modbus as Zeek's modbus.log and ICSNPP's logs of matched requests and of single functions have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.views.port import Row, Tables, View, index_of, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]


def _values(tables: Tables) -> dict[tuple[int, str], Row]:
    """(Operation, direction) → its block of values."""
    return {(row["operation"], row["direction"]): row for row in tables("values")}


def _messages(tables: Tables) -> Iterator[Row]:
    for row in messages(tables, "modbus"):
        asked = row["kind"] == "request"
        yield row | {
            "pdu": "REQ" if asked else "RESP",
            "code": None if asked else row["code"],
        }


def _matched(tables: Tables) -> Iterator[Row]:
    """One row per operation: what was asked, what was answered."""
    values = _values(tables)
    for row in tables("operations"):
        if row["protocol"] != "modbus" or row["item"] != 0:
            continue
        written, read = (values.get((row["operation"], how)) for how in ("written", "read"))
        single = row["function"] in (5, 6)
        yield {
            **row,
            "address": index_of(row["object"]),
            "quantity": _quantity(row, read),
            "request_values": _numbers(written),
            # A function that writes one value answers with an echo of it.
            "response_values": _numbers(written if single else read),
            "matched": row["frame"] is not None and row["response_frame"] is not None,
            "spoken_function": row["function_name"],
            "mei": row["object"],
        }


def _quantity(row: Row, read: Row | None) -> int | None:
    """Registers, coils or records; of a FIFO queue how many it held."""
    if row["function"] == 24:
        return len(_numbers(read) or ())
    return row["count"] if row["function"] not in (20, 21) else row["items"] if row["object"] else 0


def _numbers(block: Row | None) -> list[Any] | None:
    return None if block is None else block["number"]


def _masks(tables: Tables) -> Iterator[Row]:
    """AND and OR mask of function 22; its answer is an echo."""
    values = _values(tables)
    for row in messages(tables, "modbus"):
        if row["function"] == 22:
            and_mask, or_mask = _numbers(values.get((row["operation"], "written"))) or (None, None)
            yield row | {"address": index_of(row["object"]), "and_mask": and_mask, "or_mask": or_mask}


def _read_write(tables: Tables) -> Iterator[Row]:
    values = _values(tables)
    for row in messages(tables, "modbus"):
        if row["function"] != 23:
            continue
        asked = row["kind"] == "request"
        written, read = (values.get((row["operation"], how)) for how in ("written", "read"))
        yield row | {
            "write_address": index_of(written["object"]) if asked and written else None,
            "written": _numbers(written) if asked else None,
            "read_address": index_of(row["object"]) if asked else None,
            "quantity": row["count"] if asked else None,
            "read": None if asked else _numbers(read),
        }


VIEWS: Final[dict[str, View]] = {
    "messages": _messages,
    "matched": _matched,
    "masks": _masks,
    "read_write": _read_write,
}
