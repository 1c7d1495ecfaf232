"""What calls of OPC Classic name: groups, items, places in the address space, sources of alarms.

Handles of items (phServer) are numbers of the server's own; what AddItems got for a name stands for it from then on.
Source: OPC Data Access 2.05a clause 4
and 3.0 clause 4, OPC Alarms and Events 1.10 clause 5, OPC Historical Data Access 1.20 clause 5, and their IDL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.dcerpc.ndr import NdrError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.protocols.dcerpc.ndr import Ndr

__all__ = ["HANDLES", "MAX_ITEMS", "READERS", "item_handles"]

MAX_ITEMS: Final = 256
"""Items of one call that are named; AddItems with more says the first ones."""
_ITEM_DEFINITION: Final = 28


def _group(ndr: Ndr) -> tuple[str, ...]:
    return (f"group:{ndr.string()}",)


def _text(ndr: Ndr) -> tuple[str, ...]:
    text = ndr.string()
    return (text,) if text else ()


def _after_enum(ndr: Ndr) -> tuple[str, ...]:
    """A place behind an enumeration of 16 bits."""
    ndr.number(2)
    return _text(ndr)


def _definitions(ndr: Ndr) -> tuple[str, ...]:
    """OPCITEMDEF: access path, item id, active, client handle, blob, type; strings follow all of them."""
    ndr.number(4)
    count = ndr.number(4)
    there = []
    for _ in range(min(count, MAX_ITEMS)):
        path, item = ndr.number(4), ndr.number(4)
        ndr.take(8)
        ndr.number(4)
        there.append((path, item, ndr.number(4)))
        ndr.take(4)
    ndr.take(_ITEM_DEFINITION * max(0, count - MAX_ITEMS))
    found: list[str] = []
    try:
        for path, item, blob in there:
            if path:
                ndr.string()
            found.append(ndr.string() if item else "")
            if blob:
                ndr.take(ndr.number(4))
    except NdrError:  # of a long list only the beginning is kept
        if not found:
            raise
    return tuple(found)


def _strings(ndr: Ndr) -> tuple[str, ...]:
    """A count and an array of pointers to strings."""
    ndr.number(4)
    count = ndr.number(4)
    if count > MAX_ITEMS:
        raise NdrError
    pointers = [ndr.number(4) for _ in range(count)]
    return tuple(ndr.string() if pointer else "" for pointer in pointers)


def _handles(ndr: Ndr) -> tuple[int, ...]:
    """A count and an array of handles of items."""
    ndr.number(4)
    count = ndr.number(4)
    return tuple(ndr.number(4) for _ in range(min(count, MAX_ITEMS)))


def _sourced(ndr: Ndr) -> tuple[int, ...]:
    """Handles behind an enumeration: cache or device."""
    ndr.number(2)
    return _handles(ndr)


def item_handles(ndr: Ndr) -> tuple[int, ...]:
    """Answer of AddItems: a handle for each item, 0 where it was not added.

    OPCITEMRESULT: handle, type 2 + 2, access rights, size of blob, blob.
    """
    ndr.take(4)
    if ndr.number(4) or not ndr.number(4):  # extensions of ORPCTHAT; no results
        raise NdrError
    found = []
    for _ in range(min(ndr.number(4), MAX_ITEMS)):
        found.append(ndr.number(4))
        ndr.take(16)
    return tuple(found)


_EVENT_SERVER: Final[dict[int, Callable[[Ndr], tuple[str, ...]]]] = {
    8: _text,
    9: _text,
    11: _text,
    12: _text,
    13: _strings,
    14: _strings,
    15: _strings,
    16: _strings,
}
READERS: Final[dict[str, dict[int, Callable[[Ndr], tuple[str, ...]]]]] = {
    "IOPCServer": {3: _group, 5: _group},
    "IOPCServerPublicGroups": {3: _group},
    "IOPCGroupStateMgt": {5: _group, 6: _group},
    "IOPCGroupStateMgt2": {5: _group, 6: _group},
    "IOPCBrowseServerAddressSpace": {4: _after_enum, 5: _after_enum, 6: _text, 7: _text},
    "IOPCBrowse": {4: _text},
    "IOPCItemMgt": {3: _definitions, 4: _definitions},
    "IOPCItemIO": {3: _strings, 4: _strings},
    "IOPCItemProperties": {3: _text, 4: _text, 5: _text},
    "IOPCServerList": {5: _text},
    "IOPCServerList2": {5: _text},
    "IOPCCommon": {7: _text},
    "IOPCEventServer": _EVENT_SERVER,
    "IOPCEventServer2": {**_EVENT_SERVER, 19: _strings, 20: _strings, 21: _strings, 22: _strings},
    "IOPCEventAreaBrowser": {3: _after_enum, 4: _after_enum, 5: _text, 6: _text},
    "IOPCHDA_Server": {6: _strings, 8: _strings},
    "IOPCHDA_Browser": {4: _after_enum, 5: _text},
}
"""Interface → operation → what reads the names behind ORPCTHIS."""

_ASYNC: Final[dict[int, Callable[[Ndr], tuple[int, ...]]]] = {3: _handles, 4: _handles}
HANDLES: Final[dict[str, dict[int, Callable[[Ndr], tuple[int, ...]]]]] = {
    "IOPCSyncIO": {3: _sourced, 4: _handles},
    "IOPCSyncIO2": {3: _sourced, 4: _handles, 5: _handles, 6: _handles},
    "IOPCAsyncIO2": _ASYNC,
    "IOPCAsyncIO3": {**_ASYNC, 9: _handles, 10: _handles},
    "IOPCItemMgt": {5: _handles, 6: _handles},
}
"""Interface → operation → what reads the handles of items behind ORPCTHIS."""
