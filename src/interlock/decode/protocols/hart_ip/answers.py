"""What a HART response tells: values with their units and quality, and what a device says of itself.

Sources: HCF SPEC-127 clause 6 (universal commands), HCF SPEC-151 clause 7 (common practice commands).
"""

from __future__ import annotations

from typing import Final

from interlock.decode.protocols.hart_ip.units import (
    MAKERS,
    device_quality,
    packed_text,
    plain_text,
    variable_quality,
)

__all__ = ["Answers"]

_DYNAMIC: Final = ("PV", "SV", "TV", "QV")


class Answers:
    """Reads a response's data behind response code and device status; also that of burst messages."""

    def __init__(self, decoder):
        """decoder: the HartIp decoder, whose cursor stands on the data."""
        self.d = decoder
        self._readers = {
            0: self._identity, 11: self._identity, 21: self._identity, 73: self._identity, 75: self._sub_identity,
            1: self._primary, 2: self._current, 3: self._dynamic, 7: self._loop,
            9: self._variables_status, 12: self._message,
            13: self._tag, 14: self._limits, 15: self._information, 20: self._long_tag, 33: self._variables,
            48: self._status, 57: self._tag, 60: self._channel, 61: self._analog_dynamic, 84: self._summary,
            110: self._all_dynamic,
        }  # fmt: skip

    def say(self, m, i, out, row, command, status, direction):
        """Take values and facts out of a response. status: field device status; direction: READ or REPORTED."""
        read = self._readers.get(command)
        if read is not None:
            self._status_octet, self._direction = status, direction
            read(m, i, out, row)

    def _put(self, m, i, out, row, name, kind, *numbers, quality=None):
        d = self.d
        block = d.values.block(
            m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), d.objects.code(name), self._direction,
            kind,
        )  # fmt: skip
        for number in numbers:
            d.values.number(number)
        if quality is not None:
            d.values.set_quality(block, d.kind(quality))
        return block

    def _measured(self, m, i, out, row, name):
        """Unit, then a value of IEEE 754."""
        kind = self.d.unit_kind(self.d.cursor.u8())
        quality = device_quality(self._status_octet, primary=name == "PV", current=False)
        self._put(m, i, out, row, name, kind, self.d.cursor.f32be(), quality=quality)

    def _loop_current(self, m, i, out, row, *more):
        quality = device_quality(self._status_octet, primary=True, current=True)
        self._put(m, i, out, row, "loop-current", self.d.kind("mA"), self.d.cursor.f32be(), quality=quality)

    def _primary(self, m, i, out, row):
        self._measured(m, i, out, row, "PV")

    def _current(self, m, i, out, row):
        self._loop_current(m, i, out, row)
        self._put(m, i, out, row, "percent-of-range", self.d.kind("%"), self.d.cursor.f32be())

    def _dynamic(self, m, i, out, row):
        """Loop current, then as many of the four dynamic variables as the device has."""
        self._loop_current(m, i, out, row)
        self._all_dynamic(m, i, out, row)

    def _all_dynamic(self, m, i, out, row):
        for name in _DYNAMIC:
            if self.d.left() < 5:
                return
            self._measured(m, i, out, row, name)

    def _analog_dynamic(self, m, i, out, row):
        """Analog channel's unit and level, then the dynamic variables."""
        self._measured(m, i, out, row, "PV:channel")
        self._all_dynamic(m, i, out, row)

    def _channel(self, m, i, out, row):
        """Channel, unit, level, percent of range."""
        number = self.d.cursor.u8()
        self._measured(m, i, out, row, f"channel:{number}")
        self._put(m, i, out, row, f"channel:{number}/percent", self.d.kind("%"), self.d.cursor.f32be())

    def _loop(self, m, i, out, row):
        c = self.d.cursor
        self._put(m, i, out, row, "loop-configuration", self.d.kind("octet"), c.u8(), c.u8())

    def _variables_status(self, m, i, out, row):
        """Extended status 1, then (code, classification, unit, value 4, status)*, then the time of the first 4."""
        c = self.d.cursor
        c.skip(1)
        for _ in range(8):
            if self.d.left() < 8:
                return
            name = f"variable:{c.u8()}"
            c.skip(1)
            kind, value = self.d.unit_kind(c.u8()), c.f32be()
            self._put(m, i, out, row, name, kind, value, quality=variable_quality(c.u8()))

    def _variables(self, m, i, out, row):
        """(code, unit, value 4)*."""
        for _ in range(4):
            if self.d.left() < 6:
                return
            self._measured(m, i, out, row, f"variable:{self.d.cursor.u8()}")

    def _limits(self, m, i, out, row):
        """Transducer serial number 3, unit, upper and lower limit, minimum span."""
        c = self.d.cursor
        c.skip(3)
        self._put(m, i, out, row, "PV:limits", self.d.unit_kind(c.u8()), c.f32be(), c.f32be(), c.f32be())

    def _information(self, m, i, out, row):
        """Alarm selection, transfer function, unit, upper and lower range value, damping, write protect …."""
        c = self.d.cursor
        c.skip(2)
        self._put(m, i, out, row, "PV:range", self.d.unit_kind(c.u8()), c.f32be(), c.f32be())
        self._put(m, i, out, row, "PV:damping", self.d.kind("s"), c.f32be())

    def _status(self, m, i, out, row):
        d = self.d
        block = self._put(m, i, out, row, "device-status", d.kind("octets"))
        d.values.set_raw(block, d.cursor.take(d.left()))

    def _message(self, m, i, out, row):
        d = self.d
        block = self._put(m, i, out, row, "message", d.kind("text"))
        d.values.set_text(block, packed_text(d.cursor.take(min(24, d.left()))))

    def _tag(self, m, i, out, row):
        """Tag 6 and descriptor 12, both packed, date 3."""
        c = self.d.cursor
        self._clue(m, i, "name", packed_text(c.take(6)), 0.8)
        self._clue(m, i, "description", packed_text(c.take(12)), 0.6)

    def _long_tag(self, m, i, out, row):
        self._clue(m, i, "name", plain_text(self.d.cursor.take(min(32, self.d.left()))), 0.9)

    def _clue(self, m, i, field, value, confidence):
        self.d.facts.clue(m, i, self.d.who, field, value, "hart-ip", confidence)

    def _identity(self, m, i, out, row):
        """254, expanded device type 2, preambles, revisions …, device id 3; revision 7 adds the manufacturer."""
        self._tell(m, i, self.d.cursor, self.d.left())

    def _sub_identity(self, m, i, out, row):
        octets = self.d.cursor.take(12)
        kind, number = int.from_bytes(octets[1:3], "big"), octets[9:12]
        self.d.who = f"{self.d.host}/{self.d.address_text(kind, number)}"
        self.d.cursor.seek(self.d.cursor.offset() - 12)
        self._tell(m, i, self.d.cursor, self.d.left())

    def _tell(self, m, i, c, left):
        octets = c.take(min(left, 19))
        if len(octets) < 12 or octets[0] != 254:
            return
        kind, number = int.from_bytes(octets[1:3], "big"), octets[9:12]
        maker = int.from_bytes(octets[17:19], "big") if len(octets) >= 19 else kind >> 8
        self.d.identified(m, i, kind, number)
        self._device(m, i, maker, kind, number, octets[5])
        self._clue(m, i, "firmware", str(octets[6]), 0.7)
        self._clue(m, i, "hardware", str(octets[7] >> 3), 0.7)

    def _device(self, m, i, maker, kind, number, revision):
        self._clue(m, i, "vendor-id", f"hart:0x{maker:04x}", 0.9)
        self._clue(m, i, "vendor", MAKERS.get(maker, ""), 0.8)
        self._clue(m, i, "product-code", f"hart:0x{kind:04x}/{revision}", 0.9)
        self._clue(m, i, "serial", str(int.from_bytes(number, "big")), 0.8)
        if self.d.who != self.d.host:
            self._clue(m, i, "unit", self.d.address_text(kind, number), 0.9)

    def _summary(self, m, i, out, row):
        """Index 2, card, channel, manufacturer 2, device type 2, id 3, universal revision, long tag 32, revision."""
        c, d = self.d.cursor, self.d
        c.skip(4)
        maker, kind, number = c.u16be(), c.u16be(), c.take(3)
        c.skip(1)
        tag = plain_text(c.take(32))
        d.who = f"{d.host}/{d.address_text(kind, number)}"
        self._device(m, i, maker, kind, number, c.u8())
        self._clue(m, i, "name", tag, 0.9)
