"""One APDU while it is decoded, and how its objects, values and identity facts become rows."""

from __future__ import annotations

from interlock.decode.protocols.bacnet.names import NO_PROPERTY, PRESENT_VALUE
from interlock.decode.protocols.bacnet.values import quality_text

__all__ = ["READ", "REPORTED", "WRITTEN", "Exchange"]

WRITTEN, READ, REPORTED = range(3)
DEVICE = 8
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


class Exchange:
    """Message i of m into out. p: its parameters; row: its first row; who: whose facts an answer tells.

    unit: code of the machine behind the router, or -1. decoder: the Bacnet decoder that lends its tables.
    """

    __slots__ = ("_fresh", "_items", "decoder", "i", "m", "out", "p", "row", "unit", "who")

    def __init__(self, decoder, p):
        self.decoder = decoder
        self.p = p
        self.m = self.out = self.who = None
        self.i = 0
        self.row = self.unit = -1
        self._fresh, self._items = True, 0

    def begin(self, m, i, out, row, *, fresh):
        """Start on a message whose row was just made (fresh: objects may be added to it) or found."""
        self.m, self.i, self.out, self.row = m, i, out, row
        self._fresh, self._items = fresh, 0

    def name(self, code, count=1):
        """Give the message one more object (code in the pool `objects`); its row, or -1 past MAX_ITEMS."""
        if not self._fresh:
            return -1
        out = self.out
        if self._items == 0:
            row = self.row
        elif self._items < MAX_ITEMS:
            row = out.more(self.row)
        else:
            return -1
        self._items += 1
        out.set_object(row, code, count)
        return row

    def object(self, identifier, prop=NO_PROPERTY, index=None, count=1):
        """The same for a property of an object."""
        return self.name(self.decoder.spelling.code(identifier, prop, index), count)

    def text(self, text, count=1):
        """The same for an object that is no BACnet object."""
        return self.name(self.decoder.objects.code(text), count)

    def verb(self, verb, row=None):
        """Say what the message (or one of its rows) does, by name."""
        self.out.set_verb(self.row if row is None else row, self.decoder.verbs[verb])

    def put(self, identifier, prop, index, value, direction):
        """A value of a property; its row in `values`, or -1 where nobody asked for values."""
        d = self.decoder
        v = d.values
        if not v.wanted:
            return -1
        code = d.spelling.code(identifier, prop, index)
        operation = self.out.operation_of(self.row)
        row = v.block(
            self.m, self.i, d.f.protocol_code, operation, self.unit, code, direction, d.names.code(value.kind)
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
            self.decoder.values.set_quality(row, self.decoder.names.code(text))

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
            row = self.put(identifier, prop, index, value, direction)
            if quality is not None and prop == PRESENT_VALUE:
                self.quality(row, quality)
            if direction != WRITTEN:
                self.facts(identifier, prop, index, value)

    def facts(self, identifier, prop, index, value):
        """What a property of the Device object says of the machine."""
        if identifier >> 22 != DEVICE or index is not None:
            return
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
            self.decoder.facts.clue(self.m, self.i, self.who, field, text, "bacnet", confidence)
