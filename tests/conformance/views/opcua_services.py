"""OPC UA as ICSNPP's log of messages and those of single services have it, made of opcua_parameters.

The log of messages has a request and its answer in one row, the others have a row for each.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.views.parameters import Said, Sparse, parameters, said
from conformance.views.port import Row, Tables, View, messages
from interlock.decode.protocols.opcua.encoding import ATTRIBUTES
from interlock.decode.protocols.opcua.status import status_names

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_TABLE: Final = "opcua_parameters"
_ENDS: Final = ("client", "client_port", "server", "server_port")
_NODE: Final = re.compile(r"(?:ns=(\d+);)?([isg])=(.*)")
_ITEM: Final = re.compile(r"[^#\[]*#(\w+)")
_FIRST_NAMED: Final = {"i": "number", "s": "word", "g": "guid"}
_OPEN, _BROWSE, _READ, _WRITE, _CREATE_ITEMS = 446, 527, 631, 673, 751
_TOKENS: Final = {"anonymous": 321, "username": 324, "certificate": 327, "issued": 940}
"""Type ids of user identity tokens (OPC 10000-6, A)."""
_STEP: Final = 3
"""From a request's type id to its answer's."""


def _node(name: str, text: Any) -> Row:
    """A node id's parts, as `nodeId.number` and `nodeId.namespace`; the latter 0 where none is written."""
    found = _NODE.fullmatch(str(text)) if text is not None else None
    if found is None:
        return {}
    space = int(found[1] or 0)
    value = int(found[3]) if found[2] == "i" else found[3]
    return {f"{name}.namespace": space, f"{name}.{_FIRST_NAMED[found[2]]}": value}


def _named(text: Any) -> Row:
    """A qualified name's parts."""
    space, colon, name = str(text or "").partition(":")
    return {"name.space": int(space), "name": name} if colon and space.isdecimal() else {"name": text}


def _spoken(told: Said) -> Sparse:
    return Sparse({name: said(value) for name, value in told.items()})


def _binary(tables: Tables) -> Iterator[Row]:
    """One row per Hello, Acknowledge and request with its answer."""
    found = parameters(tables, _TABLE)
    alone: dict[int, Row] = {}
    for row in tables(_TABLE):
        if row["operation"] is None:
            alone.setdefault(row["frame"], Sparse(row))[row["name"]] = said(row["value"])
    for row in alone.values():
        yield row | {"size": row["messageSize"]}
    for row in tables("operations"):
        if row["protocol"] != "opcua" or row["item"] != 0:
            continue
        asked, answered = (_spoken(found.get((row["operation"], k), {}).get(0, {})) for k in (False, True))
        channels = [c for c in (asked["secureChannelId"], answered["secureChannelId"]) if c is not None]
        yield Sparse(row) | asked | {
            "size": (asked["messageSize"] or 0) + (answered["messageSize"] or 0),
            "channel": channels[0] if len(set(channels)) == 1 else channels,
            **({"spoken": f"{row['function_name']}Request", "type-space": 0} if asked else {}),
            "messageType": asked["messageType"] or answered["messageType"],
            "isFinal": asked["isFinal"] or answered["isFinal"],
            "sequenceNumber": asked["sequenceNumber"] or answered["sequenceNumber"],
            "answer": row["function"] + _STEP if answered else None,
            "answer-spoken": f"{row['function_name']}Response" if answered else None,
            "answer-space": 0 if answered else None,
            "additional": (asked["additionalHeader"] or 0) if asked else None,
            **{f"answered.{name}": value for name, value in answered.items()},
            "answered.additional": answered["additionalHeader"] or 0,
        }  # fmt: skip


def _messages(function: int, tables: Tables) -> Iterator[tuple[Sparse, dict[int, Sparse]]]:
    """Requests and answers of one service: what is said once, and what of each of several like ones."""
    found = parameters(tables, _TABLE)
    for row in messages(tables, "opcua"):
        if row["function"] != function:
            continue
        told = found.get((row["operation"], row["kind"] != "request"), {})
        once = Sparse(row) | _spoken(told.get(0, {}))
        for name in ("viewId", "sessionId"):
            once |= _node(name, once[name])
        if once["userIdentityToken"] is not None:
            once |= _node("token", f"i={_TOKENS[once['userIdentityToken']]}")
        yield once, {k: _spoken(names) for k, names in sorted(told.items()) if k}


