"""OPC UA as ICSNPP's logs of endpoints and of single services have it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_GET_ENDPOINTS: Final = 428
_CREATE_SESSION: Final = 461


def _endpoints(tables: Tables, function: int) -> Iterator[Row]:
    """One row per endpoint of each answer; the table has an endpoint once, however often the server tells it."""
    known: dict[tuple[str, int], list[Row]] = {}
    for row in tables("opcua_endpoints"):
        known.setdefault((row["server"], row["server_port"]), []).append(row)
    for row in messages(tables, "opcua"):
        if row["function"] == function and row["kind"] == "answer":
            for endpoint in known.get((row["server"], row["server_port"]), []):
                yield endpoint | row


def _told(tables: Tables) -> Iterator[Row]:
    yield from _endpoints(tables, _GET_ENDPOINTS)


def _created(tables: Tables) -> Iterator[Row]:
    yield from _endpoints(tables, _CREATE_SESSION)


_TOKENS: Final = ("anonymous", "username", "certificate", "issued")


def _tokens(function: int, tables: Tables) -> Iterator[Row]:
    """One row per user token that each endpoint of an answer takes."""
    for row in _endpoints(tables, function):
        for token in (row["tokens"] or "").split(","):
            yield row | {"token_type": _TOKENS.index(token.strip()) if token.strip() in _TOKENS else None}


_NODE: Final = re.compile(r"(?:ns=(\d+);)?([is])=(.*)")


def _service(function: int, tables: Tables) -> Iterator[Row]:
    """Requests and answers of one service, with the first node that they are about."""
    for row in messages(tables, "opcua"):
        if row["function"] == function:
            node = _NODE.fullmatch(row["object"] or "")
            asked = row["kind"] == "request"
            yield row | {
                "spoken": f"{row['function_name']}{'Request' if asked else 'Response'}",
                "namespace": int(node[1] or 0) if node and asked else None,
                "node": node[3] if node and asked else None,
            }


_SERVICES: Final = {
    "read": 631,
    "write": 673,
    "browse": 527,
    "close_session": 473,
    "get_endpoints": _GET_ENDPOINTS,
}

VIEWS: Final[dict[str, View]] = {
    "endpoints_told": _told,
    "tokens_told": partial(_tokens, _GET_ENDPOINTS),
    "tokens_of_sessions": partial(_tokens, _CREATE_SESSION),
    "endpoints_of_sessions": _created,
    **{name: partial(_service, function) for name, function in _SERVICES.items()},
}
