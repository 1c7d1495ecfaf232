"""HART-IP as ICSNPP's logs of messages, session records and commands have it, with bits of what the table has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conformance.views.parameters import Sparse, parameters, said
from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_SERVER_PORT: Final = 5095
"""Over UDP the server goes on from this port, and the log takes it for the one who opened that flow."""
_UNIVERSAL: Final = frozenset({0, 1, 2, 3, 9, 12, 13, 20, 48})
_COMMON: Final = frozenset({54})
_PART: Final = re.compile(r"(.+)(?:\.bit(\d)|>>(\d)(?:&(\d+))?)")


class _Parts(Sparse):
    """`status.bit7` is a bit of status, `status>>4&3` a part of it; what was not said is None."""

    def __missing__(self, name: str) -> Any:
        found = _PART.fullmatch(name)
        whole = self[found[1]] if found else None
        if found is None or whole is None:
            return None
        if found[2]:
            return bool(whole >> int(found[2]) & 1)
        return whole >> int(found[3]) & int(found[4] or 0xFFFF)


def _flat(tables: Tables) -> Iterator[_Parts]:
    """One row per message with all that it says; of like elements `1/code` is the first one's."""
    found = parameters(tables, "hart_ip_parameters")
    flows = {row["flow"]: row for row in tables("flows")}
    for row in messages(tables, "hart-ip"):
        told = {
            f"{element}/{name}" if element else name: said(value)
            for element, names in found.get((row["operation"], row["kind"] != "request"), {}).items()
            for name, value in names.items()
        }
        ends = ("client", "server") if row["server_port"] != _SERVER_PORT else ("server", "client")
        yield _Parts(
            {
                **row,
                **told,
                "transport": flows[row["flow"]]["transport"],
                **{f"first_{part}": row[f"{ends[0]}{part}"] for part in ("", "_port")},
                **{f"second_{part}": row[f"{ends[1]}{part}"] for part in ("", "_port")},
            }
        )


def _general(tables: Tables) -> Iterator[Row]:
    for row in _flat(tables):
        token = row["delimiter"] is not None
        address = bytes.fromhex(str(row["address"])[2:]) if token else b""
        direct = row["message-id"] == 4
        row["command"] = row["function"] if token else None
        row["token-code"] = row["response-code"] if token else None
        row["token-status"] = row["device-status"] if token else None
        row["direct-status"] = row["device-status"] if direct else None
        row["direct-extended"] = row["extended-status"] if direct else None
        row["polling"] = address[0] & 0x3F if len(address) == 1 else None
        row["token-octets"] = row["octets"] if token else None
        yield row


def _commands(numbers: frozenset[int], tables: Tables) -> Iterator[Row]:
    for row in _flat(tables):
        if row["function"] in numbers and (row["kind"] == "answer" or row["function"] in (9, 54)):
            row["request-code"] = row["code"] if row["kind"] == "request" else None
            row["answer-code"] = row["code"] if row["kind"] == "answer" else None
            for k in range(1, 9):
                asks = row["kind"] == "request"
                row[f"{k}/request-code"] = row[f"{k}/code"] if asks else None
                row[f"{k}/answer-code"] = None if asks else row[f"{k}/code"]
            yield row


def _universal(tables: Tables) -> Iterator[Row]:
    yield from _commands(_UNIVERSAL, tables)


def _common(tables: Tables) -> Iterator[Row]:
    yield from _commands(_COMMON, tables)


def _direct(tables: Tables) -> Iterator[Row]:
    yield from (row for row in _flat(tables) if row["message-id"] == 4)


def _sessions(tables: Tables) -> Iterator[Row]:
    for row in _flat(tables):
        for k in range(1, 1 + (row["records"] or 0)):
            if row[f"{k}/client-ip4"] is not None:
                yield _Parts(
                    {**row, **{n.partition("/")[2]: v for n, v in row.items() if n.startswith(f"{k}/")}}
                )


VIEWS: Final[dict[str, View]] = {
    "general": _general,
    "universal": _universal,
    "common": _common,
    "direct": _direct,
    "sessions": _sessions,
}
