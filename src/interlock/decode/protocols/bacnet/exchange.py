# cython: compiled
"""One APDU while it is decoded, and how its objects, values and identity facts become rows."""

from __future__ import annotations

import cython

from interlock.decode.protocols.bacnet.names import NO_PROPERTY, PRESENT_VALUE, point_text
from interlock.decode.protocols.bacnet.tags import Parameters
from interlock.decode.protocols.bacnet.values import quality_text, read_value

__all__ = ["READ", "REPORTED", "WRITTEN", "Exchange"]

WRITTEN, READ, REPORTED = range(3)
STATUS_FLAGS, RELIABILITY = 111, 103
IDENTITY = {
    77: ("name", 0.9),
    70: ("product", 0.9),
    121: ("vendor", 0.9),
    44: ("firmware", 0.9),
    12: ("software", 0.8),
    28: ("description", 0.7),
    58: ("location", 0.9),
    372: ("serial", 0.95),
}
"""Properties of the Device object (clause 12.11) and the clue each is."""
VENDOR_IDENTIFIER, OBJECT_IDENTIFIER = 120, 75
MAX_ITEMS = 512
"""Objects of one message that get a row of their own."""


def settle_written(x):
    """What stands before the property that a WritePropertyMultiple failed at was written."""
    p, out = x.p, x.out
    failed = x.spell(p.required(0), p.required(1), p.optional(2))
    objects = [out.object_of(x.row + k) for k in range(out.items_of(x.row))]
    for k in range(objects.index(failed) if failed in objects else 0):
        out.settle_item(x.row, k, 1, -2147483648)


