"""What is publicly known of MELSOFT's own frames.

    57 xx … | length 2 at 19 | … header of (octet 23) + 2 | function 2 (high octet first) | …      answer: D7
    5A 00 00 xx: search by broadcast, answered with DA

Source: public discovery scripts and captures: its functions 0101 and 0121 answer with the name of the CPU, the others
are not public.
"""

from __future__ import annotations

__all__ = ["MELSOFT", "Melsoft"]

MELSOFT = 131072
SEARCH = MELSOFT + 0x16000
TYPE_FUNCTIONS = (0x0101, 0x0121)
MAX_ASKING = 1024
"""Ports that MELSOFT's questions are remembered under; it takes a new one for every question."""


class Melsoft:
    """Decodes for the Melsec decoder, whose cursor stands at the frame's beginning."""

    def __init__(self, decoder):
        self.d = decoder
        self._asking = {}

    def _heard(self, m, i, out, row, function, asking):
        """Question and answer are both broadcast, in flows of their own that share the asker's port."""
        if asking is not None and out.heard(m, i, asking, function) >= 0:
            side = self.d.flows.client_side[asking]
            out.set_ends(row, self.d.flows.addresses.code(self.d.facts.address_of(asking, side)), -1)

    def message(self, m, i, out):
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
