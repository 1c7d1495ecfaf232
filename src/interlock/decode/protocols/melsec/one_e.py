"""1E frames (A-compatible): every command's devices and values.

Layouts are drawn in lengths.py. A device is number 4 | code 2 (two characters); a file register has its block behind.
Source: MELSEC communication protocol manual SH-080008, clause 18.
"""

from __future__ import annotations

from interlock.decode.protocols.melsec import session
from interlock.decode.protocols.melsec.devices import BY_NAME, OLD
from interlock.decode.protocols.melsec.lengths import MONITORS
from interlock.decode.sheet import REFUSED
from interlock.decode.values import READ, WRITTEN
from interlock.errors import DecodeError

__all__ = ["OLD_FUNCTION", "OneE"]

OLD_FUNCTION = 65536
ABNORMAL = 0x5B
READ_TYPE = 0x15
NO_BLOCK = -1
DIRECT = -2
"""In place of a block: file registers counted through all blocks."""
REGISTER = BY_NAME["R"]
_BITS = frozenset({0x00, 0x02, 0x04, 0x08})
_WRITES = frozenset({0x02, 0x03, 0x18, 0x3C})
_BLOCKS = frozenset({0x17, 0x18, 0x19, 0x1A})


class OneE:
    """Decodes for the Melsec decoder, whose cursor stands at the frame's beginning."""

    def __init__(self, decoder):
        self.d = decoder
        self._readers = {
            **dict.fromkeys((0x00, 0x01, 0x02, 0x03, 0x17, 0x18, 0x3B, 0x3C), self._range),
            **dict.fromkeys((0x04, 0x05, 0x19), self._test),
            **dict.fromkeys((0x06, 0x07, 0x1A), self._register),
            **dict.fromkeys(MONITORS, self._monitor),
            **dict.fromkeys((0x0E, 0x0F), self._buffer),
        }

    def message(self, m, i, out):
        """A request or an answer."""
        d = self.d
        kind = d.cursor.u8()
        function = OLD_FUNCTION + (kind & 0x7F)
        if kind & 0x80:
            self._answer(m, i, out, function, d.cursor.u8())
            return
        row = out.ask(m, i, d.f, function, function)
        out.set_transaction(row, -1)
        out.set_unit(row, d.unit_text(f"pc:{d.cursor.u8()}"))
        d.cursor.skip(2)
        read = self._readers.get(kind)
        if read is not None:
            read(m, i, out, row, kind)

    def _device(self, kind):
        """Device code, number and block. Raises DecodeError where the code is not defined."""
        c = self.d.cursor
        at = c.offset()
        number, code = c.u32le(), c.u16le()
        name = OLD.get(code) or OLD.get(code << 8 & 0xFF00 | code >> 8)
        if name is None:
            raise DecodeError("device-unknown", at + 4)
        block = c.u16le() if kind in _BLOCKS else DIRECT if kind in (0x3B, 0x3C) else NO_BLOCK
        return BY_NAME.get(name, 0), number, block

    def _object(self, code, number, block):
        d = self.d
        if block == NO_BLOCK:
            return d.requests.object(code, number)
        if block == DIRECT:
            return d.objects.code(f"file-register:{number}")
        return d.objects.code(f"block-{block}:R:{number}")

    def _range(self, m, i, out, row, kind):
        d, c = self.d, self.d.cursor
        obj = self._object(*self._device(kind))
        points = c.u8() or 256
        c.skip(1)
        out.set_object(row, obj, points)
        bits = kind in _BITS
        if kind in _WRITES:
            numbers = d.binary.bits(points) if bits else d.binary.words(points)
            d.requests.written(m, i, out, row, obj, numbers, bits=bits)
        else:
            out.notes[out.operation_of(row)] = [(points, bits)]

    def _each(self, out, row, kind):
        """Rows and devices of a command that names its points one by one."""
        c = self.d.cursor
        count = c.u8()
        c.skip(1)
        for k in range(count):
            point = self._device(kind)
            at = row if k == 0 else out.more(row)
            out.set_object(at, self._object(*point), 1)
            yield at, point

    def _test(self, m, i, out, row, kind):
        """Single points, each with what is written to it."""
        d, bits = self.d, kind in _BITS
        for at, _ in self._each(out, row, kind):
            number = d.cursor.u8() & 1 if bits else d.cursor.u16le()
            d.requests.written(m, i, out, row, out.object_of(at), [number], bits=bits)

    def _register(self, m, i, out, row, kind):
        points = [(*point, 1) for _, point in self._each(out, row, kind)]
        session.of(self.d, m.flow[i]).register(kind, points)

    def _monitor(self, m, i, out, row, kind):
        """What was registered before is what is read now."""
        points = session.of(self.d, m.flow[i]).monitors.get(MONITORS[kind], ())
        for k, (*point, _) in enumerate(points):
            out.set_object(row if k == 0 else out.more(row), self._object(*point), 1)
        if points:
            out.notes[out.operation_of(row)] = [(1, kind in _BITS)] * len(points)

    def _buffer(self, m, i, out, row, kind):
        """Buffer memory of a special function module: its octets."""
        d, c = self.d, self.d.cursor
        address = c.u16le() | c.u8() << 16
        octets = c.u8() or 256
        obj = d.objects.code(f"module-{c.u8():02X}:buffer:{address:X}")
        c.skip(1)
        out.set_object(row, obj, octets)
        if kind == 0x0F:
            d.raw_of(m, i, out, row, c.take(octets), WRITTEN)

    def _answer(self, m, i, out, function, code):
        d = self.d
        row = out.answer(m, i, function)
        asked = out.notes.pop(out.operation_of(row), None) if row >= 0 else None
        if row < 0:
            row = out.orphan(m, i, d.f, function, function)
            out.set_transaction(row, -1)
        if code:
            out.settle(row, REFUSED, d.cursor.u8() if code == ABNORMAL and d.cursor.left() else code)
        elif asked:
            self._values(m, i, out, row, asked)
        elif function == OLD_FUNCTION + 0x0E and d.cursor.left():
            d.raw_of(m, i, out, row, d.cursor.rest(), READ)
        elif function == OLD_FUNCTION + READ_TYPE and d.cursor.left():
            d.facts.clue(m, i, d.facts.sender(m, i), "vendor", "Mitsubishi Electric", "melsec", 0.6)

    def _values(self, m, i, out, row, asked):
        """The points of all items stand in one run: bits two in an octet, or words."""
        d, v = self.d, self.d.values
        if not v.wanted:
            return
        points, bits = sum(count for count, _ in asked), asked[0][1]
        if d.cursor.left() < ((points + 1) // 2 if bits else 2 * points):
            d.facts.oddity(m, i, "melsec", "points-missing", d.cursor.offset())
            return
        numbers = d.binary.bits(points) if bits else d.binary.words(points)
        at, kind = 0, d.bit_type if bits else d.word_type
        for k, (count, _) in enumerate(asked):
            obj = out.object_of(row + k)
            v.block(m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), obj, READ, kind)
            for number in numbers[at : at + count]:
                v.number(number)
            at += count
