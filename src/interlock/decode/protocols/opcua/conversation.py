# cython: compiled
"""UA secure conversation: channels and their modes, messages put together from chunks.

    OPN | head 8 | channel 4 | policy URI | sender's certificate | receiver's thumbprint | sequence 4 | request 4 | …
    MSG | head 8 | channel 4 | token 4 | sequence 4 | request 4 | type id | header | …            | signature |
                                        └ encrypted from here on where the mode is SignAndEncrypt ┘

Where the opening was not seen, or was encrypted itself, the mode is told from the first message: one whose
sequence header is followed by the type id of a service can be read, another cannot.
Source: OPC 10000-6, 6.7 (secure conversation), 7.1 (UA TCP).
"""

from __future__ import annotations

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.opcua.channel import MAX_KEPT, MAX_PARTIAL, SIGNATURES, Channel
from interlock.decode.protocols.opcua.identity import Identity
from interlock.decode.protocols.opcua.parameters import PARAMETERS, Told
from interlock.decode.protocols.opcua.service import code_of
from interlock.decode.protocols.opcua.sessions import Sessions, policy_of
from interlock.decode.protocols.opcua.status import status_names
from interlock.decode.protocols.opcua.variants import Variants

__all__ = ["FAULT", "NO_NUMBER", "REFUSED", "UNKNOWN", "Conversation"]

UNKNOWN, REFUSED = 0, 2
NO_NUMBER = -(1 << 31)
OPEN, CLOSE, FAULT = 446, 452, 397
ANSWER_STEP = 3
NETWORK_REQUESTS = (12208, 12211)
"""Requests whose answer's type id is the next one, not the third one after."""

OPENING = 0x7FFFFFFF
"""Channel number under which openings wait for their answer: the request may not know its channel yet."""
MAX_KEPT_IN_ALL = 1 << 26
"""Octets of unfinished messages of all connections."""
DOUBTS = 4
"""Messages that must look encrypted before a channel that was joined late counts as encrypted."""


