"""What requests are about: the parameters of every service that names objects, values or passwords.

Source: ANSI/ASHRAE 135, clauses 13 to 17 and 21 (productions of the service requests).
"""

from __future__ import annotations

from interlock.decode.protocols.bacnet.exchange import WRITTEN
from interlock.decode.protocols.bacnet.names import NO_PROPERTY, object_types
from interlock.decode.protocols.bacnet.notifications import (
    acknowledge,
    event,
    notification,
    notification_multiple,
    subscribe,
    subscribe_multiple,
)
from interlock.decode.protocols.bacnet.parameters import operator, reference, string
from interlock.decode.protocols.bacnet.tags import APPLICATION, OPENING
from interlock.decode.protocols.bacnet.values import (
    Value,
    character_string,
    date_text,
    read_value,
    time_text,
)

__all__ = ["CONFIRMED", "UNCONFIRMED"]

UNSIGNED, OCTETS, STRING, ENUMERATED, DATE, TIME, OBJECT = 2, 6, 7, 9, 10, 11, 12
OUT_OF_SERVICE, PROGRAM_CHANGE, EVENT_STATE = 81, 90, 36
EVENT_ENABLE, EVENT_DETECTION_ENABLE, EVENT_ALGORITHM_INHIBIT = 35, 353, 354
PROGRAM_VERBS = {1: "program-write", 2: "start", 3: "stop", 4: "start", 5: "stop"}
"""BACnetProgramRequest: load, run, halt, restart, unload (clause 12.22.5)."""
REINITIALIZE = (
    "reset",
    "reset",
    "program-read",
    "mode-set",
    "program-write",
    "program-write",
    "mode-set",
    "configure",
)
"""States of ReinitializeDevice: cold and warm start, start and end of a backup, start, end and abortion of a restore,
activation of changes."""
LIFE_SAFETY = {
    1: "alarm-suppress",
    2: "alarm-suppress",
    3: "alarm-suppress",
    4: "reset",
    5: "reset",
    6: "reset",
}
"""BACnetLifeSafetyOperation: silence and reset; the others operate (clause 13.13)."""
MAX_LIST = 4096


def read_range(x):
    """ReadRange: by position, sequence number or time; the count may be negative (backwards)."""
    p = x.p
    identifier, prop, index = p.required(0), p.required(1), p.optional(2)
    row = x.object(identifier, prop, index, -1)
    if p.look() == OPENING and p.number in (3, 6, 7):
        tag = p.number
        p.opens(tag)
        p.skip()
        if tag == 7:
            p.skip()
        if p.look() == APPLICATION:
            count = int.from_bytes(p.content(), "big", signed=True)
            x.out.set_object(row, x.out.object_of(row), abs(count) & 0xFFFFFFFF)


def read_property_multiple(x):
    """A list of objects with lists of properties."""
    p = x.p
    while p.more():
        identifier = p.required(0)
        if not p.opens(1):
            p.closes(1)
        while p.more():
            prop, index = reference(p)
            x.object(identifier, prop, index)
        p.closes(1)


def _write(x, identifier, prop, index, value, priority, row):
    verb = _verb_of_write(prop, value)
    if verb is not None and row >= 0:
        x.verb(verb, row)
    block = x.put(identifier, prop, index, value, WRITTEN)
    if priority is not None:
        x.quality(block, f"priority-{priority}")


def _verb_of_write(prop, value):
    """What writing this property does, where it is more than a write."""
    bits = value.numbers
    if prop == OUT_OF_SERVICE:  # decouples the object from its point, so that its value can be set by hand
        return "force" if bits and bits[0] else None
    if prop == PROGRAM_CHANGE and bits:
        return PROGRAM_VERBS.get(int(bits[0]))
    if prop == EVENT_ENABLE:
        return "alarm-suppress" if 0.0 in bits else "configure"
    if prop == EVENT_DETECTION_ENABLE and bits:
        return "configure" if bits[0] else "alarm-suppress"
    if prop == EVENT_ALGORITHM_INHIBIT and bits:
        return "alarm-suppress" if bits[0] else "configure"
    return None


