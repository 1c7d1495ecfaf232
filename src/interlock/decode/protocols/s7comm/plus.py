# cython: compiled
"""S7comm-plus to its functions: version, opcode, function, session; what a request is about is read in plus_objects.

    | 0x72 | version 1 | length 2 | [integrity: length 1, digest 32] | opcode 1 | 0 2 | function 2 | 0 2 |
    | sequence 2 | request: session 4, flags 1; answer: flags 1, return value (7 bits an octet) | … |
    | 0x72 | version 1 | 0 2 |     at its end

Source: the published analyses of S7comm-plus (no public specification exists).
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.s7comm.connection import keep
from interlock.decode.protocols.s7comm.plus_identity import of_client, of_record, of_server
from interlock.decode.protocols.s7comm.plus_objects import about, created_ids, object_name, sequence_begins
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["Plus"]

REQUEST, ANSWER, ANSWER_2, NOTIFICATION = 0x31, 0x32, 0x02, 0x33
CREATE_OBJECT, DELETE_OBJECT, INIT_SSL = 0x04CA, 0x04D4, 0x05B3
NO_NUMBER = -2147483648
HEAD = 512
"""Octets of a PDU in several data units that are kept until its last one comes."""


class Plus:
    """Decodes the head of one S7comm-plus PDU at the cursor."""

    def __init__(self, tools):
        self.cursor = tools.cursor
        self.facts = tools.facts
        self.objects = tools.objects
        self.f = tools.functions("s7comm-plus")
        self.report = VERBS.index("report")
        self.verbs = {verb: index for index, verb in enumerate(VERBS)}
        self.notification = tools.names.code("Notification")
        self.system_event = tools.names.code("SystemEvent")

    def receive(self, m, i, out, link):
        """Decode the PDU at the cursor, or keep its head until its last data unit comes."""
        c: Cursor = self.cursor
        side: cython.int = m.side[i]
        held = link.held[side]
        c.skip(1)
        version: cython.int = c.u8()
        length: cython.int = c.u16be()
        if version == 0xFE or version == 0xFF:
            self._event(m, i, out)
            return 0
        if version < 1 or version > 3:
            raise DecodeError("plus-version-unknown", c.offset() - 3)
        left: cython.Py_ssize_t = c.left()
        last: cython.int = 1 if left >= length + 4 else 0
        if left < length:
            self.facts.oddity(m, i, "s7comm-plus", "length-mismatch", c.offset())
        if held is None and last:
            self._head(m, i, out, link, version)
        elif held is None:
            link.held[side] = c.take(min(left, 512))
        elif last:
            link.held[side] = None
            c.bind(held)
            c.begin(0, len(held))
            try:
                self._head(m, i, out, link, version)
            finally:
                c.bind(m.octets)
        return 0

    def _event(self, m, i, out):
        row: cython.int = out.tell(m, i, self.f, -2147483648)
        out.set_verb(row, self.report)
        out.set_name(row, self.system_event)
        return 0

    def _head(self, m, i, out, link, version):
        c: Cursor = self.cursor
        if version == 3:
            c.skip(c.u8())
        opcode: cython.int = c.u8()
        row: cython.int
        if opcode == 0x33:
            c.skip(2)
            row = out.tell(m, i, self.f, -2147483648)
            out.set_verb(row, self.report)
            out.set_name(row, self.notification)
            out.set_object(row, self._numbered(1, c.u32be()), 1)
            return 0
        if opcode != 0x31 and opcode != 0x32 and opcode != 0x02:
            raise DecodeError("plus-opcode-unknown", c.offset() - 1)
        c.skip(2)
        function: cython.int = c.u16be()
        c.skip(2)
        sequence: cython.int = c.u16be()
        if opcode == 0x31:
            self._request(m, i, out, link, function, sequence)
        else:
            self._answer(m, i, out, link, function, sequence)
        return 0

    def _numbered(self, kind, number):
        """`session:0x…` (0) or `subscription:0x…` (1), spelled once."""
        key: cython.ulonglong = self.f.key_base | (kind << 32) | number
        code: cython.int = self.objects.find(key)
        if code >= 0:
            return code
        return self.objects.keep(key, f"{'subscription' if kind else 'session'}:0x{number:08x}")

    def _request(self, m, i, out, link, function, sequence):
        c: Cursor = self.cursor
        row: cython.int = out.ask(m, i, self.f, function, 131072 | sequence)
        out.set_transaction(row, sequence)
        session: cython.longlong = c.u32be()
        flags: cython.int = c.u8()
        octets = c.take(min(c.left(), 512))
        told = about(function, session, octets)
        verb = told.verb
        if function == 0x04CA and session == 0x0120:
            verb = "open"
            self._told(m, i, of_client(octets))
        elif function == 0x04D4 and told.name == "session":
            verb = "close"
        elif function == 0x04D4 and not verb:
            verb = link.created.get(told.name, "")
        elif function == 0x0556:
            sequence_begins(link.sequences, verb)
        elif function == 0x0560 and link.sequences:
            verb = link.sequences.pop()
        if verb:
            out.set_verb(row, self.verbs[verb])
        if told.name and told.name != "session":
            out.set_object(row, self.objects.code(told.name), told.items)
        else:
            out.set_object(row, self._numbered(0, session), 1)
        if flags & 0x40:
            out.settle(row, 0, -2147483648)
        return 0

    def _answer(self, m, i, out, link, function, sequence):
        c: Cursor = self.cursor
        row: cython.int = out.answer(m, i, 131072 | sequence)
        known: cython.int = row
        if row < 0:
            row = out.orphan(m, i, self.f, function, sequence)
        elif out.function_of(row) != function:
            self.facts.oddity(m, i, "s7comm-plus", "function-mismatch", c.offset())
        if c.left() < 2:
            return 0
        c.skip(1)
        self._return_value(out, row)
        if function == 0x05B3:
            link.encrypted = 1
        self._learn(m, i, out, link, known, function)
        return 0

    def _learn(self, m, i, out, link, row, function):
        """Who answers, and what a CreateObject made."""
        c: Cursor = self.cursor
        if function == 0x04CA:
            octets = c.take(min(c.left(), 4096))
            self._told(m, i, of_server(octets))
            if row >= 0 and out.verb_of(row):
                for number in created_ids(octets):
                    keep(link.created, object_name(number, -1), VERBS[out.verb_of(row)])
        elif function == 0x0586:
            self._told(m, i, of_record(c.take(min(c.left(), 512))))
        return 0

    def _told(self, m, i, facts):
        who = self.facts.sender(m, i)
        for field, value, confidence in facts:
            self.facts.clue(m, i, who, field, value, "s7comm-plus", confidence)
        return 0

    def _return_value(self, out, row):
        c: Cursor = self.cursor
        value: cython.ulonglong = 0
        octet: cython.int
        k: cython.int
        for k in range(9):
            if c.left() == 0:
                return 0
            octet = c.u8()
            value = ((value & 0x00FFFFFFFFFFFFFF) << 7) | (octet & 0x7F)
            if octet < 128:
                break
        code: cython.int = value & 0xFFFF
        if code & 0x8000:
            out.settle(row, 2, code - 65536)
        return 0
