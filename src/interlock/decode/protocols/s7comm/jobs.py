"""Cyclic data and the programmer's test jobs, their pushes joined with the request that set them up.

Test and installation functions begin with: parameter octets 2, data octets 2, parameters, data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.s7comm.address import spell
from interlock.decode.protocols.s7comm.blocks import BLOCK_TYPES
from interlock.decode.protocols.s7comm.connection import keep
from interlock.decode.protocols.s7comm.exchange import ANSWER, INDICATION, REFUSED, REQUEST, SUCCESS
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.s7comm.exchange import Exchange

__all__ = ["cyclic", "read_record", "test_job", "unsubscribe"]

BLOCK_STATUS, VARIABLE_STATUS, MODIFY, FORCE, DISABLE, ENABLE, DELETE, READ_JOB, REPLACE, BLOCK_STATUS_2 = (
    0x0101, 0x0102, 0x0108, 0x0109, 0x010D, 0x010E, 0x010F, 0x0111, 0x0112, 0x0113,
)  # fmt: skip
_WATCHING: Final = frozenset(code & 0xFF for code in (BLOCK_STATUS, VARIABLE_STATUS, BLOCK_STATUS_2))
"""Jobs that only show: to begin, pause or end one changes nothing of the controller's."""
_SUBSCRIBE: Final = VERBS.index("subscribe")
_AREAS: Final = {0: 0x83, 1: 0x81, 2: 0x82, 3: 0x80, 5: 0x1D, 6: 0x1C, 7: 0x84}
"""High nibble of a test job's memory area → area of a variable specification."""
_KINDS: Final = {0: 1, 1: 2, 2: 4, 3: 6}
"""Low nibble → transport size."""

Things = list[tuple[str, int]]
"""(object, transport size) of each item."""


def cyclic(x: Exchange) -> None:
    """Reserved 1, items 1; then a request has time base 1, factor 1, specifications, others data items."""
    c = x.s7.cursor
    if c.left() < 2:
        return
    c.skip(1)
    count = c.u8()
    if x.method == REQUEST:
        c.skip(2)
        _subscribe(x, count)
        return
    things = _things(x, count)
    x.values(things, padded=False)


def _subscribe(x: Exchange, count: int) -> None:
    c, address = x.s7.cursor, x.s7.address
    codes: list[tuple[int, int]] = []
    things: Things = []
    for k in range(count):
        start = c.offset()
        address.read()
        codes.append((address.object, address.count))
        things.append((x.s7.objects.texts[address.object] if address.object >= 0 else "", address.kind))
        if (c.offset() - start) % 2 and k + 1 < count:
            c.skip(1)
    for k, (code, number) in enumerate(codes):
        x.out.set_object(x.out.more(x.row) if k else x.row, code, number)
    x.keep_note(things)


def _things(x: Exchange, count: int) -> Things:
    """Find what the values of an answer or push are about: known from the request, else nameless."""
    if x.method == ANSWER and isinstance(x.note, list):
        keep(x.link.jobs, (x.function, x.sequence), x.note)
    known: Any = x.link.jobs.get((x.function, x.sequence), [])
    if x.method == INDICATION and known:
        x.name_each([(name, -1) for name, _ in known])
    return [known[k] if k < len(known) else (f"job:{x.sequence}/{k}", 0) for k in range(count)]


def unsubscribe(x: Exchange) -> None:
    """Read function 1, job id 1: its pushes end."""
    c = x.s7.cursor
    if x.method == REQUEST and c.left() >= 2:
        function, job = c.u8(), c.u8()
        x.name(f"job:{job}", 1)
        for known in (0x0200 | function, 0x0201, 0x0205):
            x.link.jobs.pop((known, job), None)


def read_record(x: Exchange) -> None:
    """Reserved 1, items 1, then a specification (request) or a return code, status and record (answer)."""
    c = x.s7.cursor
    if c.left() < 2:
        return
    c.skip(1)
    if c.u8() == 0:
        return
    if x.method == REQUEST:
        x.s7.address.read()
        x.out.set_object(x.row, x.s7.address.object, x.s7.address.count)
        return
    code = c.u8()
    if code != SUCCESS:
        x.out.settle(x.row, REFUSED, code)
        return
    c.skip(1)
    c.skip(max(c.u8(), 1))
    octets = c.take(min(c.u16be(), c.left()))
    code = x.out.object_of(x.row)
    x.raw(x.s7.objects.texts[code] if code >= 0 else "record", octets)


def test_job(x: Exchange) -> None:
    """Objects of variable status, modify and force with their values; job ids of the job functions."""
    c = x.s7.cursor
    if c.left() < 4:
        if x.method == ANSWER and isinstance(x.note, list):
            keep(x.link.jobs, (x.function, x.sequence), x.note)
        return
    parameters, data = c.u16be(), c.u16be()
    head = c.take(min(parameters, c.left()))
    if x.function in (VARIABLE_STATUS, MODIFY, FORCE):
        _variables(x)
    elif x.method == REQUEST and x.function in (DISABLE, ENABLE, READ_JOB, DELETE, REPLACE) and data >= 2:
        c.skip(2 if x.function in (DELETE, REPLACE) else 0)
        function, job = c.u8(), c.u8()
        x.name(f"job:{function}/{job}", 1)
        if function in _WATCHING and x.function in (DISABLE, ENABLE, DELETE):
            x.out.set_verb(x.row, _SUBSCRIBE)
        if x.function == DELETE:
            x.link.jobs.pop((0x0100 | function, job), None)
    elif x.method == REQUEST and x.function in (BLOCK_STATUS, BLOCK_STATUS_2) and len(head) >= 24:
        kind = BLOCK_TYPES.get(head[21], f"type{head[21]}-")
        x.name(f"{kind}{int.from_bytes(head[22:24], 'big')}", 1)


def _variables(x: Exchange) -> None:
    c = x.s7.cursor
    if c.left() < 2:
        return
    count = min(c.u16be(), c.left())
    if x.method != REQUEST:
        things = _things(x, count)
        if x.function == VARIABLE_STATUS:
            x.values(things, padded=True)
        return
    things, named = [], []
    for _ in range(min(count, c.left() // 6)):
        name, kind, number = _address(x)
        things.append((name, kind))
        named.append((name, number))
    x.name_each(named)
    x.keep_note(things)
    if x.function != VARIABLE_STATUS:
        x.values(things, padded=True)


def _address(x: Exchange) -> tuple[str, int, int]:
    """Area 1, bit or count 1, DB 2, octet (or timer, counter) 2 → object, transport size, count."""
    c = x.s7.cursor
    place, factor, db, octet = c.u8(), c.u8(), c.u16be(), c.u16be()
    area, kind = _AREAS.get(place >> 4, place), _KINDS.get(place & 15, 4)
    if area in (0x1C, 0x1D):
        return spell(area, 0, area, octet), area, factor
    bit = factor & 7 if kind == 1 else 0
    return spell(area, db, kind, octet * 8 + bit), kind, 1 if kind == 1 else factor