def _once(function: int, tables: Tables) -> Iterator[Row]:
    for once, _ in _messages(function, tables):
        asked = once["kind"] == "request"
        yield once | {"spoken": f"{once['function_name']}{'Request' if asked else 'Response'}"}


def _each(function: int, tables: Tables) -> Iterator[Row]:
    """A row for each of several like ones that has more than a status."""
    for once, elements in _messages(function, tables):
        objects = _objects(tables, once["operation"])
        for k, element in elements.items():
            yield once | element | objects.get(k - 1, {}) | _parts(element)


def _parts(element: Sparse) -> Row:
    row: Row = {}
    for name in ("nodeId", "referenceTypeId", "typeDefinition"):
        row |= _node(name, element[name])
    return row | _named(element["browseName"])


def _references(tables: Tables) -> Iterator[Row]:
    yield from (row for row in _each(_BROWSE, tables) if row["isForward"] is not None)


def _descriptions(tables: Tables) -> Iterator[Row]:
    yield from (row for row in _each(_BROWSE, tables) if row["browseDirection"] is not None)


def _objects(tables: Tables, operation: int) -> dict[int, Row]:
    """Item → the node and the attribute that an operation's item is about."""
    found: dict[int, Row] = {}
    for row in tables("operations"):
        if row["operation"] == operation:
            attribute = _ITEM.match(row["object"] or "")
            found[row["item"]] = _node("item", (row["object"] or "").partition("#")[0]) | {
                "attribute": attribute[1] if attribute else "Value"
            }
    return found


def _nodes(function: int, tables: Tables) -> Iterator[Row]:
    """Requests with the nodes they are about, and answers."""
    for once, elements in _messages(function, tables):
        if once["kind"] != "request":
            yield from (once | element for element in elements.values())
            continue
        for about in _objects(tables, once["operation"]).values():
            yield once | about | {"attributeId": ATTRIBUTES.index(about["attribute"])}


_SOURCES: Final = {_BROWSE: "Browse", _READ: "Read", _WRITE: "Write", _CREATE_ITEMS: "CreateMonitoredItems"}
"""Services whose results the log reads."""


def _statuses(tables: Tables) -> Iterator[Row]:
    """StatusCodes of answers in the order of the octets, taken apart (OPC 10000-4, 7.39)."""
    names = status_names()
    found = parameters(tables, _TABLE)
    for row in messages(tables, "opcua"):
        told = found.get((row["operation"], True), {}) if row["kind"] == "answer" else {}
        codes = [("ResponseHeader", told.get(0, {}).get("serviceResult"))]
        source = _SOURCES.get(row["function"])
        codes += [(str(source), told[k].get("statusCode")) for k in sorted(told) if k and source]
        for name, text in codes:
            if text is not None:
                code = int(text, 16)
                yield row | {
                    "from": name,
                    "status": text,
                    "severity": code >> 30,
                    "sub": code >> 16 & 0xFFF,
                    "name": names.get(code >> 16),
                    "structure-changed": bool(code >> 15 & 1),
                    "semantics-changed": bool(code >> 14 & 1),
                    "info": code >> 10 & 3,
                }


VIEWS: Final[dict[str, View]] = {
    "binary": _binary,
    "opened": partial(_once, _OPEN),
    "created": partial(_once, 461),
    "activated": partial(_once, 467),
    "closed": partial(_once, 473),
    "endpoints_asked": partial(_once, 428),
    "subscribed": partial(_once, 787),
    "watched": partial(_once, _CREATE_ITEMS),
    "watched_items": partial(_each, _CREATE_ITEMS),
    "browsed": partial(_once, _BROWSE),
    "browse_descriptions": _descriptions,
    "references": _references,
    "read_once": partial(_once, _READ),
    "read_nodes": partial(_nodes, _READ),
    "written_nodes": partial(_nodes, _WRITE),
    "statuses": _statuses,
}
