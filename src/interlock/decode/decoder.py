# cython: compiled
"""The interface of a protocol: a decoder that is handed its messages, and the isolation around it."""

from __future__ import annotations

import cython

from interlock.decode.cursor import OverBudgetError
from interlock.errors import DecodeError

__all__ = ["MAX_ROWS", "MAX_STRIKES", "Decoder"]

MAX_STRIKES = 16
"""Messages of one flow that may break a decoder before that flow turns opaque to it."""

MAX_ROWS = 65_536
"""Rows of operations, values, clues, oddities and tables of its own that one message may make; what passes it floods,
and its flow turns opaque. The longest message of a protocol has fewer objects."""


class Decoder:
    """Subclass it, declare `message`, and describe the protocol in the module's SPEC (see spec.py).

    Ready in `message`: `cursor` (begin it on the message's octets), `flows`, `f` (the Functions of the first
    protocol name; `tools.functions(name)` has others), `names` and `objects` (text pools), `values`, `facts`.
    State a flow needs goes into `flows.state[slot]`, bounded; it is dropped with the flow.
    """

    def __init__(self, spec, tools):
        """spec: spec.ProtocolSpec; tools: what the engine lends (tools.Tools)."""
        self.spec = spec
        self.tools = tools
        self.protocol = spec.name
        self.cursor = tools.cursor
        self.beat = tools.beat
        self.flows = tools.flows
        self.facts = tools.facts
        self.values = tools.values
        self.names = tools.names
        self.objects = tools.objects
        self.f = tools.functions(spec.name)
        self.errors = 0
        self.strikes = {}

    def message(self, m, i, out):
        """Decode message i of m into out. Raises DecodeError; whatever else it raises is isolated, too."""
        raise DecodeError("undecoded", 0)

    def forget(self, slot):
        """A flow has ended: drop what is kept for its slot."""
        self.strikes.pop(slot, None)

    def run(self, m, out):
        """Decode every message; one that breaks the decoder becomes an oddity, the rest goes on."""
        i: cython.int
        before: cython.longlong
        most: cython.longlong = MAX_ROWS
        self.beat[3] = 1  # heartbeat.BUSY
        for i in range(m.n):
            self.beat[0] += 1
            self.beat[1] = m.source[i]
            self.beat[2] = self.flows.frame = m.frame[i]
            if self.flows.opaque[m.flow[i]]:
                continue
            self.facts.clock = m.clock[i]
            m.direction[i] = m.side[i] ^ self.flows.client_side[m.flow[i]]  # it may have been set right since
            self.cursor.begin(m.offset[i], m.offset[i] + m.length[i])
            before = out.n + self.values.n + len(self.facts.oddities) + len(self.facts.clues)
            before += self.facts.suppressed + self.facts.detailed
            try:
                self.message(m, i, out)
                self.flows.basis[m.flow[i]] = 3
            except OverBudgetError as error:
                self._struck(m, i, error.oddity, error.offset, MAX_STRIKES)
            except DecodeError as error:
                self._struck(m, i, error.oddity, error.offset, 0)
            except Exception as error:  # noqa: BLE001 (a plug-in's own fault: isolated, reported; the others go on)
                self.errors += 1
                self._struck(m, i, "decoder-error:" + type(error).__name__, self.cursor.offset(), 1)
            before -= out.n + self.values.n + len(self.facts.oddities) + len(self.facts.clues)
            if self.facts.suppressed + self.facts.detailed - before > most:
                self._struck(m, i, "flooded", 0, MAX_STRIKES)
        m.done()
        self.beat[3] = 0

    def _struck(self, m, i, oddity, offset, weight):
        self.facts.oddity(m, i, self.protocol, oddity, offset)
        if weight:
            slot = m.flow[i]
            self.strikes[slot] = self.strikes.get(slot, 0) + weight
            if self.strikes[slot] >= MAX_STRIKES:
                self.flows.opaque[slot] = 2
                self.facts.oddity(m, i, self.protocol, "turned-opaque", offset)
