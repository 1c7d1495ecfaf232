"""Alarms and messages of CPU functions: indications, acknowledgement, lock and query.

| [time 8] | 0 | objects 1 | 0x12 | length 1 | syntax 1 | values 1 | event 4 | states … | values … |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.s7comm.blocks import text_of
from interlock.decode.protocols.s7comm.exchange import ANSWER, REFUSED, REQUEST, SUCCESS
from interlock.decode.protocols.s7comm.timestamps import bcd_text

if TYPE_CHECKING:
    from interlock.decode.protocols.s7comm.exchange import Exchange

__all__ = ["alarm", "diagnostic_message", "message_service"]

SCAN, QUERY = 0x0409, 0x0413
_TIMED: Final = frozenset({0x0405, 0x0406, 0x040C, 0x0411, 0x0412, 0x0416})
"""Indications that begin with the time of the event."""
_STATES: Final = {0x15: 0, 0x16: 4, 0x19: 2, 0x1C: 8}
"""Syntax id of an alarm's dataset → octets of states behind the event id."""
_WITH_VALUES: Final = frozenset({0x16, 0x1C})
_EVENTS: Final = ("MODE", "SYS", "USR", "4", "5", "6", "7", "ALM")
_ALARM_TYPES: Final = {1: "SCAN", 2: "ALARM_8", 4: "ALARM_S"}


def alarm(x: Exchange) -> None:
    """Make a request's or indication's events its items; an answer has a return code for each."""
    c = x.s7.cursor
    if x.method == ANSWER:
        if x.function == QUERY or c.left() < 2:
            return
        c.skip(1)
        for k in range(min(c.u8(), c.left())):
            code = c.u8()
            if code != SUCCESS:
                x.out.settle_item(x.row, k, REFUSED, code)
        return
    c.skip(12 if x.function == SCAN else 8 if x.function in _TIMED else 0)
    c.skip(1)
    events: list[tuple[str, int]] = []
    values: list[tuple[str, int, int]] = []
    for _ in range(c.u8()):
        name, count = _dataset(x)
        events.append((name, 1))
        if count:
            values.append((name, count, c.offset()))
            _pass_over(x, count)
    x.name_each(events)
    for name, count, offset in values:
        c.seek(offset)
        x.values([(name, 0)] * count, padded=False, settle=False)


def _dataset(x: Exchange) -> tuple[str, int]:
    """One alarm: its name, and how many associated values follow."""
    c = x.s7.cursor
    c.skip(1)
    length, syntax = c.u8(), c.u8()
    states = _STATES.get(syntax)
    if states is not None:
        count, event = c.u8(), c.u32be()
        c.skip(states)
        return f"event:0x{event:08x}", count if syntax in _WITH_VALUES else 0
    if syntax == 0x1A:
        c.skip(1)
        kind = c.u8()
        c.skip(1)
        number = c.u32be()
        return (f"alarm-type:{_ALARM_TYPES.get(number, number)}" if kind == 1 else f"event:0x{number:08x}"), 0
    c.skip(max(length - 1, 0))
    return f"syntax:0x{syntax:02x}", 0


def _pass_over(x: Exchange, count: int) -> None:
    c, items = x.s7.cursor, x.s7.items
    for k in range(count):
        items.head()
        if items.code in (SUCCESS, 0):
            c.skip(items.octets)
            if items.octets % 2 and k + 1 < count:
                c.skip(1)


def message_service(x: Exchange) -> None:
    """Which events are subscribed to, and under which name: events 1, reserved 1, name 8."""
    c = x.s7.cursor
    if x.method != REQUEST or c.left() < 10:
        return
    mask = c.u8()
    c.skip(1)
    wanted = [name for bit, name in enumerate(_EVENTS) if mask >> bit & 1]
    x.name("events:" + (",".join(wanted) or "none"))
    user = text_of(c.take(8))
    if user:
        x.out.set_user(x.row, x.s7.names.code(user))


def diagnostic_message(x: Exchange) -> None:
    """Read an entry of the diagnostic buffer: event 2, class 1, OB 1, information 2 + 2 + 4, time 8."""
    c = x.s7.cursor
    event = c.u16be()
    x.name(f"diagnostic:0x{event:04x}", 1)
    c.skip(10)
    x.text(f"diagnostic:0x{event:04x}", bcd_text(c.take(8)), "DATE_AND_TIME")
