# cython: compiled
"""S7comm PDUs: jobs, acknowledgements and the head of userdata; reads and writes to their values.

    | 0x32 | ROSCTR 1 | redundancy 2 | reference 2 | parameters 2 | data 2 | [error class 1 | error code 1] |

ROSCTR 1 job, 2 acknowledgement, 3 acknowledgement with data, 7 userdata. Answers carry the job's reference.
Source: the published analyses of S7 communication (no public specification exists).
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.s7comm.address import Address
from interlock.decode.protocols.s7comm.blocks import answer_block, ask_block
from interlock.decode.protocols.s7comm.items import Items
from interlock.decode.protocols.s7comm.loading import Loads
from interlock.decode.protocols.s7comm.userdata import Userdata
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["S7"]

JOB, ACK, ACK_DATA, USERDATA = 1, 2, 3, 7
READ_VAR, WRITE_VAR, SETUP = 0x04, 0x05, 0xF0
UNKNOWN, OK, REFUSED = 0, 1, 2
WRITTEN, READ, REPORTED = 0, 1, 2
NO_NUMBER = -2147483648
SUCCESS = 0xFF


class S7:
    """Decodes one S7comm PDU at the cursor; `code` is the protocol's code."""

    def __init__(self, tools):
        self.cursor = tools.cursor
        self.flows = tools.flows
        self.facts = tools.facts
        self.values = tools.values
        self.names = tools.names
        self.objects = tools.objects
        self.f = tools.functions("s7comm")
        self.code = self.f.protocol_code
        self.address = Address(tools.cursor, tools.objects, self.f.key_base)
        self.items = Items(tools, self.code)
        self.userdata = Userdata(self, tools)
        self.loads = Loads(self)
        self.report = VERBS.index("report")
        self.services = {
            name: (VERBS.index(verb), tools.names.code(f"PI-Service {name}"))
            for name, verb in tools.verb_rows("s7comm-pi").values()
        }

    def oddity(self, m, i, name):
        """Note that the PDU breaks a rule where the cursor stands."""
        self.facts.oddity(m, i, "s7comm", name, self.cursor.offset())

    def unit_of(self, m, i, link, asks):
        """Rack and slot of who is asked, where message i asks or answers; -1 where the partner who called is asked."""
        asked: cython.int = m.side[i] ^ 1 if asks else m.side[i]
        return -1 if asked == self.flows.client_side[m.flow[i]] else link.unit

    def who(self, m, i, link):
        """Say whom clues are about: address, or address/unit, of who sent message i."""
        address = self.facts.sender(m, i)
        unit: cython.int = self.unit_of(m, i, link, 0)
        return address if unit < 0 else f"{address}/{self.names.texts[unit]}"

    def receive(self, m, i, out, link):
        """Decode the PDU at the cursor, which ends where the cursor's octets end."""
        c: Cursor = self.cursor
        c.skip(1)
        rosctr: cython.int = c.u8()
        c.skip(2)
        reference: cython.int = c.u16be()
        parameters: cython.int = c.u16be()
        data: cython.int = c.u16be()
        error: cython.int = 0
        if rosctr == 2 or rosctr == 3:
            error = c.u16be()
        elif rosctr != 1 and rosctr != 7:
            raise DecodeError("rosctr-unknown", c.offset() - 9)
        if parameters + data != c.left():
            self._mismatch(m, i, rosctr)
        end: cython.int = c.offset() + parameters
        if rosctr == 1:
            self._job(m, i, out, link, reference, parameters, end)
        elif rosctr == 7:
            self._userdata(m, i, out, link, reference, end)
        else:
            self._acknowledge(m, i, out, link, reference, parameters, error, end)
        return 0

    def _mismatch(self, m, i, rosctr):
        """Lengths that do not add up; of what may be a login no octets are kept."""
        c: Cursor = self.cursor
        login: cython.int = 0
        if rosctr == 7:
            login = 1 if c.left() > 5 and (c.peek(5) & 0x3F) == 5 else 0
        elif rosctr == 1:
            login = 1 if c.left() > 0 and c.peek(0) == 0x28 else 0
        self.facts.oddity(m, i, "s7comm", "length-mismatch", m.length[i] if login else c.offset())
        return 0

    def _job(self, m, i, out, link, reference, parameters, end):
        c: Cursor = self.cursor
        function: cython.longlong = -2147483648
        if parameters > 0:
            function = c.u8()
        row: cython.int = out.ask(m, i, self.f, function, reference)
        if link.unit >= 0:
            out.set_unit(row, self.unit_of(m, i, link, 1))
        if function == 0x04:
            self._items(m, i, out, row, end)
        elif function == 0x05:
            self._write(m, i, out, row, end)
        elif function == 0xF0:
            self._setup(m, i, out, row)
        elif parameters == 0:
            self.oddity(m, i, "parameters-missing")
        elif function >= 0x1A and function <= 0x29:
            ask_block(self, m, i, out, row=row, link=link, function=int(function), end=end)
        return 0

    def _setup(self, m, i, out, row):
        """Reserved 1, parallel jobs calling 2, called 2, PDU length 2."""
        c: Cursor = self.cursor
        if self.flows.oriented[m.flow[i]] == 0:
            self.flows.orient(m.flow[i], m.side[i])
        c.skip(3)
        jobs: cython.int = c.u16be()
        out.set_object(row, self.objects.code(f"pdu-length:{c.u16be()}"), jobs)
        return 0

    def _items(self, m, i, out, row, end):
        """Specifications, padded to even length between them; transport sizes wait for the answer."""
        c: Cursor = self.cursor
        a: Address = self.address
        operation: cython.ulonglong = out.operation_of(row)
        kinds = bytearray()
        out.notes[operation] = kinds
        count: cython.int = c.u8()
        k: cython.int
        at: cython.int = row
        for k in range(count):
            start: cython.Py_ssize_t = c.offset()
            a.read()
            if k > 0:
                at = out.more(row)
            out.set_object(at, a.object, a.count)
            kinds.append(a.kind & 0xFF)
            if not a.known:
                self.oddity(m, i, "syntax-id-unknown")
            if (c.offset() - start) & 1 and k < count - 1:
                c.skip(1)
        if count == 0 or c.offset() != end:
            self.oddity(m, i, "item-count-mismatch")
        return 0

    def _write(self, m, i, out, row, end):
        """Read a read's parameters, then one data item for each."""
        c: Cursor = self.cursor
        t: Items = self.items
        self._items(m, i, out, row, end)
        kinds: bytearray = out.notes[out.operation_of(row)]
        c.seek(end)
        k: cython.int
        count: cython.int = len(kinds)
        for k in range(count):
            t.head()
            t.block(m, i, out.operation_of(row), out.unit_of(row), out.object_of(row + k), 0, kinds[k])
            if t.octets & 1 and k < count - 1:
                c.skip(1)
        return 0

    def _acknowledge(self, m, i, out, link, reference, parameters, error, end):
        c: Cursor = self.cursor
        function: cython.longlong = -2147483648
        if parameters > 0:
            function = c.u8()
        row: cython.int = out.answer(m, i, reference)
        if row < 0:
            row = out.orphan(m, i, self.f, function, reference)
            if link.unit >= 0:
                out.set_unit(row, self.unit_of(m, i, link, 0))
        elif function >= 0 and out.function_of(row) != function:
            self.oddity(m, i, "function-mismatch")
        if not link.told and link.unit >= 0:
            self._tell_unit(m, i, link)
        if error:
            out.settle(row, 2, error)
        if function == 0x04:
            self._read_answer(m, i, out, row, error)
        elif function == 0x05:
            self._write_answer(out, row, end)
        elif function == 0xF0:
            c.skip(5)
            link.pdu_length = c.u16be()
        elif function >= 0x1A and function <= 0x29:
            answer_block(
                self, m, i, out, row=row, link=link, function=int(function), end=end, error=int(error)
            )
        return 0

    def _tell_unit(self, m, i, link):
        """Somebody answers at this rack and slot."""
        if self.unit_of(m, i, link, 0) >= 0:
            link.told = 1
            self.facts.clue(m, i, self.who(m, i, link), "unit", self.names.texts[link.unit], "s7comm", 0.9)

    def _read_answer(self, m, i, out, row, error):
        c: Cursor = self.cursor
        t: Items = self.items
        operation: cython.ulonglong = out.operation_of(row)
        kinds = out.notes.pop(operation, None)
        count: cython.int = c.u8() if c.left() else 0
        known: cython.int = len(kinds) if isinstance(kinds, bytearray) else 0
        if out.frame_of(row) == 0:
            known = -1
        if known >= 0 and known != count and error == 0:
            self.oddity(m, i, "item-count-mismatch")
        k: cython.int
        at: cython.int
        kind: cython.int
        for k in range(count):
            if c.left() == 0 and error:
                break
            t.head()
            at = row + k
            if known < 0 and k > 0:
                at = out.more(row)
            if t.code != 0xFF:
                out.settle_item(row, k, 2, t.code)
                continue
            kind = kinds[k] if k < known else 0
            if known < 0 or k < known:
                t.block(m, i, operation, out.unit_of(row), out.object_of(at), 1, kind)
            else:
                c.skip(t.octets)
            if t.octets & 1 and k < count - 1:
                c.skip(1)
        return 0

    def _write_answer(self, out, row, end):
        """One return code an item."""
        c: Cursor = self.cursor
        out.notes.pop(out.operation_of(row), None)
        count: cython.int = c.u8() if c.left() else 0
        c.seek(end)
        k: cython.int
        code: cython.int
        for k in range(min(count, c.left())):
            code = c.u8()
            if code != 0xFF:
                out.settle_item(row, k, 2, code)
        return 0

    def _userdata(self, m, i, out, link, reference, end):
        """0, 1, 0x12, length, method, type and group, sub-function, sequence, [reference, last, error]."""
        # Over 40 lines: parts of one exchange in several PDUs; each step needs what the one before it read.
        c: Cursor = self.cursor
        service: cython.int = c.u8()
        c.skip(1)
        if service == 1:
            self.userdata.mode_transition(m, i, out, link)
            return 0
        c.skip(1)
        length: cython.int = c.u8()
        syntax: cython.int = c.u8()
        if syntax == 0x13:
            self.userdata.usend(m, i, out, link, end)
            return 0
        group: cython.int = c.u8()
        function: cython.int = ((group & 0x3F) << 8) | c.u8()
        sequence: cython.int = c.u8()
        part: cython.int = 0
        last: cython.int = 0
        error: cython.int = 0
        if length >= 8:
            part = c.u8()
            last = c.u8()
            error = c.u16be()
        c.seek(end)
        method: cython.int = group >> 6
        row: cython.int
        if method == 1:
            row = out.ask(m, i, self.f, function, reference | 65536)
        elif method == 2:
            row = out.answer(m, i, reference | 65536)
            if row < 0:
                row = out.orphan(m, i, self.f, function, reference | 65536)
            if not link.told and link.unit >= 0:
                self._tell_unit(m, i, link)
            if error:
                out.settle(row, 2, error)
        elif method == 0:
            row = out.tell(m, i, self.f, function)
            if self.f.find(function):
                out.set_verb(row, self.report)
        else:
            raise DecodeError("userdata-type-unknown", end)
        if method != 2 or out.frame_of(row) == 0:
            out.set_transaction(row, reference)
            if link.unit >= 0:
                out.set_unit(row, link.unit if method == 0 else self.unit_of(m, i, link, method == 1))
        self.userdata.receive(
            m,
            i,
            out,
            link,
            row,
            method=method,
            function=function,
            sequence=sequence,
            part=part,
            last=last,
            error=error,
        )
        return 0