class Exchange:
    """Message i of m into out. p: its parameters; row: its first row; who: whose facts an answer tells.

    unit: code of the machine behind the router, or -1. decoder: the Bacnet decoder that lends its tables.
    """

    def __init__(self, decoder):
        self.decoder = decoder
        self.p = Parameters()
        self.m = self.out = self.who = None
        self.objects, self.names = decoder.objects, decoder.names
        self.values, self.facts = decoder.values, decoder.facts
        self.clued = self.facts.wants("clues")
        self.protocol_code, self.key_base = decoder.f.protocol_code, decoder.f.key_base
        self.i = 0
        self.row = self.unit = -1
        self.fresh, self.items = True, 0

    def begin(self, m, i, out, row, unit, c, fresh):
        """Start on a message whose row was just made (fresh: objects may be added to it) or found.

        c: stands on its parameters.
        """
        self.m, self.i, self.out, self.row, self.unit = m, i, out, row, unit
        self.fresh, self.items = fresh, 0
        self.p.begin(c)
        return 0

    def name(self, code, count=1):
        """Give the message one more object (code in the pool `objects`); its row, or -1 past MAX_ITEMS."""
        row: cython.int = self.row
        if not self.fresh:
            return -1
        if self.items > 0:
            if self.items >= 512:
                return -1
            row = self.out.more(row)
        self.items += 1
        self.out.set_object(row, code, count)
        return row

    def object(self, identifier, prop=NO_PROPERTY, index=None, count=1):
        """The same for a property of an object; identifier, prop, index: see `spell`."""
        return self.name(self.spell(identifier, prop, index), count) if self.fresh else -1

    def spell(self, identifier, prop=NO_PROPERTY, index=None):
        """Code of a property of an object. identifier: 32 bits; prop: BACnetPropertyIdentifier; index: or None."""
        if index is not None or prop > 0x7FFFFF or identifier > 0xFFFFFFFF:  # hostile ones fit no key
            return self.objects.code(point_text(identifier, prop, index))
        key: cython.ulonglong = self.key_base | (identifier << 23) | prop
        known: cython.int = self.objects.find(key)
        return known if known >= 0 else self.objects.keep(key, point_text(identifier, prop, None))

    def text(self, text, count=1):
        """The same as `name` for an object that is no BACnet object."""
        return self.name(self.objects.code(text), count)

    def verb(self, verb, row=None):
        """Say what the message (or one of its rows) does, by name."""
        self.out.set_verb(self.row if row is None else row, self.decoder.verbs[verb])

    def put(self, identifier, prop, index, value, direction):
        """A value of a property; its row in `values`, or -1 where nobody asked for values."""
        v: ValueSheet = self.values
        if not v.wanted:
            return -1
        row: cython.int = v.block(
            self.m,
            self.i,
            self.protocol_code,
            self.out.operation_of(self.row),
            self.unit,
            self.spell(identifier, prop, index),
            direction,
            self.names.code(value.kind),
        )
        for number in value.numbers:
            v.number(number)
        if value.text is not None:
            v.set_text(row, value.text)
        if value.raw is not None:
            v.set_raw(row, value.raw)
        return row

    def quality(self, row, text):
        """Quality of a row of `values`."""
        if row >= 0:
            self.values.set_quality(row, self.names.code(text))

    def reads(self, identifier, index):
        """Whether anybody wants this property's value: as a value, or for what a Device object tells of itself."""
        return self.values.wanted or (index is None and (identifier >> 22) == 8 and self.clued)

    def asked_property(self):
        """ReadProperty: object, property, index."""
        p: Parameters = self.p
        identifier: cython.ulonglong = p.required(0)
        prop: cython.ulonglong = p.required(1)
        self.object(identifier, prop, p.optional(2))

    def told_property(self):
        """ReadProperty-ACK: the same, then the value."""
        p: Parameters = self.p
        identifier: cython.ulonglong = p.required(0)
        prop: cython.ulonglong = p.required(1)
        index = p.optional(2)
        self.object(identifier, prop, index)
        if not p.opens(3):
            p.closes(3)
        if self.reads(identifier, index):
            self.result(identifier, prop, index, read_value(p, 3), 1)
        else:
            p.pass_value(3)

    def refused(self, service):
        """An Error refuses the request; of a WritePropertyMultiple what stands before the failed one was written."""
        p: Parameters = self.p
        grouped: cython.bint = p.opens(0)
        self.out.settle(self.row, 2, self.error_code())
        if grouped and service == 16:
            p.closes(0)
            if p.opens(1):
                settle_written(self)

    def error_code(self):
        """The code of an Error at hand: 65536 x class + code; classes past 255 count as 255."""
        kind: cython.ulonglong = self.p.plain(9)
        code: cython.ulonglong = self.p.plain(9)
        low: cython.ulonglong = 0xFFFF
        return (min(kind, 255) << 16) | (code & low)

    def results(self, identifier, found, direction):
        """Values of one object, read or reported together: its status flags and reliability qualify the others.

        found: list of (property, index, Value).
        """
        flags = reliability = None
        for prop, _, value in found:
            if prop == STATUS_FLAGS and value.kind == "bit-string":
                flags = value.numbers
            elif prop == RELIABILITY and value.kind == "enumerated":
                reliability = value.numbers[0]
        known = flags is not None or reliability is not None
        quality = quality_text(flags, reliability) if known else None
        for prop, index, value in found:
            row = self.result(identifier, prop, index, value, direction)
            if quality is not None and prop == PRESENT_VALUE:
                self.quality(row, quality)

    def result(self, identifier, prop, index, value, direction):
        """One value that is read, reported or written, and what it says of the machine; its row in `values`, or -1."""
        row: cython.int = self.put(identifier, prop, index, value, direction)
        if direction != 0 and index is None and (identifier >> 22) == 8:
            self._tell(identifier, prop, value)
        return row

    def _tell(self, identifier, prop, value):
        """What a property of the Device object (type 8) says of the machine."""
        known = IDENTITY.get(prop)
        if known is not None:
            self.clue(known[0], value.text, known[1])
        elif prop == VENDOR_IDENTIFIER and value.kind == "unsigned":
            self.vendor(int(value.numbers[0]))
        elif prop == OBJECT_IDENTIFIER and value.kind == "object-identifier":
            self.clue("device-id", f"bacnet:{identifier & 0x3FFFFF}", 0.9)

    def vendor(self, number):
        """The maker's number in ASHRAE's registry."""
        self.clue("vendor-id", f"bacnet:{number}", 0.9)

    def clue(self, field, text, confidence):
        """An identity fact of who sent the message."""
        if text:
            text = text.strip("\x00 \r\n")
            self.facts.clue(self.m, self.i, self.who, field, text, "bacnet", confidence)
