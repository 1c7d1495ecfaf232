# cython: compiled
"""EtherNet/IP: encapsulation commands, and the items in which they carry CIP.

    encapsulation header | interface handle 4 | timeout 2 | items: count 2, (type 2, length 2, data)…

Source: CIP Volume 2, chapter 2.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.protocols.enip.cip import CommonIndustrial
from interlock.decode.protocols.enip.encapsulation import EncapsulationFramer, probe
from interlock.decode.protocols.enip.services import told
from interlock.decode.protocols.enip.session import meet_implicit, session_of
from interlock.decode.protocols.enip.tables import DETAILS
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Enip"]

UNKNOWN, OK, REFUSED = 0, 1, 2
NO_NUMBER = -(1 << 31)
ENCAPSULATION_STATUS = 0x10000
"""Added to the code of a CIP request that the encapsulation layer refused."""


ENDS = 64
"""Ends of connections that are found by number alone; a power of two."""


class Enip(CommonIndustrial):
    """Encapsulation commands, connected and unconnected explicit messages, implicit ones as flows.

    ends: session << 32 | connection id; end_numbers, end_units: of the connection there, until one opens or closes.
    """

    def __init__(self, spec, tools):
        CommonIndustrial.__init__(self, spec, tools)
        self.io_code = tools.codes["enip-io"]
        self.tells_implicit = False
        self.ends_changes = 0
        self.ends, self.end_numbers = (
            memoryview(np.zeros(ENDS, np.int64)),
            memoryview(np.zeros(ENDS, np.int64)),
        )
        self.end_units = memoryview(np.full(ENDS, -1, np.int32))

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        slot: cython.int = m.flow[i]
        is_datagram: cython.bint = self.flows.transport[slot] == 17
        if is_datagram and c.left() >= 4 and c.peek(2) == 0x02 and c.peek(3) == 0x80 and c.peek(1) == 0:
            self._implicit(m, i, slot)
            return
        command: cython.int = c.u16le()
        length: cython.int = c.u16le()
        session: cython.longlong = c.u32le()
        status: cython.longlong = c.u32le()
        context: cython.ulonglong = c.u64le()
        if c.u32le() != 0:
            self.facts.oddity(m, i, "enip", "options-set", 20)
        if length != c.left():
            self.facts.oddity(m, i, "enip", "length-mismatch", 2)
            if length < c.left():
                c.end = c.position + length
        self.session = self.flows.state[slot]
        if self.session is None:
            self.session = self.flows.state[slot] = session_of(self, m, i)
        if command == 0x6F or command == 0x70:
            self._carrier(m, i, out, status, context)
        else:
            self._command(m, i, out, command, length, session, status, context)

    def _implicit(self, m, i, slot):
        """Name and turn the flow of a class 0 or 1 message and check its length fields; no operation is made."""
        c: Cursor = self.cursor
        if self.flows.protocol[slot] != self.io_code:
            self.tells_implicit = self.facts.wants("cip_implicit")
            self.flows.protocol[slot] = self.io_code
            c.skip(6)
            meet_implicit(self, m, i, c.u32le())
            c.seek(0)
        items: cython.int = c.u16le()
        c.skip(2)
        size: cython.int = c.u16le()
        if items != 2 or size != 8:
            raise DecodeError("implicit-address-malformed", 0)
        connection: cython.longlong = c.u32le()
        sequence: cython.longlong = c.u32le()
        if c.u16le() != 0xB1 or c.u16le() != c.left():
            raise DecodeError("implicit-length-mismatch", 14)
        if self.tells_implicit:
            self._tell_implicit(m, i, slot, connection, sequence)

    def _tell_implicit(self, m, i, slot, connection, sequence):
        """A row of the message, which a plant has by the thousand: only where its table was asked for."""
        row = {
            "connection": connection,
            "sequence": sequence,
            "from_client": m.side[i] == self.flows.client_side[slot],
            "data": self.cursor.rest(),
        }
        self.facts.detail("cip_implicit", m, i, row)

    def _command(self, m, i, out, command, length, session, status, context):
        """Take what the encapsulation layer itself asks and answers."""
        key: cython.longlong = self._context_key(context) | 0xFF0000 | command
        row: cython.int
        if not self._is_answer(m, i, command, length, session, status):
            row = out.ask(m, i, self.f, command, key)
            out.set_transaction(row, context & 0x7FFFFFFFFFFFFFFF)
            if command == 0x00 or command == 0x66:
                out.settle(row, UNKNOWN, NO_NUMBER)
            return
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, command, context & 0x7FFFFFFFFFFFFFFF)
        if status:
            out.settle(row, REFUSED, min(status, 0x7FFFFFFF))
        elif command == 0x63 or command == 0x04:
            told(self, m, i, command)

    def _is_answer(self, m, i, command, length, session, status):
        """Whether the server sent it; where neither port nor SYN tells, by what only an answer has."""
        slot: cython.int = m.flow[i]
        server: cython.int = self.flows.server_port(slot)
        client: cython.int = self.flows.client_port(slot)
        if (server == 44818) != (client == 44818) or (self.flows.oriented[slot] and server != client):
            return m.direction[i] == 1
        answer: cython.bint
        if command == 0x65:
            answer = session != 0 or status != 0
        elif command == 0x04 or command == 0x63 or command == 0x64:
            answer = length > 0 or status != 0
        else:
            answer = m.direction[i] == 1
        return answer

    def _context_key(self, context):
        """Make a sender context the upper bits of a pairing key."""
        p1: cython.ulonglong = 0x9E3779B97F4A7C15
        p2: cython.ulonglong = 0xBF58476D1CE4E5B9
        all_ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
        bit: cython.ulonglong = 0x4000000000000000
        h: cython.ulonglong = (context * p1) & all_ones
        h = h ^ (h >> 29)
        h = (h * p2) & all_ones
        return cython.cast(cython.longlong, ((h >> 26) << 24) | bit)

    def _carrier(self, m, i, out, status, context):
        """SendRRData, SendUnitData: find the address and the data among the items."""
        c: Cursor = self.cursor
        if c.left() < 8:
            if status:
                self._undeliverable(m, i, out, context, status)
            else:
                self.facts.oddity(m, i, "enip", "carrier-empty", 24)
            return
        if c.u32le() != 0:
            raise DecodeError("interface-handle-unknown", 24)
        c.skip(2)
        items: cython.int = c.u16le()
        connection: cython.longlong = -1
        data: cython.Py_ssize_t = -1
        data_size: cython.Py_ssize_t = 0
        data_kind: cython.int = 0
        k: cython.int
        for k in range(items):
            if c.left() < 4:
                self.facts.oddity(m, i, "enip", "item-count-mismatch", 30)
                break
            kind: cython.int = c.u16le()
            size: cython.Py_ssize_t = c.u16le()
            if size > c.left():
                self.facts.oddity(m, i, "enip", "item-length-mismatch", c.offset() - 2)
                size = c.left()
            begin: cython.Py_ssize_t = c.offset()
            if kind == 0xA1 and size >= 4:
                connection = c.u32le()
            elif kind == 0xB1 or kind == 0xB2:
                data = begin
                data_size = size
                data_kind = kind
            c.seek(begin + size)
        if c.left():
            self.facts.oddity(m, i, "enip", "trailing-octets", c.offset())
        if data >= 0:
            c.seek(data)
            c.end = c.position + data_size
            self._route(m, i, out, data_kind, connection, context)

    def _route(self, m, i, out, kind, connection, context):
        """Set the pairing key: connection and sequence, or sender context; then read the message."""
        c: Cursor = self.cursor
        unit: cython.int = -1
        if kind == 0xB1:
            self.transaction = c.u16le()
            if c.left() == 0:
                return
            k: cython.int = self._end(connection)
            unit = self.end_units[k]
            self.base = ((self.end_numbers[k] << 16) | self.transaction) << 24
        else:
            shown: cython.ulonglong = 0x7FFFFFFFFFFFFFFF
            self.transaction = context & shown
            self.base = self._context_key(context)
        self._router(m, i, out, unit)

    def _end(self, connection):
        """Where an open connection's own number and its unit stand at hand; 0 and -1 for one that was not seen open."""
        session: cython.longlong = self.session.number
        changes: cython.longlong = self.memory.changes
        at: cython.longlong = (session << 32) | connection
        k: cython.int = (connection ^ (connection >> 8) ^ (connection >> 16) ^ session) & 63
        if self.ends_changes != changes:
            self.ends_changes = changes
            self.ends = memoryview(np.zeros(ENDS, np.int64))
        if self.ends[k] != at:
            known = self.connections.get(at)
            self.ends[k] = at
            self.end_numbers[k] = 0 if known is None else known.number
            self.end_units[k] = -1 if known is None else known.unit
        return k

    def _undeliverable(self, m, i, out, context, status):
        """Take a carrier that was refused for the answer to every request in it."""
        base: cython.longlong = self._context_key(context)
        row: cython.int
        for key in self.recall(base):
            row = out.answer(m, i, key)
            if row >= 0:
                out.settle(row, REFUSED, ENCAPSULATION_STATUS + (status & 0xFFFF))


SPEC = ProtocolSpec(
    name="enip",
    names=("enip", "cip", "enip-io", "pccc"),
    probe=probe,
    decoder=Enip,
    tcp=frozenset({44818}),
    udp=frozenset({44818, 2222}),
    framer=EncapsulationFramer,
    details=DETAILS,
    timeout_ns=30_000_000_000,
    control=True,
)
"""timeout_ns: what a Logix message waits unless its program says otherwise (Rockwell 1756-PM012, message time-outs);
a controller that checks new firmware is silent for 16 s before it answers the last block."""
