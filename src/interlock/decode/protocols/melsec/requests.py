"""What an SLMP command is about: devices, labels, files, passwords; and what it writes.

Source: SLMP reference manual SH-080956ENG clause 5.
"""

from __future__ import annotations

from typing import Final

from interlock.decode import logins
from interlock.decode.protocols.melsec.devices import device_text
from interlock.decode.values import WRITTEN

__all__ = ["MAX_ITEMS", "Requests"]

MAX_ITEMS: Final = 256
EXTENDED: Final = 0x0080
"""Subcommand bit: devices carry an extension (module access, indirection), which is named with its range only."""


class Requests:
    """Reads a request's data; leaves in the notes what the answer needs: [(object code, count, kind)]."""

    def __init__(self, decoder):
        """decoder: the Melsec decoder; its `r` reads the fields."""
        self.d = decoder
        self._readers = {
            0x0401: self._batch, 0x1401: self._batch, 0x0403: self._random, 0x0801: self._random,
            0x1402: self._write_random, 0x0406: self._blocks, 0x1406: self._blocks, 0x0613: self._memory,
            0x1613: self._memory, 0x1630: self._password, 0x1631: self._password, 0x1001: self._mode,
            0x1003: self._mode, 0x041C: self._labels, 0x141B: self._labels, 0x0E31: self._address,
        }  # fmt: skip

    def say(self, m, i, out, row, command, sub):
        """Give the request's row its objects."""
        read = self._readers.get(command)
        if read is not None and not (sub & EXTENDED and command not in (0x1630, 0x1631)):
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
        """Number 2, abbreviations 2, then (length 2 in characters, UTF-16 name …)*; binary frames only."""
        r = self.d.r
        if self.d.ascii:
            return
        count = r.u16()
        if r.u16():
            return  # abbreviated labels: the definitions come first
        for k in range(min(count, MAX_ITEMS)):
            name = r.text(2 * r.u16()).decode("utf-16-le", "replace")
            out.set_object(row if k == 0 else out.more(row), self.d.objects.code("label:" + name[:128]), 1)
            if command == 0x141B:
                self.d.cursor.skip(2)
                self.d.cursor.skip(r.u16())

    def _address(self, m, i, out, row, command, sub):
        out.set_object(row, self.d.objects.code("ip-address"), 1)