def write_property(x):
    """Object, property, index, value, priority."""
    p = x.p
    identifier, prop, index = p.required(0), p.required(1), p.optional(2)
    row = x.object(identifier, prop, index)
    if not p.opens(3):
        p.closes(3)
    value = read_value(p, 3)
    _write(x, identifier, prop, index, value, p.optional(4), row)


def write_property_multiple(x):
    """A list of objects with lists of values."""
    for identifier, prop, index, value, priority in _written(x.p):
        _write(x, identifier, prop, index, value, priority, x.object(identifier, prop, index))


def _written(p):
    while p.more():
        identifier = p.required(0)
        if not p.opens(1):
            p.closes(1)
        while p.more():
            prop, index = reference(p)
            if not p.opens(2):
                p.closes(2)
            value = read_value(p, 2)
            yield identifier, prop, index, value, p.optional(3)
        p.closes(1)


def _change_list(x):
    """AddListElement, RemoveListElement."""
    p = x.p
    identifier, prop, index = p.required(0), p.required(1), p.optional(2)
    x.object(identifier, prop, index)
    if p.opens(3):
        x.put(identifier, prop, index, read_value(p, 3), WRITTEN)


def _create(x):
    """CreateObject: of a type, or under a given identifier."""
    p = x.p
    if not p.opens(0):
        p.closes(0)
    kind = p.optional(0)
    if kind is None:
        x.object(p.required(1))
    else:
        x.text(object_types().get(kind) or f"object-type-{kind}")


def _plain_object(x):
    x.object(x.p.plain(OBJECT))


def _file(x):
    """AtomicReadFile, AtomicWriteFile: file, then [0] stream or [1] record access."""
    p = x.p
    identifier = p.plain(OBJECT)
    row = x.object(identifier, count=-1)
    if p.look() != OPENING:
        return
    streams = p.opens(0)
    if not streams:
        p.opens(p.number)
    if p.look() != APPLICATION:
        return
    at = int.from_bytes(p.content(), "big", signed=True)
    if p.look() != APPLICATION:
        return
    if p.number == OCTETS:
        count, content = p.length, p.content()
        code = x.out.object_of(row) if row >= 0 else -1
        if streams and code >= 0:
            x.decoder.files.write(x, code, at, content)
        x.put(identifier, NO_PROPERTY, None, Value("octet-string", raw=content), WRITTEN)
    else:
        count = int.from_bytes(p.content(), "big")
    x.out.set_object(row, x.out.object_of(row), count & 0xFFFFFFFF)


def _life_safety(x):
    p = x.p
    p.required(0)
    operator(x, string(p, 1))
    x.verb(LIFE_SAFETY.get(p.required(2), "operate"))
    identifier = p.optional(3)
    if identifier is not None:
        x.object(identifier)


def _communication_control(x):
    """DeviceCommunicationControl: for how long, whether the device falls silent, and its password."""
    p = x.p
    p.optional(0)
    state = p.required(1)
    x.text(f"communication:{('enable', 'disable', 'disable-initiation')[state] if state < 3 else state}")
    _password(x, 2)


def _reinitialize(x):
    p = x.p
    state = p.required(0)
    x.verb(REINITIALIZE[state] if state < len(REINITIALIZE) else "unknown")
    x.text(f"reinitialize:{state}")
    _password(x, 1)


def _password(x, number):
    """A password stands in clear: kept as a credential that the answer settles."""
    if x.p.has(number):
        content = x.p.content()
        x.decoder.login(x, content[1:])


def _private(x):
    p = x.p
    x.text(f"vendor:{p.required(0)}/{p.required(1)}")


def _message(x):
    """Text messages: from which device, with which text."""
    p = x.p
    device = p.required(0)
    if p.opens(1):
        p.skip_rest(1)
    p.optional(2)
    x.object(device)
    text = string(p, 3)
    if text is not None:
        x.put(device, NO_PROPERTY, None, Value("character-string", text=text), WRITTEN)


