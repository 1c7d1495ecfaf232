"""OPC UA as ICSNPP's logs of endpoints and of single services have it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_GET_ENDPOINTS: Final = 428
_CREATE_SESSION: Final = 461
_BROWSE: Final = 527
_READ: Final = 631


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


def _answered(function: int, tables: Tables) -> Iterator[Row]:
    """Requests and answers of one service."""
    yield from (row for row in messages(tables, "opcua") if row["function"] == function)


VIEWS: Final[dict[str, View]] = {
    "endpoints_told": _told,
    "tokens_told": partial(_tokens, _GET_ENDPOINTS),
    "tokens_of_sessions": partial(_tokens, _CREATE_SESSION),
    "endpoints_of_sessions": _created,
    "read": partial(_answered, _READ),
    "browse": partial(_answered, _BROWSE),
}
