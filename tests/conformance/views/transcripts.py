"""Requests and answers as IPAL's transcripts have them, for protocols in which these are alike."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.ipal import data_text
from conformance.views.port import Row, Tables, View, index_of, messages, transcribed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TRANSCRIPTS"]

_COMMANDING: Final = frozenset({"write", "operate", "open", "close", "force"})
_AREAS: Final = {
    "coil": "coil",
    "discrete": "discrete.input",
    "holding": "holding.register",
    "input": "input.register",
}


def _transcript(protocol: str, kind: Callable[[Row], int], tables: Tables) -> Iterator[Row]:
    """What asks to change something is a command and its answer an action; all else asks and informs."""
    for row in messages(tables, protocol):
        asked = row["kind"] == "request"
        told = row["kind"] == "notice" or row["verb"] == "report"
        commands = row["verb"] in _COMMANDING
        words = ("command", "action") if commands else ("interrogate", "inform")
        said = transcribed({**row, "frame": row["frame"], "response_frame": row["frame"]}, row["asked"])
        yield {
            **row,
            **said,
            "type": kind(row),
            "activity": "inform" if told else words[not asked],
        }


def _modbus(tables: Tables) -> Iterator[Row]:
    """With the values of each register and coil; a request to read names them without one."""
    values = {row["operation"]: row["number"] for row in tables("values") if row["protocol"] == "modbus"}
    for row in _transcript("modbus", lambda row: row["function"], tables):
        area, _, _ = row["object"].partition(":")
        first = index_of(row["object"]) or 0
        numbers = values.get(row["operation"]) or []
        asks = row["activity"] == "interrogate"
        data: dict[str, Any] = {
            f"{_AREAS[area]}.{first + at}": None if asks else number for at, number in enumerate(numbers)
        }
        # The transcript has the unit behind the address and port of the server.
        end = "source" if row["kind"] == "answer" else "destination"
        yield row | {"data": data_text(data), end: f"{row[end]}:{row['unit']}"}


def _mqtt(tables: Tables) -> Iterator[Row]:
    """Whoever publishes sends: the table of packets has it, an operation does not."""
    from_client = {(row["frame"], row["packet"]) for row in tables("mqtt") if row["from_client"]}
    for row in _transcript("mqtt", _packet, tables):
        if row["kind"] == "notice" and (row["frame"], row["function_name"]) in from_client:
            turned = {"source": row["destination"], "destination": row["source"]}
            # A DISCONNECT is the other notice; it closes.
            yield row | turned | {"activity": "inform" if row["function"] == 3 else "command"}
        else:
            yield row


def _ethercat(tables: Tables) -> Iterator[Row]:
    """Datagrams go round: the first device sets the second bit of the sender's address in what comes back."""
    for row in _transcript("ethercat", lambda row: row["function"], tables):
        asks = "interrogate" if row["function"] in _READING else "command"
        back = {} if row["kind"] == "request" else {"source": _returned(row["client"]), "answers": None}
        there = {"source": row["client"], "destination": row["server"]}
        yield row | there | back | {"activity": asks}


_READING: Final = frozenset({1, 4, 7, 10})
"""Commands that only read: APRD, FPRD, BRD, LRD."""


def _returned(address: str) -> str:
    return f"{int(address[:2], 16) | 2:02x}{address[2:]}"


def _rosctr(row: Row) -> int:
    return 1 if row["kind"] == "request" else 3


def _packet(row: Row) -> int:
    """Control packet type: an answer's follows that of its request."""
    return row["function"] + (row["kind"] == "answer")


TRANSCRIPTS: Final[dict[str, View]] = {
    "modbus": _modbus,
    "s7comm": partial(_transcript, "s7comm", _rosctr),
    "cip": partial(_transcript, "cip", lambda row: row["function"]),
    "mqtt": _mqtt,
    "ethercat": _ethercat,
}
