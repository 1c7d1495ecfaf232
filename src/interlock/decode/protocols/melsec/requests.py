"""What an SLMP command is about: devices, labels, files, passwords; and what it writes.

Source: SLMP reference manual SH-080956ENG clause 5.
"""

from __future__ import annotations

from typing import Final

from interlock.decode import logins
from interlock.decode.protocols.melsec import files, old_files, session
from interlock.decode.protocols.melsec.devices import device_text
from interlock.decode.values import READ, WRITTEN

__all__ = ["MAX_ITEMS", "Requests"]

MAX_ITEMS: Final = 256
EXTENDED: Final = 0x00C0
"""Subcommand bits of device commands: devices carry an extension (module access, indirection), or a monitor condition
stands before them; these are named with their command only."""
_DEVICES: Final = frozenset({0x0401, 0x1401, 0x0403, 0x1402, 0x0406, 0x1406, 0x0801})


class Requests:
    """Reads a request's data; leaves in the notes what the answer needs: [(object code, count, kind)]."""

    def __init__(self, decoder):
        """decoder: the Melsec decoder; its `r` reads the fields."""
        self.d = decoder
        self._readers = {
            0x0401: self._batch, 0x1401: self._batch, 0x0403: self._random, 0x0801: self._entry, 0x0802: self._execute,
            0x1402: self._write_random, 0x0406: self._blocks, 0x1406: self._blocks, 0x0613: self._memory,
            0x1613: self._memory, 0x1630: self._password, 0x1631: self._password, 0x1001: self._mode,
            0x1003: self._mode, 0x041A: self._labels, 0x141A: self._labels, 0x041C: self._labels, 0x141B: self._labels,
            0x0E31: self._address, 0x0601: self._module, 0x1601: self._module,
            **dict.fromkeys(files.COMMANDS, self._file), **dict.fromkeys(old_files.COMMANDS, self._old_file),
        }  # fmt: skip

    def say(self, m, i, out, row, command, sub):
        """Give the request's row its objects."""
        read = self._readers.get(command)
        if read is not None and not (sub & EXTENDED and command in _DEVICES):
            read(m, i, out, row, command, sub)

    def object(self, code, number):
        """Object code of a device."""
        key = self.d.f.key_base | (code & 0xFFFF) << 32 | number
        found = self.d.objects.find(key)
        return found if found >= 0 else self.d.objects.keep(key, device_text(code, number))

    def written(self, m, i, out, row, obj, numbers, *, bits):
        """Numbers that a request writes to an object, as one block."""
        v, d = self.d.values, self.d
        if v.wanted and numbers:
            kind = d.bit_type if bits else d.word_type
            v.block(m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), obj, WRITTEN, kind)
            for number in numbers:
                v.number(number)

    def _batch(self, m, i, out, row, command, sub):
        """One range, in words or bits."""
        r = self.d.r
        code, number = r.device(wide=sub & 2)
        count = r.u16()
        obj = self.object(code, number)
        out.set_object(row, obj, count)
        bits = sub & 1
        if command == 0x1401:
            self.written(m, i, out, row, obj, r.bits(count) if bits else r.words(count), bits=bits)
        else:
            out.notes[out.operation_of(row)] = [(obj, count, bits)]

    def _random(self, m, i, out, row, command, sub):
        """Numbers of word and double word points, then the devices."""
        r, asked = self.d.r, []
        words, doubles = r.u8(), r.u8()
        for k in range(min(words + doubles, MAX_ITEMS)):
            obj = self.object(*r.device(wide=sub & 2))
            count = 1 if k < words else 2
            out.set_object(row if k == 0 else out.more(row), obj, count)
            asked.append((obj, count, 0))
        out.notes[out.operation_of(row)] = asked

    def _entry(self, m, i, out, row, command, sub):
        """As _random; Execute Monitor reads these points later."""
        r, points = self.d.r, []
        words, doubles = r.u8(), r.u8()
        for k in range(min(words + doubles, MAX_ITEMS)):
            point = (*r.device(wide=sub & 2), -1, 1 if k < words else 2)
            out.set_object(row if k == 0 else out.more(row), self.object(*point[:2]), point[3])
            points.append(point)
        session.of(self.d, m.flow[i]).register(command, points)

    def _execute(self, m, i, out, row, command, sub):
        """What Entry Monitor Device named in this flow."""
        asked = []
        points = session.of(self.d, m.flow[i]).monitors.get(0x0801, ())
        for k, (code, number, _, count) in enumerate(points):
            obj = self.object(code, number)
            out.set_object(row if k == 0 else out.more(row), obj, count)
            asked.append((obj, count, 0))
        if asked:
            out.notes[out.operation_of(row)] = asked

    def _file(self, m, i, out, row, command, sub):
        files.say(self.d, m, i, out, row, command, sub)

    def _old_file(self, m, i, out, row, command, sub):
        old_files.say(self.d, out, row, command)

    def _module(self, m, i, out, row, command, sub):
        """Buffer memory of an intelligent module: start address 4, octets 2, module 2."""
        d, r = self.d, self.d.r
        low, high = r.u16(), r.u16()
        address = low << 16 | high if d.ascii else high << 16 | low
        octets, module = r.u16(), r.u16()
        out.set_object(row, d.objects.code(f"module-{module:02X}:buffer:{address:X}"), octets)
        if command == 0x1601:
            d.raw_of(m, i, out, row, d.cursor.rest(), WRITTEN)

    def _write_random(self, m, i, out, row, command, sub):
        """As _random, each device with its value; in bits: one number of points."""
        r = self.d.r
        words, doubles = r.u8(), 0 if sub & 1 else r.u8()
        for k in range(min(words + doubles, MAX_ITEMS)):
            obj = self.object(*r.device(wide=sub & 2))
            count = 1 if k < words else 2
            out.set_object(row if k == 0 else out.more(row), obj, count)
            numbers = [r.one_bit(wide=sub & 2)] if sub & 1 else r.words(count)
            self.written(m, i, out, row, obj, numbers, bits=sub & 1)

    def _blocks(self, m, i, out, row, command, sub):
        """Numbers of word and bit blocks, then (device, points[, data])*; a bit block counts 16 bits a point."""
        r, asked = self.d.r, []
        words, bits = r.u8(), r.u8()
        for k in range(min(words + bits, MAX_ITEMS)):
            obj, count = self.object(*r.device(wide=sub & 2)), r.u16()
            out.set_object(row if k == 0 else out.more(row), obj, count)
            if command == 0x1406:
                self.written(m, i, out, row, obj, r.words(count), bits=False)
            asked.append((obj, count, 0))
        if command == 0x0406:
            out.notes[out.operation_of(row)] = asked

    def _memory(self, m, i, out, row, command, sub):
        """Head address 4, length 2 in words."""
        r = self.d.r
        low, high = r.u16(), r.u16()
        address = low << 16 | high if self.d.ascii else high << 16 | low
        count = r.u16()
        obj = self.d.objects.code(f"memory:{address}")
        out.set_object(row, obj, count)
        if command == 0x1613:
            self.written(m, i, out, row, obj, r.words(count), bits=False)
        else:
            out.notes[out.operation_of(row)] = [(obj, count, 0)]

    def _password(self, m, i, out, row, command, sub):
        """Length 2, the remote password in clear; its answer tells whether it was right."""
        r = self.d.r
        secret = r.text(min(r.u16(), self.d.cursor.left()))
        login = logins.begin(self.d.facts, m, i, "melsec", "remote-password", None, secret)
        out.notes[out.operation_of(row)] = login

    def _mode(self, m, i, out, row, command, sub):
        """Mode 2: 3 forces it against another client; clear mode 1 of Remote Run clears devices."""
        forced = self.d.r.u16() == 3
        out.set_object(row, self.d.objects.code("mode:forced" if forced else "mode:normal"), 1)

    def _labels(self, m, i, out, row, command, sub):
        """Number 2, abbreviations 2, then labels: length 2 in characters, UTF-16 name, what follows by command.

        041A: unit 1 | 00 | length 2.  141A: the same | data.  041C: nothing.  141B: length 2 | data.
        Binary frames only; abbreviated labels need the definitions that come first.
        """
        d, c = self.d, self.d.cursor
        if d.ascii:
            return
        count = c.u16le()
        if c.u16le():
            return
        if not command & 0x1000:
            out.notes[out.operation_of(row)] = min(count, MAX_ITEMS)
        for k in range(min(count, MAX_ITEMS)):
            name = c.take(2 * c.u16le()).decode("utf-16-le", "replace")
            in_bits = command in (0x041A, 0x141A) and c.u16le() & 0xFF == 0
            length = 1 if command == 0x041C else c.u16le()
            at = row if k == 0 else out.more(row)
            out.set_object(at, d.objects.code("label:" + name[:128]), length)
            if command & 0x1000:
                d.raw_of(m, i, out, at, c.take((length + 15) // 16 * 2 if in_bits else length), WRITTEN)

    def labels_read(self, m, i, out, row, asked):
        """An answer's labels: number 2, then (type 1 | unit 1 | length 2 | data)*; bits come in words."""
        d, c = self.d, self.d.cursor
        for k in range(min(c.u16le(), asked)):
            kind, length = c.u16le(), c.u16le()
            in_bits = out.function_of(row) == 0x041A and kind >> 8 == 0
            d.raw_of(m, i, out, row + k, c.take((length + 15) // 16 * 2 if in_bits else length), READ)

    def _address(self, m, i, out, row, command, sub):
        out.set_object(row, self.d.objects.code("ip-address"), 1)
