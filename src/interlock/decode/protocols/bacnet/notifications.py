"""Change of value and events: who subscribes, what is told, who acknowledges.

Source: ANSI/ASHRAE 135, clauses 13.1 to 13.16 and 21.
"""

from __future__ import annotations

from interlock.decode.protocols.bacnet.exchange import REPORTED
from interlock.decode.protocols.bacnet.parameters import operator, reference, string
from interlock.decode.protocols.bacnet.tags import APPLICATION, CONTEXT
from interlock.decode.protocols.bacnet.values import DATE, TIME, Value, moment, read_value

__all__ = ["acknowledge", "event", "notification", "notification_multiple", "subscribe", "subscribe_multiple"]

EVENT_STATE = 36
MAX_LIST = 4096


def subscribe(x):
    """SubscribeCOV and SubscribeCOVProperty."""
    p = x.p
    p.required(0)
    identifier = p.required(1)
    p.optional(2)
    p.optional(3)
    if p.opens(4):
        x.object(identifier, *reference(p))
    else:
        x.object(identifier)


def subscribe_multiple(x):
    """SubscribeCOVPropertyMultiple: the properties of each object in its list."""
    p = x.p
    p.required(0)
    while p.look() == CONTEXT:
        p.skip()
    if not p.opens(4):
        return
    while p.more():
        identifier = p.required(0)
        if not p.opens(1):
            p.closes(1)
        while p.more():
            if p.opens(0):
                x.object(identifier, *reference(p))
                p.closes(0)
            else:
                p.skip()  # increments and whatever else: each turn takes something
        p.closes(1)
    p.closes(4)


def notification(x):
    """COV notifications: who initiates it, which object, its values."""
    p = x.p
    p.required(0)
    device = p.required(1)
    identifier = p.required(2)
    p.required(3)
    x.object(identifier)
    x.clue("device-id", f"bacnet:{device & 0x3FFFFF}", 0.8)
    if p.opens(4):
        x.results(identifier, _reported(p, 4), REPORTED)


def _reported(p, closing):
    """A list of BACnetPropertyValue up to its closing tag."""
    found = []
    while p.more() and len(found) < MAX_LIST:
        prop, index = reference(p)
        if not p.opens(2):
            p.closes(2)
        found.append((prop, index, read_value(p, 2)))
        if p.look() == CONTEXT and p.number == 3:
            p.skip()
        elif p.opens(3):
            p.skip_rest(3)
    p.closes(closing)
    return found


def notification_multiple(x):
    """COV notifications of several objects."""
    p = x.p
    p.required(0)
    device = p.required(1)
    p.required(2)
    if p.opens(3):
        p.skip_rest(3)
    x.clue("device-id", f"bacnet:{device & 0x3FFFFF}", 0.8)
    if not p.opens(4):
        return
    while p.more():
        identifier = p.required(0)
        if not p.opens(1):
            p.closes(1)
        x.object(identifier)
        x.results(identifier, _reported(p, 1), REPORTED)
    p.closes(4)


def event(x):
    """Event notifications: which object left which state for which; its message as text."""
    p = x.p
    p.required(0)
    device = p.required(1)
    identifier = p.required(2)
    when = timestamp(p, 3) if p.opens(3) else None
    for number in (4, 5, 6):
        p.optional(number)
    message = string(p, 7)
    x.object(identifier)
    x.clue("device-id", f"bacnet:{device & 0x3FFFFF}", 0.8)
    for number in (8, 9, 10):
        p.optional(number)
    state = p.optional(11)
    if state is not None:
        value = Value("enumerated", (float(state),), message)
        row = x.put(identifier, EVENT_STATE, None, value, REPORTED)
        if row >= 0 and when is not None:
            x.decoder.values.set_device_time(row, when)


def timestamp(p, group):
    """A BACnetTimeStamp up to its group's end: the moment; None for a sequence number or a time of day."""
    when = None
    if p.opens(2):
        date = p.content() if p.look() == APPLICATION and p.number == DATE else b""
        if p.look() == APPLICATION and p.number == TIME:
            when = moment(date, p.content())
        p.skip_rest(2)
    p.skip_rest(group)
    return when


def acknowledge(x):
    """AcknowledgeAlarm: which object's event, and who acknowledges it, as he says."""
    p = x.p
    p.required(0)
    x.object(p.required(1))
    p.optional(2)
    if p.opens(3):
        p.skip_rest(3)
    operator(x, string(p, 4))