def _time(x):
    """TimeSynchronization: the new date and time as one text."""
    p = x.p
    x.text("local-time" if x.out.function_of(x.row) == 256 + 6 else "utc-time")
    if p.look() != APPLICATION or p.number != DATE:
        p.plain(DATE)
    date = date_text(p.content())
    if p.look() != APPLICATION or p.number != TIME:
        p.plain(TIME)
    time = time_text(p.content())
    if date and time:
        x.decoder.put_text(x.m, x.i, x.out, x.row, "time", f"{date}T{time}", WRITTEN)


def _i_am(x):
    """I-Am: device, largest APDU, segmentation, vendor."""
    p = x.p
    device = p.plain(OBJECT)
    x.object(device)
    p.plain(UNSIGNED)
    p.plain(ENUMERATED)
    vendor = p.plain(UNSIGNED)
    x.clue("device-id", f"bacnet:{device & 0x3FFFFF}", 0.9)
    x.vendor(vendor)
    x.decoder.heard(x, device & 0x3FFFFF)


def _i_have(x):
    p = x.p
    device = p.plain(OBJECT)
    identifier = p.plain(OBJECT)
    x.object(identifier)
    x.clue("device-id", f"bacnet:{device & 0x3FFFFF}", 0.9)
    if p.look() == APPLICATION and p.number == STRING:
        name = character_string(p.content())
        if identifier == device:
            x.clue("name", name, 0.9)


def _who_has(x):
    p = x.p
    p.optional(0)
    p.optional(1)
    identifier = p.optional(2)
    if identifier is not None:
        x.object(identifier)
    elif p.has(3):
        x.text(f"name:{character_string(p.content())}")


def _write_group(x):
    """WriteGroup: values for channels of a group of lighting objects."""
    p = x.p
    group, priority = p.required(0), p.required(1)
    x.text(f"group:{group}")
    if p.opens(2):
        value = read_value(p, 2)
        block = x.decoder.put_value(x.m, x.i, x.out, x.row, f"group:{group}", value, WRITTEN)
        x.quality(block, f"priority-{priority}")


def _who_am_i(x):
    """Who-Am-I: a device without an identity says its vendor, model and serial number."""
    p = x.p
    x.vendor(p.plain(UNSIGNED))
    for field in ("product", "serial"):
        if p.look() == APPLICATION and p.number == STRING:
            x.clue(field, character_string(p.content()), 0.9)


def _you_are(x):
    """You-Are: gives the device with this model and serial number its identifier."""
    p = x.p
    vendor = p.plain(UNSIGNED)
    said = []
    while p.look() == APPLICATION and p.number == STRING and len(said) < 2:
        said.append(character_string(p.content()) or "")
    x.text(f"vendor:{vendor}/{'/'.join(said)}")


def _event_object(x):
    """GetEventInformation continues behind an object, if it names one."""
    identifier = x.p.optional(0)
    if identifier is not None:
        x.object(identifier)


CONFIRMED = {
    0: acknowledge,
    1: notification,
    2: event,
    5: subscribe,
    6: _file,
    7: _file,
    8: _change_list,
    9: _change_list,
    10: _create,
    11: _plain_object,
    14: read_property_multiple,
    15: write_property,
    16: write_property_multiple,
    17: _communication_control,
    18: _private,
    19: _message,
    20: _reinitialize,
    26: read_range,
    27: _life_safety,
    28: subscribe,
    29: _event_object,
    30: subscribe_multiple,
    31: notification_multiple,
}
"""Confirmed service → reader of its parameters; services without one (VT, security, audit) are named only."""

UNCONFIRMED = {
    0: _i_am,
    1: _i_have,
    2: notification,
    3: event,
    4: _private,
    5: _message,
    6: _time,
    7: _who_has,
    9: _time,
    10: _write_group,
    11: notification_multiple,
    13: _who_am_i,
    14: _you_are,
}
"""Unconfirmed service → reader of its parameters."""
