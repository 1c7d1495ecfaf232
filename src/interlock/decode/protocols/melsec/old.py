"""1E frames (A-compatible) and what is publicly known of MELSOFT's own frames.

    1E       subheader | PC number | timer 2 | number 4 | device code 2 | points 1 | 00 | data
             answer: subheader + 80 | completion code | [abnormal code 1 | 00] or data
    MELSOFT  57 xx … | length 2 at 19 | … header of (octet 23) + 2 | function 2 (high octet first) | …      answer: D7
             5A 00 00 xx: search by broadcast, answered with DA

Sources: MELSEC communication protocol manual SH-080008; MELSOFT from public discovery scripts and captures: its
functions 0101 and 0121 answer with the name of the CPU, the others are not public.
"""

from __future__ import annotations

from interlock.decode.protocols.melsec.devices import BY_NAME, OLD
from interlock.decode.sheet import REFUSED
from interlock.decode.values import READ
from interlock.errors import DecodeError

__all__ = ["MELSOFT", "OLD_FUNCTION", "Old"]

OLD_FUNCTION, MELSOFT = 65536, 131072
SEARCH = MELSOFT + 0x16000
TYPE_FUNCTIONS = (0x0101, 0x0121)
ABNORMAL = 0x5B
MAX_ASKING = 1024
"""Ports that MELSOFT's questions are remembered under; it takes a new one for every question."""


class Old:
    """Decodes both for the Melsec decoder, whose cursor stands at the frame's beginning."""

    def __init__(self, decoder):
        self.d = decoder
        self._asking = {}

    def _heard(self, m, i, out, row, function, asking):
        """Question and answer are both broadcast, in flows of their own that share the asker's port."""
        if asking is not None and out.heard(m, i, asking, function) >= 0:
            side = self.d.flows.client_side[asking]
            out.set_ends(row, self.d.flows.addresses.code(self.d.facts.address_of(asking, side)), -1)

    def one_e(self, m, i, out):
        """A 1E frame."""
        d = self.d
        c = d.cursor
        subheader = c.u8()
        function = OLD_FUNCTION + (subheader & 0x7F)
        if subheader & 0x80:
            self._answer(m, i, out, function, c.u8())
            return
        row = out.ask(m, i, d.f, function, function)
        out.set_transaction(row, -1)
        out.set_unit(row, d.unit_text(f"pc:{c.u8()}"))
        c.skip(2)
        if subheader > 3:
            return
        number, code, points = c.u32le(), c.u16le(), c.u8() or 256
        c.skip(1)
        name = OLD.get(code) or OLD.get(code << 8 & 0xFF00 | code >> 8)
        if name is None:
            raise DecodeError("device-unknown", 8)
        obj = d.requests.object(BY_NAME.get(name, 0), number)
        out.set_object(row, obj, points)
        if subheader == 2:
            d.requests.written(m, i, out, row, obj, d.binary.bits(points), bits=True)
        elif subheader == 3:
            d.requests.written(m, i, out, row, obj, d.binary.words(points), bits=False)
        else:
            out.notes[out.operation_of(row)] = [(obj, points, subheader == 0)]

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
            d.r = d.binary
            d.values_of(m, i, out, row, asked, READ)

    def melsoft(self, m, i, out):
        """A frame of MELSOFT's own."""
        d = self.d
        c = d.cursor
        first = c.peek(0)
        if first in (0x5A, 0xDA):
            self._exchange(m, i, out, SEARCH, first == 0xDA)
            return None
        at = 23 + c.peek(23)
        c.seek(at)
        function = c.u16be()
        row = self._exchange(m, i, out, MELSOFT + function, first == 0xD7)
        if first == 0xD7 and function in TYPE_FUNCTIONS and c.left() >= 20:
            c.skip(4)
            d.model(m, i, d.facts.sender(m, i), c.take(16))
        return row

    def _exchange(self, m, i, out, function, answers):
        d = self.d
        slot = m.flow[i]
        port = (d.facts.realm_of(slot), d.flows.client_port(slot))
        if not answers:
            row = out.ask(m, i, d.f, function, function)
            if port not in self._asking and len(self._asking) >= MAX_ASKING:
                del self._asking[next(iter(self._asking))]
            self._asking[port] = slot
        else:
            row = out.answer(m, i, function)
            if row < 0:
                row = out.orphan(m, i, d.f, function, function)
                self._heard(m, i, out, row, function, self._asking.get(port))
        out.set_transaction(row, -1)
        return row
