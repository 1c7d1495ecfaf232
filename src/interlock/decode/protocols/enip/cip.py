# cython: compiled
"""CIP requests and answers, and what wraps them.

    request: service 1 | path size 1 (words) | path | data
    answer: service + 128 | 0 | general status 1 | words 1 | extended status | data        little-endian

Over 400 lines would be split; what stands here is one class because requests and answers nest in each other the
same way and share the cursor. Services that name more than a path and a status stand apart (`services.py`).
One row per innermost request: what a Multiple Service Packet or an Unconnected Send holds, not they.
Source: CIP Volume 1, 2-4, 3-5.5 (Connection Manager), 5A-2 (Message Router), Appendix A.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.cursor import OverBudgetError
from interlock.decode.decoder import Decoder
from interlock.decode.protocols.enip.data_types import DataTypes
from interlock.decode.protocols.enip.epath import parse_path
from interlock.decode.protocols.enip.exchange import Exchange
from interlock.decode.protocols.enip.services import answered, asked, hooks
from interlock.decode.protocols.enip.session import Memory
from interlock.decode.protocols.enip.symbols import symbol_name
from interlock.errors import DecodeError

__all__ = ["UNCONNECTED", "CommonIndustrial"]

OK, REFUSED = 1, 2
WRITTEN, READ = 0, 1
UNCONNECTED = 0x4000000000000000
"""Added to the pairing keys of messages outside of connections."""
MAX_DEPTH = 4
"""Wrappers in wrappers that are opened."""
MAX_PATHS = 16384
MAX_UNITS = 4096
PATHS_AT_HAND = 1024
"""Paths that are found without making octets of them first; a power of two."""
MAX_LEAVES = 256
"""Requests of one message that are remembered."""
MAX_WRAPPED, MAX_WAITING = 4096, 8
"""Wrapped messages that are remembered at least (twice as many at most); single requests a session."""

TAG_READ, OCTETS_READ = 1, 2
"""Marks of requests whose answers are values: typed, or octets only."""
MARKS = 4096
"""Requests that are marked without a Python object; a power of two. One that loses its place becomes a note."""


class Meaning:
    """What a service is to a path's class: verb (-1: as everywhere), name, hook, whether only to Rockwell's."""

    def __init__(self, hook):
        self.verb = self.name = -1
        self.hook = hook
        self.rockwell = False


class CommonIndustrial(Decoder):
    """Reads explicit messages off the cursor; a subclass sets `session`, `base` and `transaction` for each.

    base: upper bits of the message's pairing key, whose lower 24 are a request within it and its service.
    leaf: requests or answers of the message so far; services: theirs, so that all keys can be told from base.
    wrapped, older: two generations of (session, base) → services, newest first; the older one is forgotten whole.
    marks: what the answer of operation `marked` is; both by the operation's lowest bits.
    """

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.cip = tools.functions("cip")
        self.public_objects = tools.table("cip", "cip-objects")
        self.rockwell_objects = tools.table("cip", "cip-rockwell")
        self.types = DataTypes(tools.cursor, tools.values, tools.names, self.cip.protocol_code)
        self.hooks = hooks(tools)
        self.paths = {}
        self.units = {}
        self.memory = Memory()
        self.connections = self.memory.connections
        self.foreign = self.memory.foreign
        self.session = None
        self.asked = None
        self.base = self.transaction = 0
        self.leaf = 0
        self.services = memoryview(np.zeros(MAX_LEAVES, np.uint8))
        self.wraps = False
        self.wrapped, self.older = {}, {}
        self.at_hand = [None] * PATHS_AT_HAND
        self.marks = memoryview(np.zeros(MARKS, np.uint8))
        self.marked = memoryview(np.zeros(MARKS, np.uint64))
        self.tells_refusals = self.facts.wants("cip_refusals")

    def _router(self, m, i, out, unit):
        """Read a message for the Message Router; the answer bit says which way it goes."""
        c: Cursor = self.cursor
        slot: cython.int = m.flow[i]
        is_request: cython.bint = c.peek(0) < 128
        if not self.flows.oriented[slot]:
            self.flows.orient(slot, m.side[i] if is_request else 1 - m.side[i])
        self.leaf = 0
        self.asked = None
        unconnected: cython.bint = self.base >= 0x4000000000000000
        waiting: dict
        if is_request:
            self.wraps = False
            try:
                self._request(m, i, out, unit, 0)
            finally:
                if self.wraps:
                    self._remember()
                elif self.leaf and unconnected:
                    waiting = self.session.waiting
                    if len(waiting) >= 8:
                        waiting.clear()
                    waiting[self.base] = self.services[0]
        else:
            self._response(m, i, out, 0)
            if unconnected:
                waiting = self.session.waiting
                if waiting:
                    waiting.pop(self.base, None)

    def _remember(self):
        """Keep which services a message asked for, should it be refused as a whole."""
        number: cython.longlong = self.session.number
        count: cython.Py_ssize_t = min(self.leaf, 256)
        if len(self.wrapped) >= 4096:
            self.older = self.wrapped
            self.wrapped = {}
        if cython.compiled:
            first = cython.cast(cython.p_char, cython.address(self.services[0]))
            self.wrapped[number, self.base] = first[:count]
        else:
            self.wrapped[number, self.base] = bytes(self.services[:count])

    def recall(self, base):
        """Which requests (pairing keys) the message held that is refused now; known once."""
        number: cython.longlong = self.session.number
        one = self.session.waiting.pop(base, None)
        older = self.older.pop((number, base), None)
        held = self.wrapped.pop((number, base), older)
        if held:
            return [base | (k << 8) | service for k, service in enumerate(held)]
        return [] if one is None else [base | one]

    def _request(self, m, i, out, unit, depth):
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.position - c.start
        service: cython.int = c.u8()
        if service >= 128:
            raise DecodeError("answer-among-requests", begin)
        words: cython.int = c.u8() if c.end > c.position else 0
        if 2 * words > c.end - c.position:
            self.facts.oddity(m, i, "cip", "path-length-mismatch", begin + 1)
            self._ask(m, i, out, service, None, unit)
            return
        path: EPath = self._path_here(2 * words)
        if not path.whole:
            self.facts.oddity(m, i, "cip", "path-malformed", begin + 2)
        if service == 0x0A and self._packet_request(m, i, out, unit, depth):
            return
        if service == 0x52 and path.class_id == 6 and self._unwrap(m, i, out, unit, depth):
            return
        self._ask(m, i, out, service, path, unit)

    def _packet_request(self, m, i, out, unit, depth):
        """Read a Multiple Service Packet: a count, offsets from it, requests; whether any could be read."""
        c: Cursor = self.cursor
        if depth >= MAX_DEPTH:
            self.facts.oddity(m, i, "cip", "nested-too-deep", c.offset())
            return False
        if c.left() < 2:
            return False
        start: cython.Py_ssize_t = c.offset()
        limit: cython.Py_ssize_t = c.end
        count: cython.int = c.u16le()
        rows: cython.int = self.leaf
        self.wraps = True
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
        return self.leaf > rows

    def stretch(self, m, i, start, count, k):
        """Stand at the k-th of `count` messages of the packet at `start`; where it ends, -1 where it cannot.

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
        """Read an Unconnected Send: priority, ticks, a message with its length, then the route it takes."""
        c: Cursor = self.cursor
        if depth >= MAX_DEPTH:
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
        unit = self.unit_code(unit, self._path_here(2 * words).route)
        c.seek(begin)
        c.end = c.position + size
        self.wraps = True
        self._request(m, i, out, unit, depth + 1)
        c.end = limit
        return True

    def unit_code(self, unit, route):
        """Code of the device where a route that goes on from `unit` ends; -1 for the one at the address."""
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

    def _path_here(self, size):
        """Take `size` octets at the cursor as an EPATH; what comes again and again is compared where it stands."""
        c: Cursor = self.cursor
        c.need(size)
        p: cython.Py_ssize_t = c.position
        c.position = p + size
        k: cython.Py_ssize_t
        at: cython.uint = size
        low: cython.uint = 0xFFFFFF
        for k in range(p, p + size):
            at = ((at & low) * 31) ^ c.octets[k]
        at = (at ^ (at >> 10) ^ (at >> 20)) & 1023
        known: EPath = self.at_hand[at]
        if known is not None and known.size == size:
            if cython.compiled:
                if (
                    size == 0
                    or memcmp(cython.cast(cython.p_char, known.octets), cython.address(c.octets[p]), size)
                    == 0
                ):
                    return known
            elif c.octets[p : p + size] == known.octets:
                return known
        c.position = p
        known = self.path(c.take(size))
        self.at_hand[at] = known
        return known

    def path(self, octets):
        """Parse an EPATH, or find it parsed."""
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
        row: cython.int = out.ask(m, i, self.cip, service, self.base | ((self.leaf & 0xFFFF) << 8) | service)
        out.set_transaction(row, self.transaction)
        if self.leaf < 256:
            self.services[self.leaf] = service
        self.leaf += 1
        if path is None:
            return row
        if unit < 0 and path.route != "":
            unit = self.unit_code(unit, path.route)
        if unit >= 0:
            out.set_unit(row, unit)
        if path.generation != self.objects.generation:
            self.object_code(path)
        out.set_object(row, path.code, -1)
        if path.class_id == 0x6B and not path.symbolic and self.memory.symbols:
            name = symbol_name(self.session, path, unit)
            if name is not None:
                out.set_object(row, self.objects.code(name), -1)
        meaning: Meaning = path.meaning
        if path.service != service:
            meaning = self._meaning(path, service)
        if meaning.rockwell and self.foreign and not self.session.is_rockwell(unit):
            return row
        if meaning.verb >= 0:
            out.set_verb(row, meaning.verb)
            out.set_name(row, meaning.name)
        self._arguments(m, i, out, row, service, path, unit, meaning.hook)
        return row

    def _meaning(self, path, service):
        """What a service is to a path's class; found at once where it is asked for again."""
        meaning: Meaning = path.meanings.get(service)
        if meaning is None:
            number: cython.longlong = (path.class_id << 8) | service
            meaning = Meaning(self.hooks.get(number) or self.hooks.get(path.class_id << 8))
            if path.class_id >= 0 and self.public_objects.find(number):
                meaning.verb, meaning.name = self.public_objects.verb, self.public_objects.name
            elif path.class_id >= 0 and self.rockwell_objects.find(number):
                meaning.verb, meaning.name = self.rockwell_objects.verb, self.rockwell_objects.name
                meaning.rockwell = not path.symbolic
            path.meanings[service] = meaning
        path.service = service
        path.meaning = meaning
        return meaning

    def _mark(self, out, operation, mark):
        """Say what the answer of an operation is; whose place this takes goes on as a note."""
        at: cython.Py_ssize_t = operation & 4095
        if self.marked[at] != 0:
            out.notes[self.marked[at]] = self.marks[at]
        self.marked[at] = operation
        self.marks[at] = mark

    def _unmark(self, operation):
        """What the answer of this operation was said to be, once; 0 where nothing stands here."""
        at: cython.Py_ssize_t = operation & 4095
        if self.marked[at] != operation:
            return 0
        self.marked[at] = 0
        return self.marks[at]

    def _arguments(self, m, i, out, row, service, path, unit, hook):
        """Read what the request says besides its service and path."""
        c: Cursor = self.cursor
        class_id: cython.longlong = path.class_id
        if class_id == 0x6B and service != 0x55 and service >= 0x4B:
            self._tag(m, i, out, row, service, unit)
            return
        if class_id == 0x72 and service == 0x4C and c.left() >= 6:
            self._table(out, row, path)
            return
        if hook is not None:
            asked(hook, Exchange(self, m, i, out, row), path, service)
        if service == 0x03 or service == 0x04:
            self._attributes(out, row, path, service == 0x04)
        if service == 0x10 or service == 0x02 or service == 0x04:
            self.types.raw(m, i, out.operation_of(row), unit, out.object_of(row), 0, -1)
        elif service == 0x0E and (hook is None or out.operation_of(row) not in out.notes):
            self._reads_octets(out, row)

    def _reads_octets(self, out, row):
        """The answer's data are values, where anybody wants them."""
        if self.values.wanted:
            self._mark(out, out.operation_of(row), 2)

    def _tag(self, m, i, out, row, service, unit):
        """Read the arguments of services on tags: how many elements, and what is written."""
        c: Cursor = self.cursor
        code: cython.int = out.object_of(row)
        operation: cython.ulonglong = out.operation_of(row)
        if service == 0x4C or service == 0x52:
            out.set_object(row, code, c.u16le())
            self._mark(out, operation, 1)
        elif service == 0x4D or service == 0x53:
            out.set_object(
                row, code, self.types.typed(m, i, operation, unit, code, 0, True, 4 if service == 0x53 else 0)
            )
        elif service == 0x4E:
            out.set_object(row, code, 1)
            self.types.masks(m, i, operation, unit, code)

    def _table(self, out, row, path):
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
        self._reads_octets(out, row)

    def _attributes(self, out, row, path, sized):
        """Read an attribute list: an item per attribute; a value of unknown size ends one that is set."""
        c: Cursor = self.cursor
        if c.left() < 2:
            return
        count: cython.int = c.u16le()
        if sized:
            count = min(count, 1)
        first = True
        k: cython.int
        for k in range(min(count, c.left() // 2)):
            out.set_object(row if first else out.more(row), self._attribute_code(path, c.u16le()), 1)
            first = False

    def _attribute_code(self, path, attribute):
        """Code of an attribute of what the path names; spelled once for each."""
        at: cython.ulonglong = self.object_code(path) + 1
        key: cython.ulonglong = (
            self.cip.key_base | (cython.cast(cython.ulonglong, 1) << 48) | (at << 16) | attribute
        )
        code: cython.int = self.objects.find(key)
        if code < 0:
            code = self.objects.keep(key, f"{path.text}/{attribute}")
        return code

    def _response(self, m, i, out, depth):
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.position - c.start
        service: cython.int = c.u8()
        if service < 128:
            raise DecodeError("request-among-answers", begin)
        service = service & 0x7F
        c.skip(1)
        status: cython.int = c.u8()
        words: cython.int = c.u8() if c.end > c.position else 0
        if 2 * words > c.end - c.position:
            self.facts.oddity(m, i, "cip", "extended-status-mismatch", begin + 3)
            words = c.left() // 2
        at: cython.int = c.position - c.start
        c.skip(2 * words)
        if service == 0x0A and self._packet_response(m, i, out, depth):
            return
        row: cython.int = out.answer(m, i, self.base | ((self.leaf & 0xFFFF) << 8) | service)
        if row < 0:
            if status != 0 and status != 6 and self._refused_whole(m, i, out, depth, status, words, at):
                return
            row = out.orphan(m, i, self.cip, service, self.transaction)
        self.leaf += 1
        self._finish(m, i, out, row, status, words, at)

    def _packet_response(self, m, i, out, depth):
        """Read the answers of a Multiple Service Packet; whether there are any."""
        c: Cursor = self.cursor
        if depth >= MAX_DEPTH or c.left() < 4:
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

    def _refused_whole(self, m, i, out, depth, status, words, at):
        """Take a wrapper that came back with an error for the answer to all that it held."""
        if self.asked is None:
            self.asked = self.recall(self.base)
        keys = self.asked if depth == 0 else self.asked[self.leaf : self.leaf + 1]
        found: cython.bint = False
        row: cython.int
        for key in keys:
            row = out.answer(m, i, key)
            if row >= 0:
                found = True
                self.leaf += 1
                self._finish(m, i, out, row, status, words, at)
        return found

    def _finish(self, m, i, out, row, status, words, at):
        """Settle an answered row, then read what its answer tells."""
        if status == 6:
            out.settle(row, 1, 6)
        elif status != 0:
            out.settle(row, 2, status)
        operation: cython.ulonglong = out.operation_of(row)
        unit: cython.int = out.unit_of(row)
        mark: cython.int = self._unmark(operation)
        note = None
        if mark == 0 and out.notes:
            note = out.notes.pop(operation, None)
            if isinstance(note, int):
                mark = note
                note = None
        if note is not None or (words and self.tells_refusals):
            answered(Exchange(self, m, i, out, row), note, status, words, at)
        elif words == 0 and mark and (status == 0 or status == 6):
            if mark == 1:
                self.types.typed(m, i, operation, unit, out.object_of(row), 1, False, 0)
            else:
                self.types.raw(m, i, operation, unit, out.object_of(row), 1, -1)
