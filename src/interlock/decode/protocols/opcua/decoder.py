# cython: compiled
"""OPC UA over UA TCP: service requests and answers, paired by request id within the secure channel.

    request  | type id | token node id | time 8 | handle 4 | diagnostics 4 | audit id | time-out 4 | more | …
    answer   | type id | time 8 | handle 4 | StatusCode 4 | diagnostics | texts | more | …

Source: OPC 10000-4 (services), 7.32 (request header), 7.33 (response header); OPC 10000-6, A (type ids).
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.opcua.attributes import Attributes
from interlock.decode.protocols.opcua.channel import SIGNATURES
from interlock.decode.protocols.opcua.conversation import FAULT, NO_NUMBER, REFUSED, UNKNOWN, Conversation
from interlock.decode.protocols.opcua.service import code_of
from interlock.decode.protocols.opcua.subscriptions import Subscriptions
from interlock.decode.protocols.opcua.tables import DETAILS
from interlock.decode.protocols.opcua.transport import MAX_CHUNK, PORT, UaFramer, probe
from interlock.decode.protocols.opcua.view import View
from interlock.decode.spec import ProtocolSpec

__all__ = ["SPEC", "OpcUa"]

CLOSE, ACTIVATE, CLOSE_SESSION, PUBLISH = 452, 467, 473, 826
ANSWER_STEP = 3
MINIMUM_NS, MAXIMUM_NS = 10_000_000_000, 3_600_000_000_000
"""How long an answer is waited for: the request's own hint within these bounds, the longest for Publish."""
LARGEST_ID = 0x7FFFFFFF
"""Type ids beyond are nobody's service, and no function's number."""
MAX_TOKEN = 256
"""Octets of an authentication token by which a session's user is remembered."""
SIGNATURE_SIZES = frozenset(SIGNATURES.values()) - {0}
EXACT = frozenset({527, 530, 631, 634, 673, 676, 826, 829})
"""Type ids of messages that are read to their very end: what is left over is a signature, or does not belong."""


class OpcUa(Conversation):
    """One decoder for clients, servers and discovery."""

    def __init__(self, spec, tools):
        Conversation.__init__(self, spec, tools)
        self.requests, self.answers = {}, {}
        methods = tools.table("opcua", "opcua-methods")
        for services in (
            Attributes(self.v, self.facts, methods, self.identity),
            View(self.v, self.facts),
            Subscriptions(self.v, self.facts, self.identity),
            self.sessions,
        ):
            self.requests.update(services.requests)
            self.answers.update(services.answers)

    def service(self, m, i, out, state, call):
        """A whole message, from its type id on."""
        v: Variants = self.v
        v.type_id()
        kind: cython.longlong = v.identifier if v.namespace == 0 and v.identifier <= LARGEST_ID else -1
        answers: cython.bint = m.side[i] != self.flows.client_side[m.flow[i]]
        if kind in self.f.table:
            if answers:
                answers = self._reversed(m, i)
        elif kind == FAULT or kind in self.answer_ids:
            if not answers:
                answers = not self._reversed(m, i)
        else:
            self.facts.oddity(m, i, "opcua", "service-unknown", 0)
        if answers:
            if self._answer(m, i, out, state, call, kind) and kind in EXACT:
                self._end(m, i, state)
        elif self._ask(m, i, out, state, call, kind) and kind in EXACT:
            self._end(m, i, state)

    def _reversed(self, m, i):
        """A request from the server, or an answer from the client: the sides were guessed wrong, or it is odd."""
        slot: cython.int = m.flow[i]
        if self.flows.basis[slot] != 3 and not self.flows.oriented[slot]:
            self.flows.orient(slot, 1 - self.flows.client_side[slot])
        else:
            self.facts.oddity(m, i, "opcua", "wrong-direction", 0)
        return False

    def _ask(self, m, i, out, state, call, function):
        """A request, its header and its items; whether its body was read."""
        c: Cursor = self.cursor
        v: Variants = self.v
        row: cython.int
        known: cython.bint = function >= 0
        if function == CLOSE:
            row = out.tell(m, i, self.f, CLOSE)  # no stack answers it: the connection is simply closed
            out.settle(row, UNKNOWN, NO_NUMBER)
            out.set_transaction(row, call)
            if self.tells:
                self.told.service(m, i, out.operation_of(row), CLOSE, answer=False)
            return False
        row = out.ask(m, i, self.f, function if known else NO_NUMBER, self.key(state, call))
        out.set_transaction(row, call)
        if self.tells:
            self.told.service(m, i, out.operation_of(row), function, answer=False)
        begin: cython.Py_ssize_t = c.offset()
        v.skip_node()
        size: cython.Py_ssize_t = c.offset() - begin
        c.seek(begin)
        session = c.take(size) if size <= MAX_TOKEN else None
        c.seek(begin + size)
        c.skip(16)
        v.skip_string()
        wait: cython.longlong = c.u32le() * 1_000_000
        v.skip_extension()
        if function == PUBLISH:
            wait = MAXIMUM_NS
        if wait > MINIMUM_NS:
            out.set_timeout(row, min(wait, MAXIMUM_NS))
        if state.users:
            out.set_user(row, state.users.get(session, -1))
        if function == ACTIVATE:
            state.about["asking"] = session
        elif function == CLOSE_SESSION:
            out.notes[out.operation_of(row)] = session
        handler = self.requests.get(function)
        if handler is not None:
            handler(m, i, out, row, state)
        return True

    def _answer(self, m, i, out, state, call, kind):
        """An answer: whatever it says it is, it belongs to the request with its id. Whether its body was read."""
        row: cython.int = out.answer(m, i, self.key(state, call))
        asked: cython.longlong = self.answer_ids.get(kind, NO_NUMBER)
        met: cython.bint = row >= 0
        if not met:
            if asked == NO_NUMBER and kind >= ANSWER_STEP and kind != FAULT:
                asked = kind - ANSWER_STEP
            row = out.orphan(m, i, self.f, asked, call)
        elif kind != FAULT and out.function_of(row) != asked:
            self.facts.oddity(m, i, "opcua", "answer-of-another-service", 0)
            asked = -1
        if self.tells:
            self.told.service(m, i, out.operation_of(row), asked, answer=True)
        status: cython.longlong = self.response_header()
        if status >> 31 or kind == FAULT:
            out.settle(row, REFUSED, code_of(status))
            return False
        handler = self.answers.get(asked)
        if handler is not None:
            handler(m, i, out, row, state)
        return asked >= 0

    def _end(self, m, i, state):
        """Nothing is left where nothing is signed; where a channel was joined late, what is left tells the mode."""
        left: cython.Py_ssize_t = self.cursor.left()
        if state.policy is None and state.mode is None:
            if left == 0:
                state.policy = state.mode = "None"
                self.sessions.announce(m, i, state)
            elif left in SIGNATURE_SIZES:
                state.mode = "Sign"
                state.signature = left
                self.sessions.announce(m, i, state)
        elif left and state.mode == "None":
            self.facts.oddity(m, i, "opcua", "trailing-octets", self.cursor.offset())


SPEC = ProtocolSpec(
    name="opcua",
    names=("opcua",),
    probe=probe,
    decoder=OpcUa,
    tcp=frozenset({PORT}),
    framer=lambda: UaFramer(MAX_CHUNK),
    details=DETAILS,
    control=True,
)
