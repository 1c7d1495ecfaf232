# cython: compiled
"""EtherNet/IP: encapsulation commands, and the CIP requests and answers that they carry.

    encapsulation header | interface handle 4, timeout 2 | items: count 2, (type 2, length 2, data)…   little-endian
    request: service 1 | path size 1 (words) | path | data     answer: service + 128, 0, status 1, words 1 | … | data

One row per innermost request: what a Multiple Service Packet or an Unconnected Send holds, not they themselves.
The module is longer than most because wrapping, pairing and naming of CIP share the cursor and the state of a message.
Source: CIP Volume 1, 2-4, 3-5.5 (Connection Manager), 5A-2 (Message Router), Appendix A; CIP Volume 2, chapter 2.
"""

from __future__ import annotations

import cython

from interlock.decode.cursor import OverBudgetError
from interlock.decode.decoder import Decoder
from interlock.decode.protocols.enip.data_types import DataTypes
from interlock.decode.protocols.enip.encapsulation import EncapsulationFramer, probe
from interlock.decode.protocols.enip.epath import parse_path
from interlock.decode.protocols.enip.services import answered, hooks, told
from interlock.decode.protocols.enip.session import meet_implicit, session_of
from interlock.decode.protocols.enip.symbols import symbol_name
from interlock.decode.protocols.enip.tables import DETAILS
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Enip"]

UNKNOWN, OK, REFUSED = 0, 1, 2
NO_NUMBER = -(1 << 31)
WRITTEN, READ = 0, 1
M64 = (1 << 64) - 1
PARTIAL_TRANSFER = 6
MAX_DEPTH = 4
"""Wrappers in wrappers that are opened."""
MAX_PATHS = 16384
MAX_UNITS = 4096
ENCAPSULATION_STATUS = 0x10000
"""Added to the code of a CIP request that the encapsulation layer refused."""

TAG_READ, OCTETS_READ = 1, 2
"""Notes of requests whose answers are values: typed, or octets only."""


