"""What a FINS answer tells: values, and what the controller says of itself.

Sources: W342 clause 5, W227 clause 5.
"""

from __future__ import annotations

import struct
from typing import Final

from interlock.decode.protocols.fins.areas import AREAS
from interlock.decode.values import READ

__all__ = ["Answers"]

_STATUS: Final = {0x00: "stop", 0x01: "run", 0x80: "standby"}
_MODES: Final = {0: "program", 1: "debug", 2: "monitor", 4: "run"}
_ERROR_RECORD: Final = struct.Struct(">HH6B")
_PLAIN: Final = {1: "octet", 2: "uint16", 4: "uint32"}


class Answers:
    """Reads the octets behind an answer's end code; the row is that of the request, or an orphan."""

    def __init__(self, decoder):
        """decoder: the Fins decoder, whose cursor stands behind the end code."""
        self.d = decoder
        self._readers = {
            0x0101: self._area, 0x0104: self._many, 0x0501: self._controller, 0x0502: self._units,
            0x0601: self._status, 0x0620: self._cycle, 0x0701: self._clock, 0x2102: self._errors, 0x2603: self._name,
        }  # fmt: skip

    def say(self, m, i, out, row, function):
        """Take values and facts out of a good answer."""
        read = self._readers.get(function)
        if read is not None:
            read(m, i, out, row)

    def elements(self, m, i, out, row, code, area, count, direction):
        """`count` elements of an area at the cursor, as one block under the object's code."""
        d = self.d
        c, v = d.cursor, d.values
        kind = AREAS.get(area)
        if not v.wanted or c.left() == 0:
            return
        here = (m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), code, direction)
        if kind is None or (kind.octets == 4 and kind.forced):
            v.set_raw(v.block(*here, d.kinds["octets"]), c.rest())
            return
        if c.left() != kind.octets * count:
            d.facts.oddity(m, i, "fins", "byte-count-mismatch", c.offset())
            count = min(count, c.left() // kind.octets)
        if kind.octets == 2:
            v.block(*here, d.kinds["uint16"])
            v.registers(c, count)
            return
        block = v.block(*here, d.kinds["bit" if kind.octets == 1 else "uint32"])
        octets = c.take(kind.octets * count)
        if kind.octets == 4:
            for (number,) in struct.iter_unpack(">I", octets):
                v.number(number)
            return
        for octet in octets:
            v.number(octet & 1)
        if kind.forced and any(octet & 2 for octet in octets):
            v.set_quality(block, d.kinds["forced"])

    def _area(self, m, i, out, row):
        asked = out.notes.get(out.operation_of(row))
        if asked is not None:
            self.elements(m, i, out, row, out.object_of(row), asked[0], asked[1], READ)
        elif self.d.values.wanted and self.d.cursor.left():
            self._raw(m, i, out, row)

    def _raw(self, m, i, out, row):
        """The request was not seen: its area alone tells what the octets are."""
        d = self.d
        block = d.values.block(
            m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), -1, READ, d.kinds["octets"]
        )
        d.values.set_raw(block, d.cursor.rest())

    def _many(self, m, i, out, row):
        """Each element comes with its area code before it."""
        d = self.d
        c, v = d.cursor, d.values
        asked = out.notes.get(out.operation_of(row)) or []
        for octets in asked:
            kind = AREAS.get(octets >> 24)
            if not v.wanted or kind is None or c.left() < 1 + kind.octets or c.u8() != octets >> 24:
                return
            word = kind.octets == 2
            code = d.requests.area(octets)
            v.block(
                m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), code, READ,
                d.kinds[_PLAIN[kind.octets] if kind.octets > 1 else "bit"],
            )  # fmt: skip
            number = int.from_bytes(c.take(kind.octets), "big")
            v.number(number if word or kind.octets == 4 else number & 1)

    def _controller(self, m, i, out, row):
        """Model 20, version 20, for system use 40 …; longer answers have the version twice."""
        d = self.d
        c = d.cursor
        if c.left() < 40:
            return
        who = d.who(m, i, out, row)
        model, version = _text(c.take(20)), _text(c.take(20))
        if not model.isprintable():
            return  # the configuration of bus units has the same length
        d.facts.clue(m, i, who, "order-number", model, "fins", 0.95)
        d.facts.clue(m, i, who, "product", model, "fins", 0.9)
        d.facts.clue(m, i, who, "firmware", version, "fins", 0.9)
        if model:
            d.facts.clue(m, i, who, "vendor", "Omron", "fins", 0.8)

    def _units(self, m, i, out, row):
        """Number of units 1, then (unit address 1, model 20)*; bit 7 of the number marks the last part."""
        d = self.d
        c = d.cursor
        host = d.facts.sender(m, i)
        for _ in range(min(c.u8() & 0x7F, c.left() // 21)):
            unit, model = c.u8(), _text(c.take(20))
            d.facts.clue(m, i, f"{host}/0.0.{unit}", "product", model, "fins", 0.8)

    def _status(self, m, i, out, row):
        """Status 1, mode 1, fatal errors 2, other errors 2, messages 2, FAL number 2, text 16."""
        d = self.d
        if d.cursor.left() < 26:
            return  # other units' status has its own form
        status, mode, fatal, other, _, fal = struct.unpack(">BBHHHH", d.cursor.take(10))
        text = _STATUS.get(status, str(status)) + "/" + _MODES.get(mode, str(mode))
        self._say(m, i, out, row, "controller:mode", "mode", text=text)
        self._say(m, i, out, row, "controller:errors", "uint16", numbers=(fatal, other, fal))

    def _cycle(self, m, i, out, row):
        """Average, longest and shortest, each 4 octets in 0.1 ms."""
        if self.d.cursor.left() >= 12:
            times = struct.unpack(">III", self.d.cursor.take(12))
            self._say(m, i, out, row, "controller:cycle-time", "0.1ms", numbers=times)

    def _clock(self, m, i, out, row):
        self._say(m, i, out, row, "clock", "clock", text=self.clock())

    def _errors(self, m, i, out, row):
        """Records at most 2, stored 2, told 2, then (error codes 4, minute, second, day, hour, year, month)*."""
        d = self.d
        c = d.cursor
        most, stored, told = c.u16be(), c.u16be(), c.u16be()
        if c.left() != told * _ERROR_RECORD.size:
            d.facts.oddity(m, i, "fins", "byte-count-mismatch", c.offset())
        if not d.values.wanted:
            return
        self._say(m, i, out, row, "error-log:size", "uint16", numbers=(most, stored))
        for _ in range(min(told, c.left() // _ERROR_RECORD.size)):
            code, detail, *when = _ERROR_RECORD.unpack(c.take(_ERROR_RECORD.size))
            minute, second, day, hour, year, month = (f"{octet:02x}" for octet in when)
            text = f"{year}-{month}-{day} {hour}:{minute}:{second}"
            self._say(m, i, out, row, "error-log:record", "error", text=text, numbers=(code, detail))

    def _name(self, m, i, out, row):
        name = _text(self.d.cursor.take(min(8, self.d.cursor.left())))
        self.d.facts.clue(m, i, self.d.who(m, i, out, row), "name", name, "fins", 0.8)

    def _say(self, m, i, out, row, name, kind, *, text=None, numbers=()):
        d = self.d
        block = d.values.block(
            m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), d.objects.code(name), READ,
            d.kinds[kind],
        )  # fmt: skip
        if text is not None:
            d.values.set_text(block, text)
        for number in numbers:
            d.values.number(number)

    def clock(self):
        """Year, month, day, hour, minute (second) in BCD → `YY-MM-DD hh:mm:ss`, as it stands there."""
        c = self.d.cursor
        parts = [f"{octet:02x}" for octet in c.take(5)]
        parts.append(f"{c.u8():02x}" if c.left() else "00")
        return "-".join(parts[:3]) + " " + ":".join(parts[3:])


def _text(octets):
    return octets.decode("ascii", "backslashreplace").strip(" \0")