class Conversation(Decoder):
    """Hands every message that can be read to `service`; state per connection is a channel.Channel."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.v = Variants(self.cursor, self.objects, self.f, self.names, self.values, status_names())
        self.identity = Identity(self.v, self.facts)
        self.sessions = Sessions(self.v, self.facts, self.identity)
        self.answer_ids = {f + (1 if f in NETWORK_REQUESTS else ANSWER_STEP): f for f in self.f.table}
        self.encrypted_name = self.names.code("encrypted")
        self.kept = 0
        self.tells = self.facts.wants(PARAMETERS.name)
        self.told = Told(self.cursor, self.v, self.f, self.facts) if self.tells else None

    def service(self, m, i, out, state, call):
        """A whole message that can be read, the cursor at its type id; call: the request id."""

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        kind: cython.int = c.u24be()
        letter: cython.int = c.u8()
        c.skip(4)
        if kind == 0x4D5347 or kind == 0x434C4F:
            self._chunk(m, i, out, self._channel(m, i), kind, letter)
        elif kind == 0x4F504E:
            self._open(m, i, out, self._channel(m, i))
        else:
            self._hello(m, i, out, kind)

    def _channel(self, m, i):
        slot: cython.int = m.flow[i]
        state = self.flows.state[slot]
        if state is None:
            state = self.flows.state[slot] = Channel()
        return state

    def _hello(self, m, i, out, kind):
        """HEL: version 4, four sizes, endpoint. ACK: without it. ERR: status 4, reason. RHE: server, endpoint."""
        c: Cursor = self.cursor
        state: Channel = self._channel(m, i)
        if self.tells:
            self.told.connection(m, i, answer=kind == 0x41434B or kind == 0x455252)
        if kind == 0x48454C or kind == 0x41434B:
            self.flows.orient(m.flow[i], m.side[i] if kind == 0x48454C else 1 - m.side[i])
            c.skip(20)
            if kind == 0x48454C:
                if state.greeted:
                    self.facts.oddity(m, i, "opcua", "hello-again", 0)
                state.greeted = True
                state.endpoint_url = self.v.string()
        elif kind == 0x524845:
            self.flows.orient(m.flow[i], 1 - m.side[i])
            self.v.skip_string()
            state.endpoint_url = self.v.string()
        else:
            status: cython.longlong = c.u32le()
            self.v.skip_string()
            row: cython.int = out.answer(m, i, state.opening)
            if row >= 0:
                out.settle(row, REFUSED, code_of(status))

    def _opening_key(self, call):
        """Key of an opening: by request id, or for sealed ones (-1) in the order they come."""
        return (OPENING << 32) | (0xFFFFFFFF if call < 0 else call)

    def key(self, state, call):
        """Key of a request: its id within its channel."""
        low: cython.longlong = state.channel & 0x7FFFFFFF
        return (low << 32) | call

    def _open(self, m, i, out, state):
        """An opening or renewal of the secure channel; it can be read where the policy is None."""
        c: Cursor = self.cursor
        channel: cython.longlong = c.u32le()
        policy = policy_of(self.v.string())
        certificate = self.v.octets()
        self.v.skip_string()
        state.policy = policy
        state.signature = SIGNATURES.get(policy, 0)
        answers: cython.int = m.side[i] ^ self.flows.client_side[m.flow[i]]
        if answers:
            state.channel = channel
        if policy == "None":
            state.security = 1
            state.mode = "None"
            self._opened(m, i, out, state)
        else:
            state.security = 0
            state.doubts = DOUBTS
            self._sealed_open(m, i, out, state)
        self.sessions.certificate(m, i, state, "server" if answers else "client", certificate)

    def _sealed_open(self, m, i, out, state):
        """Nothing of the body can be read: openings are paired in their order."""
        key: cython.longlong = self._opening_key(-1)
        state.opening = key
        if m.side[i] == self.flows.client_side[m.flow[i]]:
            row: cython.int = out.ask(m, i, self.f, OPEN, key)
        else:
            row = out.answer(m, i, key)
            if row < 0:
                row = out.orphan(m, i, self.f, OPEN, key)
        out.set_transaction(row, -1)
        self._tell_opening(m, i, out, row, True)

    def _tell_opening(self, m, i, out, row, sealed):
        """What an opening says beside its row, where anybody asks."""
        if self.tells:
            answer: cython.bint = m.side[i] != self.flows.client_side[m.flow[i]]
            self.told.opening(m, i, out.operation_of(row), answer=answer, sealed=sealed)

    def _opened(self, m, i, out, state):
        """Sequence 4, request 4, then the service; the answer names channel and token."""
        c: Cursor = self.cursor
        v: Variants = self.v
        self._sequence(m, i, state, c.u32le())
        call: cython.longlong = c.u32le()
        v.type_id()
        key: cython.longlong = self._opening_key(call)
        row: cython.int
        if v.identifier == OPEN:
            row = out.ask(m, i, self.f, OPEN, key)
            out.set_transaction(row, call)
            state.opening = key
            self._tell_opening(m, i, out, row, False)
            return
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, OPEN, call)
        self._tell_opening(m, i, out, row, False)
        status: cython.longlong = self.response_header()
        if status >> 31 or v.identifier == FAULT:
            out.settle(row, REFUSED, code_of(status))
            return
        c.skip(4)
        state.channel = c.u32le()
        state.old_token = state.token
        state.token = c.u32le()
        self.sessions.announce(m, i, state)

    def _chunk(self, m, i, out, state, kind, letter):
        c: Cursor = self.cursor
        channel: cython.longlong = c.u32le()
        token: cython.longlong = c.u32le()
        if state.security != 1 and self._read_mode(m, i, state, self._begins()) != 1:
            if letter == 0x46:
                self._sealed(m, i, out, kind)
            return
        self._identified(m, i, state, channel, token)
        self._sequence(m, i, state, c.u32le())
        call: cython.longlong = c.u32le()
        if state.signature and state.signature <= c.left():
            c.end -= state.signature
        if letter == 0x46 and not state.partial:
            self.service(m, i, out, state, call)
        else:
            self._collect(m, i, out, state, call, letter)

    def _begins(self):
        """Whether a service's type id stands behind the sequence header."""
        c: Cursor = self.cursor
        v: Variants = self.v
        if c.left() < 11:
            return False
        back: cython.Py_ssize_t = c.offset()
        c.skip(8)
        kind: cython.int = c.peek(0)
        found: cython.bint = False
        if kind <= 2:
            size: cython.int = 2 if kind == 0 else (4 if kind == 1 else 7)
            if c.left() >= size:
                v.type_id()
                found = v.namespace == 0 and (
                    v.identifier in self.answer_ids or v.identifier in self.f.table or v.identifier == FAULT
                )
        c.seek(back)
        return found

    def _read_mode(self, m, i, state, begins):
        """Judge a channel by a message: 1 where it can be read."""
        if begins:
            state.security = 1
            state.mode = None
            if state.policy is not None:
                state.mode = "Sign"
                self.sessions.announce(m, i, state)
        elif state.security == 0:
            state.doubts += 1
            if state.doubts > DOUBTS:
                state.security = 2
                state.mode = "SignAndEncrypt"
                self.sessions.announce(m, i, state)
        return state.security

    def _sealed(self, m, i, out, kind):
        """A message that cannot be read: neither its service nor which answer belongs to which request."""
        row: cython.int
        function: cython.longlong = CLOSE if kind == 0x434C4F else NO_NUMBER
        if m.side[i] == self.flows.client_side[m.flow[i]]:
            row = out.tell(m, i, self.f, function)
        else:
            row = out.orphan(m, i, self.f, function, -1)
            out.set_transaction(row, -1)
        out.settle(row, UNKNOWN, NO_NUMBER)
        if self.tells:
            answer: cython.bint = m.side[i] != self.flows.client_side[m.flow[i]]
            self.told.sealed(m, i, out.operation_of(row), answer=answer)
        if function != CLOSE:
            out.set_name(row, self.encrypted_name)

    def _identified(self, m, i, state, channel, token):
        """Channel and token must be the ones that the opening gave, or the ones before a renewal."""
        if state.channel < 0:
            state.channel = channel
        elif channel != state.channel:
            self.facts.oddity(m, i, "opcua", "channel-unknown", 8)
        if state.token >= 0 and token != state.token and token != state.old_token and state.policy == "None":
            self.facts.oddity(m, i, "opcua", "token-unknown", 12)

    def _sequence(self, m, i, state, number):
        """Sequence numbers rise by one; one that does not rise was sent before, or by somebody else."""
        last: cython.longlong = state.sequence[m.side[i]]
        wraps: cython.longlong = 4294966271  # typed: a bare literal of this size is a Python object
        if 0 <= number <= last and not (number < 1024 and last >= wraps):
            self.facts.oddity(m, i, "opcua", "sequence-not-rising", self.cursor.offset() - 4)
        state.sequence[m.side[i]] = number

    def _collect(self, m, i, out, state, call, letter):
        """A chunk of a message of several: keep it, or with the final one decode them all."""
        c: Cursor = self.cursor
        place: cython.longlong = (call << 1) | m.side[i]
        partial = state.partial.get(place)
        if letter == 0x41:
            self._drop(state, place)
            row: cython.int = out.answer(m, i, self.key(state, call))
            if row >= 0:
                out.settle(row, REFUSED, code_of(c.u32le()))
            return
        if partial is None:
            if letter == 0x46:
                self.service(m, i, out, state, call)
                return
            if len(state.partial) >= MAX_PARTIAL:
                self._drop(state, next(iter(state.partial)))
            partial = state.partial[place] = bytearray()
        room: cython.longlong = min(MAX_KEPT - state.kept, MAX_KEPT_IN_ALL - self.kept)
        piece = c.rest()
        if len(piece) > room:
            self.facts.oddity(m, i, "opcua", "message-too-large", 0)
            piece = piece[: max(0, room)]
        partial += piece
        state.kept += len(piece)
        self.kept += len(piece)
        if letter == 0x46:
            whole = bytes(partial)
            self._drop(state, place)
            c.bind(whole)
            try:
                c.begin(0, len(whole))
                self.service(m, i, out, state, call)
            finally:
                c.bind(m.octets)

    def _drop(self, state, place):
        """Forget an unfinished message."""
        partial = state.partial.pop(place, None)
        if partial is not None:
            state.kept -= len(partial)
            self.kept -= len(partial)

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        state = self.flows.state[slot]
        if isinstance(state, Channel):
            self.kept -= state.kept
            state.kept = 0

    def response_header(self):
        """Time 8, handle 4, StatusCode 4, diagnostics, texts, more. Returns the StatusCode."""
        c: Cursor = self.cursor
        v: Variants = self.v
        kind: cython.longlong = v.identifier
        c.skip(12)
        status: cython.longlong = c.u32le()
        v.skip_diagnostic()
        v.skip_strings()
        v.skip_extension()
        v.identifier = kind
        return status