class Enip(Decoder):
    """Encapsulation commands, explicit messages of connected and unconnected CIP, implicit messages as flows."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.cip = tools.functions("cip")
        self.public_objects = tools.table("cip", "cip-objects")
        self.rockwell_objects = tools.table("cip", "cip-rockwell")
        self.types = DataTypes(tools.cursor, tools.values, tools.names, self.cip.protocol_code)
        self.io_code = tools.codes["enip-io"]
        self.hooks = hooks(tools)
        self.paths = {}
        self.units = {}
        self.devices = {}
        self.implicit = {}
        self.session = None
        self.asked = []
        self.base = self.transaction = 0
        self.leaf = 0
        self.wrapped = False

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        slot: cython.int = m.flow[i]
        if (
            self.flows.transport[slot] == 17
            and c.left() >= 4
            and c.peek(3) == 0x80
            and c.peek(0) == 2
            and c.peek(2) == 2
        ):
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
        """A class 0 or 1 message: the flow is named and turned, its length fields checked, no row made."""
        c: Cursor = self.cursor
        if self.flows.protocol[slot] != self.io_code:
            self.flows.protocol[slot] = self.io_code
            c.skip(6)
            meet_implicit(self, m, i, c.u32le())
            c.seek(0)
        items: cython.int = c.u16le()
        c.skip(2)
        size: cython.int = c.u16le()
        if items != 2 or size != 8:
            raise DecodeError("implicit-address-malformed", 0)
        c.skip(8)
        if c.u16le() != 0xB1 or c.u16le() != c.left():
            raise DecodeError("implicit-length-mismatch", 14)

    def _command(self, m, i, out, command, length, session, status, context):
        """What the encapsulation layer itself asks and answers."""
        key: cython.longlong = self._context_key(context) | 0xFF0000 | command
        row: cython.int
        if not self._is_answer(m, i, command, length, session, status):
            row = out.ask(m, i, self.f, command, key)
            out.set_transaction(row, context & 0x7FFFFFFFFFFFFFFF)
            if command == 0x00 or command == 0x66:
                out.settle(row, 0, -2147483648)
            return
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, command, context & 0x7FFFFFFFFFFFFFFF)
        if status:
            out.settle(row, 2, status if status < 0x7FFFFFFF else 0x7FFFFFFF)
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
        """A sender context as the upper bits of a pairing key."""
        h: cython.ulonglong = (context * 0x9E3779B97F4A7C15) & M64
        h = h ^ (h >> 29)
        h = (h * 0xBF58476D1CE4E5B9) & M64
        return cython.cast(cython.longlong, ((h >> 26) << 24) | 0x4000000000000000)

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
            number: cython.longlong = 0
            known = self.session.connections.get(connection)
            if known is not None:
                number = known.number
                unit = known.unit
            self.base = ((number << 16) | self.transaction) << 24
        else:
            self.transaction = context & 0x7FFFFFFFFFFFFFFF
            self.base = self._context_key(context)
        self._router(m, i, out, unit)

    def _router(self, m, i, out, unit):
        """A message for the Message Router: the answer bit says which way it goes."""
        c: Cursor = self.cursor
        slot: cython.int = m.flow[i]
        is_request: cython.bint = c.peek(0) < 128
        if not self.flows.oriented[slot]:
            self.flows.orient(slot, m.side[i] if is_request else 1 - m.side[i])
        self.leaf = 0
        self.wrapped = False
        if is_request:
            self.asked = []
            try:
                self._request(m, i, out, unit, 0)
            finally:
                if self.asked and (self.wrapped or self.base >= 0x4000000000000000):
                    self.session.remember(self.base, self.asked)
        else:
            self.asked = self.session.asked.pop(self.base, None)
            self._response(m, i, out, 0)

    def _undeliverable(self, m, i, out, context, status):
        """The encapsulation layer refused what a carrier held: that answers every request in it."""
        base: cython.longlong = self._context_key(context)
        row: cython.int
        for key in self.session.asked.pop(base, ()):
            row = out.answer(m, i, key)
            if row >= 0:
                out.settle(row, 2, 0x10000 + (status & 0xFFFF))

    def _request(self, m, i, out, unit, depth):
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.offset()
        service: cython.int = c.u8()
        if service >= 128:
            raise DecodeError("answer-among-requests", begin)
        words: cython.int = c.u8() if c.left() else 0
        if 2 * words > c.left():
            self.facts.oddity(m, i, "cip", "path-length-mismatch", begin + 1)
            self._ask(m, i, out, service, None, unit)
            return
        path = self.path(c.take(2 * words))
        if not path.whole:
            self.facts.oddity(m, i, "cip", "path-malformed", begin + 2)
        if service == 0x0A and self._packet_request(m, i, out, unit, depth):
            return
        if service == 0x52 and path.class_id == 6 and self._unwrap(m, i, out, unit, depth):
            return
        self._ask(m, i, out, service, path, unit)

    def _packet_request(self, m, i, out, unit, depth):
        """Multiple Service Packet: a count, offsets from the count, the requests; whether any could be read."""
        c: Cursor = self.cursor
        if depth >= 4:
            self.facts.oddity(m, i, "cip", "nested-too-deep", c.offset())
            return False
        if c.left() < 2:
            return False
        start: cython.Py_ssize_t = c.offset()
        limit: cython.Py_ssize_t = c.end
        count: cython.int = c.u16le()
        rows: cython.int = len(self.asked)
        self.wrapped = True
        k: cython.int
        for k in range(count):
            c.end = limit
            end: cython.Py_ssize_t = self.stretch(m, i, start, count, k)
            if end < 0:
                break
            c.end = end
            try:
                self._request(m, i, out, unit, depth + 1)
            except OverBudgetError:
                raise
            except DecodeError as error:
                self.facts.oddity(m, i, "cip", error.oddity, error.offset)
        c.end = limit
        return len(self.asked) > rows

    def stretch(self, m, i, start, count, k):
        """Stand at the k-th of `count` messages of the packet at offset `start`; where it ends, -1 where it cannot.

        Offsets must rise: no octet belongs to two messages, so that a packet costs no more than its length.
        """
        c: Cursor = self.cursor
        first: cython.Py_ssize_t = 2 + 2 * count
        room: cython.Py_ssize_t = c.end - c.start - start
        if first > room:
            self.facts.oddity(m, i, "cip", "service-count-mismatch", start)
            return -1
        c.seek(start + 2 + 2 * k)
        begin: cython.Py_ssize_t = c.u16le()
        after: cython.Py_ssize_t = c.u16le() if k + 1 < count else room
        if begin < first or after <= begin or after > room:
            self.facts.oddity(m, i, "cip", "service-offset-invalid", start + 2 + 2 * k)
            return -1
        c.seek(start + begin)
        return c.start + start + after

    def _unwrap(self, m, i, out, unit, depth):
        """Unconnected Send: priority, ticks, a message with its length, then the route that it takes."""
        c: Cursor = self.cursor
        if depth >= 4:
            self.facts.oddity(m, i, "cip", "nested-too-deep", c.offset())
            return False
        if c.left() < 6:
            return False
        c.skip(2)
        size: cython.Py_ssize_t = c.u16le()
        begin: cython.Py_ssize_t = c.offset()
        if size < 2 or size + (size & 1) > c.left():
            self.facts.oddity(m, i, "cip", "embedded-length-mismatch", begin - 2)
            return False
        limit: cython.Py_ssize_t = c.end
        c.seek(begin + size + (size & 1))
        words: cython.int = c.u8() if c.left() >= 2 else 0
        c.skip(1 if c.left() else 0)
        if 2 * words > c.left():
            self.facts.oddity(m, i, "cip", "path-length-mismatch", c.offset())
            words = 0
        unit = self.unit_code(unit, self.path(c.take(2 * words)).route)
        c.seek(begin)
        c.end = c.position + size
        self.wrapped = True
        self._request(m, i, out, unit, depth + 1)
        c.end = limit
        return True

    def unit_code(self, unit, route):
        """Code of the device at the end of a route that goes on from `unit`; -1 for the one at the address itself."""
        if not route:
            return unit
        known = self.units.get((unit, route))
        if known is None:
            if len(self.units) >= MAX_UNITS:
                return unit
            before = self.names.texts[unit] + "," if unit >= 0 else ""
            known = self.units[unit, route] = self.names.code((before + route)[:256])
        return known

    def unit_text(self, unit):
        """Route text of a unit's code, None for the device at the address itself."""
        return self.names.texts[unit] if unit >= 0 else None

    def who(self, m, i, unit):
        """Who speaks in message i, an answer from `unit`, as clues name it."""
        sender = self.facts.sender(m, i)
        return f"{sender}/{self.names.texts[unit]}" if unit >= 0 else sender

    def path(self, octets):
        """The EPath of these octets."""
        known = self.paths.get(octets)
        if known is None:
            if len(self.paths) >= MAX_PATHS:
                self.paths.clear()
            known = self.paths[octets] = parse_path(octets)
        return known

    def object_code(self, path):
        """Code of a path's text in the pool of objects, -1 for none."""
        if path.generation != self.objects.generation:
            path.code = self.objects.code(path.text) if path.text else -1
            path.generation = self.objects.generation
        return path.code

    def _ask(self, m, i, out, service, path, unit):
        key: cython.longlong = self.base | ((self.leaf & 0xFFFF) << 8) | service
        row: cython.int = out.ask(m, i, self.cip, service, key)
        out.set_transaction(row, self.transaction)
        self.asked.append(key)
        self.leaf += 1
        if path is None:
            return row
        if path.route and unit < 0:
            unit = self.unit_code(unit, path.route)
        if unit >= 0:
            out.set_unit(row, unit)
        out.set_object(row, self.object_code(path), -1)
        if path.class_id == 0x6B and not path.symbolic and self.session.symbols:
            name = symbol_name(self.session, path, unit)
            if name is not None:
                out.set_object(row, self.objects.code(name), -1)
        if path.class_id >= 0:
            number: cython.longlong = (cython.cast(cython.longlong, path.class_id) << 8) | service
            if self.public_objects.find(number):
                out.set_verb(row, self.public_objects.verb)
                out.set_name(row, self.public_objects.name)
            elif (path.symbolic or self.session.is_rockwell(unit)) and self.rockwell_objects.find(number):
                out.set_verb(row, self.rockwell_objects.verb)
                out.set_name(row, self.rockwell_objects.name)
        self._arguments(m, i, out, row, service, path, unit)
        return row

    def _arguments(self, m, i, out, row, service, path, unit):
        """What the request says besides its service and path."""
        c: Cursor = self.cursor
        class_id: cython.longlong = path.class_id
        if class_id == 0x6B and service != 0x55 and service >= 0x4B:
            self._tag(m, i, out, row, service, unit)
            return
        if class_id == 0x72 and service == 0x4C and c.left() >= 6:
            self._table(m, i, out, row, path, unit)
            return
        hook = self.hooks.get((class_id << 8) | service) or self.hooks.get(class_id << 8)
        if hook is not None:
            hook(self, m, i, out, row, path, unit, service)
        if service == 0x03 or service == 0x04:
            self._attributes(out, row, path, service == 0x04)
        if service == 0x10 or service == 0x02 or service == 0x04:
            self.types.raw(m, i, out.operation_of(row), unit, out.object_of(row), 0, -1)
        elif service == 0x0E and hook is None:
            out.notes[out.operation_of(row)] = 2

    def _tag(self, m, i, out, row, service, unit):
        """Services on tags: how many elements, and what is written."""
        c: Cursor = self.cursor
        code: cython.int = out.object_of(row)
        operation: cython.ulonglong = out.operation_of(row)
        if service == 0x4C or service == 0x52:
            out.set_object(row, code, c.u16le())
            out.notes[operation] = 1
        elif service == 0x4D or service == 0x53:
            out.set_object(
                row, code, self.types.typed(m, i, operation, unit, code, 0, True, 4 if service == 0x53 else 0)
            )
        elif service == 0x4E:
            out.set_object(row, code, 1)
            self.types.masks(m, i, operation, unit, code)

    def _table(self, m, i, out, row, path, unit):
        """Read Data Table: an address in the controller's memory and how much of it."""
        c: Cursor = self.cursor
        if path.instance != 0:
            return
        address: cython.longlong = c.u32le()
        key: cython.ulonglong = self.cip.key_base | (cython.cast(cython.ulonglong, 0x72) << 40) | address
        code: cython.int = self.objects.find(key)
        if code < 0:
            code = self.objects.keep(key, f"class:0x72/0/0x{address:08x}")
        out.set_object(row, code, c.u16le())
        out.notes[out.operation_of(row)] = 2

    def _attributes(self, out, row, path, sized):
        """Get and Set Attribute List: an item per attribute; values of unknown size end the list that is set."""
        c: Cursor = self.cursor
        if c.left() < 2:
            return
        count: cython.int = c.u16le()
        if sized:
            count = min(count, 1)
        first = True
        k: cython.int
        for k in range(min(count, c.left() // 2)):
            code = self.objects.code(f"{path.text}/{c.u16le()}")
            out.set_object(row if first else out.more(row), code, 1)
            first = False

    def _response(self, m, i, out, depth):
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.offset()
        service: cython.int = c.u8()
        if service < 128:
            raise DecodeError("request-among-answers", begin)
        service = service & 0x7F
        c.skip(1)
        status: cython.int = c.u8()
        words: cython.int = c.u8() if c.left() else 0
        if 2 * words > c.left():
            self.facts.oddity(m, i, "cip", "extended-status-mismatch", begin + 3)
            words = c.left() // 2
        at: cython.int = c.offset()
        c.skip(2 * words)
        if service == 0x0A and self._packet_response(m, i, out, depth):
            return
        row: cython.int = out.answer(m, i, self.base | ((self.leaf & 0xFFFF) << 8) | service)
        if row < 0:
            if (
                status != 0
                and status != 6
                and self._refused_whole(m, i, out, depth, service, status, words, at)
            ):
                return
            row = out.orphan(m, i, self.cip, service, self.transaction)
        self.leaf += 1
        self._finish(m, i, out, row, service, status, words, at)

    def _packet_response(self, m, i, out, depth):
        """The answers of a Multiple Service Packet; whether there are any."""
        c: Cursor = self.cursor
        if depth >= 4 or c.left() < 4:
            return False
        start: cython.Py_ssize_t = c.offset()
        limit: cython.Py_ssize_t = c.end
        count: cython.int = c.u16le()
        any_read: cython.bint = False
        k: cython.int
        for k in range(count):
            c.end = limit
            end: cython.Py_ssize_t = self.stretch(m, i, start, count, k)
            if end < 0:
                break
            c.end = end
            any_read = True
            try:
                self._response(m, i, out, depth + 1)
            except OverBudgetError:
                raise
            except DecodeError as error:
                self.facts.oddity(m, i, "cip", error.oddity, error.offset)
        c.end = limit
        return any_read

    def _refused_whole(self, m, i, out, depth, service, status, words, at):
        """A wrapper came back with an error instead of what it held: that answers what it held."""
        if not self.asked:
            return False
        keys = self.asked if depth == 0 else self.asked[self.leaf : self.leaf + 1]
        found: cython.bint = False
        row: cython.int
        for key in keys:
            row = out.answer(m, i, key)
            if row >= 0:
                found = True
                self.leaf += 1
                self._finish(m, i, out, row, out.function_of(row), status, words, at)
        return found

    def _finish(self, m, i, out, row, service, status, words, at):
        """Outcome of an answered row, then what its answer tells."""
        if status == 6:
            out.settle(row, 1, 6)
        elif status != 0:
            out.settle(row, 2, status)
        operation: cython.ulonglong = out.operation_of(row)
        unit: cython.int = out.unit_of(row)
        note = out.notes.pop(operation, None) if out.notes else None
        if words or (note is not None and status not in (0, 6)):
            answered(self, m, i, out, row, note, status, words, at)
        elif note is None:
            return
        elif note == 1:
            self.types.typed(m, i, operation, unit, out.object_of(row), 1, False, 0)
        elif note == 2:
            self.types.raw(m, i, operation, unit, out.object_of(row), 1, -1)
        else:
            answered(self, m, i, out, row, note, status, words, at)


SPEC = ProtocolSpec(
    name="enip",
    names=("enip", "cip", "enip-io", "pccc"),
    probe=probe,
    decoder=Enip,
    tcp=frozenset({44818}),
    udp=frozenset({44818, 2222}),
    framer=EncapsulationFramer,
    details=DETAILS,
    control=True,
)
