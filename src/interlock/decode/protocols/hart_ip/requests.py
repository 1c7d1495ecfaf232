"""What a HART command is about: the objects of a request, and what it writes.

Sources: HCF SPEC-127 clause 6 (universal commands), HCF SPEC-151 clause 7 (common practice commands).
"""

from __future__ import annotations

from typing import Final

from interlock.decode.protocols.hart_ip.units import packed_text, plain_text, variable_quality
from interlock.decode.values import WRITTEN

__all__ = ["Requests"]

_LISTED: Final = {9: 8, 33: 4, 107: 8}
"""Commands that list device variable codes, and how many at most."""

_VARIABLE: Final = frozenset({52, 53, 54, 55, 56, 79, 80, 81, 82, 83, 113, 114})
_CHANNEL: Final = frozenset({60, 63, 64, 65, 66, 67, 68, 69, 70})
_FLOATS: Final = {34: ("PV:damping", "s"), 40: ("loop-current:fixed", "mA"), 45: ("loop-current:zero", "mA"),
                  46: ("loop-current:gain", "mA")}  # fmt: skip
_NAMED: Final = {36: "PV:range", 37: "PV:range", 43: "PV:zero", 47: "PV:transfer-function", 49: "PV:serial",
                 100: "PV:alarm"}  # fmt: skip


class Requests:
    """Reads a command's data; `say` is told the request's row, and where the data ends."""

    def __init__(self, decoder):
        """decoder: the HartIp decoder, whose cursor stands on the data."""
        self.d = decoder
        self._readers = {
            6: self._polling, 11: self._tag, 17: self._message, 18: self._tags, 21: self._long_tag, 22: self._long_tag,
            35: self._range, 44: self._units, 71: self._lock, 75: self._channel_poll, 84: self._sub_device,
            768: self._join_key,
        }  # fmt: skip

    def say(self, m, i, out, row, command, length):
        """Give the row of a request its objects and values. length: octets of data."""
        if command in _LISTED:
            for k in range(min(length, _LISTED[command])):
                self._object(out, row if k == 0 else out.more(row), f"variable:{self.d.cursor.u8()}")
        elif command in _VARIABLE and length:
            self._variable(m, i, out, row, command, length)
        elif command in _CHANNEL and length:
            self._object(out, row, f"channel:{self.d.cursor.u8()}")
            if command == 66 and length >= 6:
                unit = self.d.cursor.u8()
                self._number(m, i, out, row, self.d.unit_kind(unit), self.d.cursor.f32be())
        elif command in _FLOATS and length >= 4:
            name, unit = _FLOATS[command]
            self._object(out, row, name)
            self._number(m, i, out, row, self.d.kind(unit), self.d.cursor.f32be())
        elif command in _NAMED:
            self._object(out, row, _NAMED[command])
        else:
            read = self._readers.get(command)
            if read is not None and length:
                read(m, i, out, row, length)

    def _object(self, out, row, text):
        out.set_object(row, self.d.objects.code(text), 1)

    def _block(self, m, i, out, row, kind):
        d = self.d
        return d.values.block(
            m,
            i,
            d.f.protocol_code,
            out.operation_of(row),
            out.unit_of(row),
            out.object_of(row),
            WRITTEN,
            kind,
        )

    def _number(self, m, i, out, row, kind, *numbers):
        block = self._block(m, i, out, row, kind)
        for number in numbers:
            self.d.values.number(number)
        return block

    def _text(self, m, i, out, row, name, text):
        self._object(out, row, name)
        self.d.values.set_text(self._block(m, i, out, row, self.d.kind("text")), text)

    def _variable(self, m, i, out, row, command, length):
        """Variable code first; 79 then has a command code, unit, value and status: the value is simulated."""
        c = self.d.cursor
        self._object(out, row, f"variable:{c.u8()}")
        if command == 79 and length >= 8:
            c.skip(1)
            kind = self.d.unit_kind(c.u8())
            block = self._number(m, i, out, row, kind, c.f32be())
            self.d.values.set_quality(block, self.d.kind(variable_quality(c.u8())))
        elif command == 82 and length >= 7:
            c.skip(1)
            kind = self.d.unit_kind(c.u8())
            self._number(m, i, out, row, kind, c.f32be())
        elif command == 55 and length >= 5:
            self._number(m, i, out, row, self.d.kind("s"), c.f32be())

    def _polling(self, m, i, out, row, length):
        self._object(out, row, "polling-address")
        self._number(m, i, out, row, self.d.kind("octet"), self.d.cursor.u8())

    def _tag(self, m, i, out, row, length):
        self._object(out, row, "tag:" + packed_text(self.d.cursor.take(min(6, length))))

    def _tags(self, m, i, out, row, length):
        self._text(m, i, out, row, "tag", packed_text(self.d.cursor.take(min(6, length))))

    def _long_tag(self, m, i, out, row, length):
        text = plain_text(self.d.cursor.take(min(32, length)))
        if out.function_of(row) == 21:
            self._object(out, row, "tag:" + text)
        else:
            self._text(m, i, out, row, "long-tag", text)

    def _message(self, m, i, out, row, length):
        self._text(m, i, out, row, "message", packed_text(self.d.cursor.take(min(24, length))))

    def _range(self, m, i, out, row, length):
        """Unit, upper and lower range value."""
        c = self.d.cursor
        self._object(out, row, "PV:range")
        self._number(m, i, out, row, self.d.unit_kind(c.u8()), c.f32be(), c.f32be())

    def _units(self, m, i, out, row, length):
        self._object(out, row, "PV:unit")
        self.d.values.set_text(
            self._block(m, i, out, row, self.d.kind("text")), self.d.unit_text(self.d.cursor.u8())
        )

    def _lock(self, m, i, out, row, length):
        self._object(out, row, f"lock:{self.d.cursor.u8()}")

    def _channel_poll(self, m, i, out, row, length):
        self._object(out, row, ".".join(str(self.d.cursor.u8()) for _ in range(min(3, length))))

    def _sub_device(self, m, i, out, row, length):
        self._object(out, row, f"sub-device:{self.d.cursor.u16be()}")

    def _join_key(self, m, i, out, row, length):
        """The key of a wireless network, in clear."""
        self._object(out, row, "join-key")
        self.d.facts.credential(
            m, i, "hart-ip", "join-key", None, self.d.cursor.take(min(16, length)), known=None
        )
