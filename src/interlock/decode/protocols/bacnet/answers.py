"""What answers tell: values, their quality, and what a device says of itself.

Source: ANSI/ASHRAE 135, clauses 13 to 16 and 21 (productions of the acknowledgements and errors).
"""

from __future__ import annotations

from interlock.decode.protocols.bacnet.exchange import READ
from interlock.decode.protocols.bacnet.tags import APPLICATION, CONTEXT, OPENING
from interlock.decode.protocols.bacnet.values import Value, read_value

__all__ = ["ACKNOWLEDGED"]

OCTETS, ENUMERATED, OBJECT = 6, 9, 12
EVENT_STATE = 36
REFUSED = 2
MAX_RESULTS = 4096
ITEMS_MAY_DIFFER = 64
"""How far behind its place an answer's property is looked for among those that were asked for."""


def _read_property_multiple(x):
    p = x.p
    place = 0
    while p.more():
        identifier = p.required(0)
        if not p.opens(1):
            p.closes(1)
        found = []
        while p.more():
            prop, index = p.required(2), p.optional(3)
            x.object(identifier, prop, index)
            place = _result(x, identifier, prop, index, place, found)
        p.closes(1)
        x.results(identifier, found, READ)


def _result(x, identifier, prop, index, place, found):
    """One property's value, kept in `found`, or its error, which settles its item; the next item's place."""
    p, out = x.p, x.out
    at = _item(x, x.spell(identifier, prop, index), place)
    if p.opens(5):
        code = x.error_code()
        p.closes(5)
        if at >= 0:
            out.settle_item(x.row, at, REFUSED, code)
    else:
        if not p.opens(4):
            p.closes(4)
        if x.reads(identifier, index) and len(found) < MAX_RESULTS:
            found.append((prop, index, read_value(p, 4)))
        else:
            p.pass_value(4)
    return at + 1 if at >= 0 else place


def _item(x, code, place):
    """Which item of the request has this object, at `place` or a little behind it; -1 for none."""
    out, row = x.out, x.row
    for k in range(place, min(out.items_of(row), place + ITEMS_MAY_DIFFER)):
        if out.object_of(row + k) == code:
            return k
    return -1


def _read_range(x):
    p = x.p
    identifier, prop, index = p.required(0), p.required(1), p.optional(2)
    while p.look() == CONTEXT:
        p.skip()
    x.object(identifier, prop, index)
    if p.opens(5):
        x.result(identifier, prop, index, read_value(p, 5), READ)


def _read_file(x):
    """AtomicReadFile-ACK: whether the file ends there, then [0] stream access with its octets."""
    p = x.p
    ends = p.look() == APPLICATION and p.content() == b"\x01"
    if not p.opens(0) or p.look() != APPLICATION:
        return
    at = int.from_bytes(p.content(), "big", signed=True)
    if p.look() == APPLICATION and p.number == OCTETS:
        content, code = p.content(), x.out.object_of(x.row)
        d = x.decoder
        if code >= 0:
            d.files.read(x, code, at, content, ends=ends)
        if code >= 0 and d.values.wanted:
            block = d.values.block(
                x.m,
                x.i,
                d.f.protocol_code,
                x.out.operation_of(x.row),
                x.unit,
                code,
                READ,
                d.names.code("octet-string"),
            )
            d.values.set_raw(block, content)


def _created(x):
    """CreateObject-ACK: the identifier that the new object got."""
    x.out.set_object(x.row, x.spell(x.p.plain(OBJECT)), 1)


def _alarm_summary(x):
    p = x.p
    for _ in range(MAX_RESULTS):
        if not p.more():
            return
        identifier, state = p.plain(OBJECT), p.plain(ENUMERATED)
        p.skip()
        x.put(identifier, EVENT_STATE, None, Value("enumerated", (float(state),)), READ)


def _event_information(x):
    p = x.p
    if not p.opens(0):
        return
    while p.more():
        identifier, state = p.required(0), p.required(1)
        x.put(identifier, EVENT_STATE, None, Value("enumerated", (float(state),)), READ)
        while p.look() in (CONTEXT, OPENING) and p.number != 0:
            p.skip()


def _private(x):
    p = x.p
    x.text(f"vendor:{p.required(0)}/{p.required(1)}")
    if p.opens(2):
        x.decoder.put_value(x.m, x.i, x.out, x.row, "result", read_value(p, 2), READ)


ACKNOWLEDGED = {
    3: _alarm_summary,
    6: _read_file,
    10: _created,
    14: _read_property_multiple,
    18: _private,
    26: _read_range,
    29: _event_information,
}
"""Confirmed service → reader of its Complex-ACK (12 is in exchange.py); what has none is only paired."""
