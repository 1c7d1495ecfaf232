# cython: compiled
"""DNP3: link frames, transport segments, application fragments, object headers and measured points.

    | 0x05 0x64 | length 1 | control 1 | destination 2 | source 2 | CRC 2 | up to 16 octets, CRC 2 | …
    transport: | FIN FIR sequence 1 |   application: | FIR FIN CON UNS sequence 1 | function 1 | IIN 2 | objects … |
    object header: | group 1 | variation 1 | qualifier 1 | range | objects … |

Over 400 lines would be split; what stands here is one class because it is one compiled module, and frames, fragments
and points are read through the same scratch buffer. What is rare stands in `controls.py` and `rare.py`.
Source: IEEE 1815-2012, clauses 4, 8 and 9.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.artifacts import Transfers
from interlock.decode.cursor import Cursor, OverBudgetError
from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.protocols.dnp3 import controls, rare
from interlock.decode.protocols.dnp3.library import LAYOUTS, flag_text
from interlock.decode.protocols.dnp3.naming import header_name, point_name
from interlock.decode.protocols.dnp3.recognition import CRC_TABLE, probe
from interlock.decode.protocols.dnp3.session import MAX_FRAGMENT, Session
from interlock.decode.protocols.dnp3.tables import DETAILS
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "Dnp3"]

UNKNOWN, OK, REFUSED = 0, 1, 2
NO_NUMBER = -(1 << 31)
NO_TIME = -(1 << 62)
WRITTEN, READ, REPORTED = 0, 1, 2
ASKED, ANSWERED, TOLD = 0, 1, 2
"""Whose objects they are: of a request; of its answer, whose row has objects; of a row that names them itself."""
LINK = 256
"""Added to the function of a link frame that carries nothing else."""
AUTH_KEY = 1 << 44
LINK_KEY = 1 << 61
POINT_KEY = 1 << 54
MAX_ITEMS = 1024
M48 = 9_223_372_036_854
"""Milliseconds since 1970 whose nanoseconds still fit 64 bits; 48 bits hold more."""


class LinkFramer(Framer):
    """Cuts link frames; noise before a frame's start octets is passed over."""

    def __init__(self):
        Framer.__init__(self, 292)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        p: cython.Py_ssize_t
        left: cython.Py_ssize_t = end - start
        if self.octets[start] != 0x05 or (left > 1 and self.octets[start + 1] != 0x64):
            for p in range(start + 1, end):
                if self.octets[p] == 0x05 and (p + 1 == end or self.octets[p + 1] == 0x64):
                    return start - p
            return -left
        if left < 3:
            self.want = 10
            return 0
        length: cython.Py_ssize_t = self.octets[start + 2]
        if length < 5:
            return -2
        length = length - 5
        length = 10 + length + 2 * ((length + 15) // 16)
        if length > left:
            self.want = length
            return 0
        return length

    def begins(self, start, end):
        """See Framer.begins: start octets stand here or further on."""
        p: cython.Py_ssize_t
        for p in range(start, end - 2):
            if self.octets[p] == 0x05 and self.octets[p + 1] == 0x64 and self.octets[p + 2] >= 5:
                return 1
        return 0


class Dnp3(Decoder):
    """Masters and outstations, many to a flow where a line is shared; one row per application fragment."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.files = Transfers(tools.facts.artifacts)
        self.app = Cursor()
        self.scratch_array = np.zeros(MAX_FRAGMENT + 256, np.uint8)
        self.scratch = memoryview(self.scratch_array)
        self.app.bind(memoryview(self.scratch_array))
        self.layouts = memoryview(np.array(LAYOUTS, np.int32))
        self.qualities = memoryview(np.full(5 * 256, -1, np.int32))
        if not cython.compiled:
            self.table = [0] * 256
        for number, remainder in enumerate(CRC_TABLE):
            self.table[number] = remainder
        self.master = self.outstation = self.from_master = self.function = self.items = self.points = 0
        self.control = self.direction = 0
        self.unit = self.block_quality = -1
        self.reset_verb = VERBS.index("reset")
        self.key = 0
        self.cto = self.when = NO_TIME
        self.session = None

    def message(self, m, i, out):
        """See Decoder.message: one frame of a stream, or all frames of a datagram."""
        c: Cursor = self.cursor
        while c.left() > 0:
            at: cython.Py_ssize_t = c.offset()
            if c.left() < 10:
                raise DecodeError("truncated", at)
            try:
                self._frame(m, i, out)
            except OverBudgetError:
                raise
            except DecodeError as error:
                if c.offset() == at:  # where the frame ends is not known
                    raise
                self.facts.oddity(m, i, "dnp3", error.oddity, at)

    def _crc(self, c, begin, count):
        """CRC of `count` octets from `begin` (clause 9.2.4.3: polynomial 0x3D65, reflected, complemented)."""
        octets: cython.const_uchar[:] = c.octets
        crc: cython.uint = 0
        k: cython.Py_ssize_t
        for k in range(begin, begin + count):
            crc = (crc >> 8) ^ self.table[(crc ^ octets[k]) & 0xFF]
        return crc ^ 0xFFFF

    def _frame(self, m, i, out):
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.position
        if c.peek(0) != 0x05 or c.peek(1) != 0x64:
            raise DecodeError("start-octets-invalid", c.offset())
        count: cython.int = c.peek(2) - 5
        if count < 0:
            raise DecodeError("length-invalid", c.offset() + 2)
        c.need(10 + count + 2 * ((count + 15) // 16))
        c.skip(3)
        control: cython.int = c.u8()
        destination: cython.int = c.u16le()
        source: cython.int = c.u16le()
        crc: cython.int = c.u16le()
        c.skip(count + 2 * ((count + 15) // 16))
        if crc != self._crc(c, begin, 8):
            raise DecodeError("header-crc-mismatch", 8)
        self.from_master = control >> 7
        self.master = source if self.from_master else destination
        self.outstation = destination if self.from_master else source
        self.session = self.flows.state[m.flow[i]]
        if self.session is None:
            self.session = self.flows.state[m.flow[i]] = Session()
        if control & 0x40 == 0 or (control & 0x0F != 3 and control & 0x0F != 4):
            if count:
                self.facts.oddity(m, i, "dnp3", "user-data-unexpected", 10)
            self._orient(m, i)
            self._link(m, i, out, control)
        elif count == 0:
            self.facts.oddity(m, i, "dnp3", "user-data-missing", 3)
        elif self._blocks(m, i, begin + 10, count):
            self._segment(m, i, out, count)

    def _orient(self, m, i):
        """Who asks is the master, whoever opened the connection."""
        if m.direction[i] == self.from_master:
            self.flows.orient(m.flow[i], m.side[i] if self.from_master else 1 - m.side[i])
            m.direction[i] = 1 - self.from_master
        self.unit = self._unit(self.outstation)

    def _blocks(self, m, i, begin, count):
        """Copy the data blocks without their CRCs into the scratch buffer; 0 where a CRC is wrong."""
        c: Cursor = self.cursor
        octets: cython.const_uchar[:] = c.octets
        scratch: cython.uchar[:] = self.scratch
        done: cython.int = 0
        size: cython.int
        k: cython.int
        while done < count:
            size = min(16, count - done)
            crc: cython.int = octets[begin + size] | (octets[begin + size + 1] << 8)
            if crc != self._crc(c, begin, size):
                self.facts.oddity(m, i, "dnp3", "block-crc-mismatch", begin - c.start)
                return 0
            for k in range(size):
                scratch[done + k] = octets[begin + k]
            done += size
            begin += size + 2
        return 1

    def _link(self, m, i, out, control):
        """A frame without user data: a question of the link layer, or what answers one."""
        function: cython.int = control & 0x0F
        asker: cython.longlong = self.master if self.from_master == control >> 6 & 1 else self.outstation
        key: cython.longlong = LINK_KEY | (cython.cast(cython.longlong, self.outstation) << 24) | (asker << 8)
        row: cython.int = -1
        if control & 0x40:
            row = out.ask(m, i, self.f, LINK + function, key | function)
            out.set_transaction(row, -1)
            out.set_unit(row, self.unit)
            return
        if function == 11:
            row = out.answer(m, i, key | 9)
            if row < 0:
                row = out.orphan(m, i, self.f, LINK + 9, -1)
                out.set_unit(row, self.unit)
            return
        if function not in (0, 1, 14, 15):
            self.facts.oddity(m, i, "dnp3", "link-function-unknown", 3)
            return
        for asked in (0, 2, 9, 1):
            if row < 0 and (asked != 9 or function >= 14):
                row = out.answer(m, i, key | asked)
        if row >= 0 and function:
            out.settle(row, REFUSED, function)

    def _segment(self, m, i, out, count):
        """Transport function: `count` octets of a segment in the scratch buffer; whole fragments go on."""
        scratch: cython.uchar[:] = self.scratch
        header: cython.int = scratch[0]
        if header & 0xC0 == 0xC0:
            self.app.begin(1, count)
            self._application(m, i, out)
            return
        octets = self.scratch_array[1:count].tobytes()
        association: cython.longlong = m.side[i]
        association = (
            (association << 32) | (cython.cast(cython.longlong, self.master) << 16) | self.outstation
        )
        whole = self.session.segment(association, header, octets)
        if isinstance(whole, str):
            self.facts.oddity(m, i, "dnp3", whole, 10)
        elif whole is not None:
            self.scratch_array[: len(whole)] = np.frombuffer(whole, np.uint8)
            self.app.begin(0, len(whole))
            self._application(m, i, out)

    def _application(self, m, i, out):
        c: Cursor = self.app
        control: cython.int = c.u8()
        self.control = control
        self.function = c.u8()
        self.items = 0
        self.points = 0
        self.cto = NO_TIME
        from_master: cython.int = self.from_master if self.function == 0 else 1 if self.function < 129 else 0
        if (
            from_master != self.from_master
        ):  # only masters ask and only outstations respond, whatever the bit says
            self.facts.oddity(m, i, "dnp3", "direction-bit-wrong", 3)
            self.from_master = from_master
            self.master, self.outstation = self.outstation, self.master
        self._orient(m, i)
        master: cython.longlong = self.master
        self.key = (master << 24) | (self.outstation << 8) | (control & 0x0F)
        if self.function >= 129:
            self._response(m, i, out, control)
        else:
            self._request(m, i, out, control)

    def _request(self, m, i, out, control):
        c: Cursor = self.app
        function: cython.int = self.function
        row: cython.int
        self.direction = WRITTEN
        silent: cython.bint = self.outstation >= 0xFFFD or function in (6, 8, 10, 12, 33)
        if function == 32 and c.left() >= 2 and c.peek(0) == 120 and c.peek(1) == 2:
            silent = True  # a reply to a challenge: what was challenged is answered
        if function == 0:
            row = out.tell(m, i, self.f, 0)
            confirmed: cython.bint = self.session.confirm(self.outstation << 8 | (control & 0x1F))
            out.settle(row, OK if confirmed else UNKNOWN, NO_NUMBER)
        elif silent:
            row = out.tell(m, i, self.f, function)
            out.settle(row, UNKNOWN, NO_NUMBER)
        else:
            row = out.ask(m, i, self.f, function, self.key | (AUTH_KEY if function == 32 else 0))
        out.set_transaction(row, control & 0x0F)
        out.set_unit(row, self.unit)
        if c.left():
            self._objects(m, i, out, row, ASKED)

    def _response(self, m, i, out, control):
        c: Cursor = self.app
        indications: cython.int = c.u16le()
        row: cython.int = self._answered(m, i, out, control)
        mode: cython.int = ANSWERED
        self.direction = REPORTED if self.function == 130 else READ
        if row < 0:
            mode = TOLD
            function: cython.int = self.function
            row = out.orphan(m, i, self.f, 129, -1) if function == 129 else out.tell(m, i, self.f, function)
            out.set_transaction(row, control & 0x0F)
            out.set_unit(row, self.unit)
        if control & 0x20:
            self.session.await_confirm(self.outstation << 8 | (control & 0x1F))
        if indications & 0x1700:
            out.settle(row, REFUSED, indications & 0x1700)
        if self.session.indicates(self.outstation, indications):
            rare.indications(self, m, i, out.operation_of(row), indications)
        if c.left():
            self._objects(m, i, out, row, mode)

    def _answered(self, m, i, out, control):
        """The open request that a response's first fragment answers, or -1."""
        row: cython.int = -1
        if self.function == 129 and control & 0x80:
            row = out.answer(m, i, self.key)
        if row < 0 and self.function != 130 and control & 0x80:
            row = out.answer(m, i, self.key | AUTH_KEY)
        return row

    def _objects(self, m, i, out, row, mode):
        c: Cursor = self.app
        while c.left() > 0:
            if c.left() < 3:
                raise DecodeError("truncated", c.offset())
            self._header(m, i, out, row, mode)

    def _header(self, m, i, out, row, mode):
        """One object header and what follows it."""
        # Over 40 lines: qualifiers in the order of the standard's table; each reads its own range.
        c: Cursor = self.app
        group: cython.int = c.u8()
        variation: cython.int = c.u8()
        qualifier: cython.int = c.u8()
        prefix: cython.int = (qualifier >> 4) & 7
        specifier: cython.int = qualifier & 0x0F
        start: cython.longlong = -1
        count: cython.longlong = -1
        if specifier <= 5:
            width: cython.int = specifier % 3
            start = c.u8() if width == 0 else c.u16le() if width == 1 else c.u32le()
            stop: cython.longlong = c.u8() if width == 0 else c.u16le() if width == 1 else c.u32le()
            if stop < start:
                raise DecodeError("range-inverted", c.offset())
            count = stop - start + 1
        elif specifier == 7 or specifier == 11:
            count = c.u8()
        elif specifier == 8:
            count = c.u16le()
        elif specifier == 9:
            count = c.u32le()
        elif specifier != 6:
            raise DecodeError("qualifier-unknown", c.offset() - 1)
        if prefix == 7 or qualifier & 0x80:
            raise DecodeError("qualifier-unknown", c.offset() - 1)
        function: cython.int = self.function
        held: cython.bint = mode != ASKED or 2 <= function <= 6 or 25 <= function <= 33
        if group == 50 and (function == 11 or function == 12):
            held = True
        if prefix >= 4:
            rare.sized(self, m, i, out, row, mode, group, variation, start, count, prefix)
        elif count < 0 or group == 60 or not held:
            if prefix and count >= 0:
                self._indices(out, row, group, variation, count, prefix)
            elif mode != ANSWERED:
                self._named(out, row, group, variation, start, count, 0)
        elif (group == 12 and variation <= 2) or group == 41:
            controls.points(self, m, i, out, row, mode, group, variation, start, count, prefix)
        else:
            if mode != ANSWERED and not (group == 120 and 3 <= function <= 6):  # its points are the items
                self._named(out, row, group, variation, start, count, prefix)
            self._data(m, i, out, row, group, variation, start, count, prefix)

    def _data(self, m, i, out, row, group, variation, start, count, prefix):
        """The objects behind a header that holds some."""
        size: cython.int = 0
        layout: cython.int = group * 16 + variation
        if group < 128 and variation < 16:
            size = self.layouts[layout, 0]
        if size < 0 and prefix == 0 and start >= 0:
            self._bits(m, i, out, row, group, variation, start, count, -size)
        elif size > 0 and self.layouts[layout, 2] and self.values.wanted:
            self._points(m, i, out, row, group, variation, start, count, prefix)
        elif size > 0 and self.layouts[layout, 2]:  # nobody wants values
            self.app.skip(count * (size + (0 if prefix == 0 else 1 << (prefix - 1))))
        elif group == 51 and size:
            self.cto = self._time()
            self.app.skip(size * (count - 1))
        elif size > 0:
            rare.skipped(self, m, i, out, row, group, variation, start, count, prefix, size)
        else:
            rare.unsized(self, m, i, out, row, group, variation, start, count, prefix)
        if self.direction == WRITTEN and group == 50:
            rare.sets_time(self, out, row)

    def _named(self, out, row, group, variation, start, count, prefix):
        """An item for a header; where indices stand before the objects, it begins with the first of them."""
        c: Cursor = self.app
        if prefix == 1 and c.left() >= 1:
            start = c.peek(0)
        elif prefix == 2 and c.left() >= 2:
            start = c.peek(0) | (c.peek(1) << 8)
        self.item(out, row, self.named(group, variation, start), count)

    def _indices(self, out, row, group, variation, count, prefix):
        """A list of indices without objects: an item per run of them."""
        first: cython.longlong = -1
        last: cython.longlong = -1
        index: cython.longlong
        k: cython.longlong
        for k in range(count):
            index = self._prefix(prefix)
            if first >= 0 and index != last + 1:
                self.item(out, row, self.named(group, variation, first), last + 1 - first)
                first = -1
            if first < 0:
                first = index
            last = index
        if first >= 0:
            self.item(out, row, self.named(group, variation, first), last + 1 - first)

    def _prefix(self, prefix):
        c: Cursor = self.app
        if prefix == 1 or prefix == 4:
            return c.u8()
        return c.u16le() if prefix == 2 or prefix == 5 else c.u32le()

    def prefix_of(self, prefix):
        """The index or size before an object, by its prefix code."""
        return self._prefix(prefix)

    def session_files(self):
        """Names of the flow's open files by handle."""
        return self.session.files

    def session_open(self, handle, name):
        """Remember what file a handle of this flow means."""
        self.session.opened(handle, name)

    def _bits(self, m, i, out, row, group, variation, start, count, width):
        """Packed objects of one or two bits."""
        c: Cursor = self.app
        v: ValueSheet = self.values
        octets: cython.longlong = (count * width + 7) // 8
        if octets > c.left():
            raise DecodeError("truncated", c.offset())
        if not v.wanted:
            c.skip(octets)
            return
        code: cython.int = self.point(group, start)
        v.block(
            m, i, self.f.protocol_code, out.operation_of(row), self.unit, code, self.direction,
            self.type_of(group, variation),
        )  # fmt: skip
        bits: cython.int = 0
        k: cython.longlong
        per: cython.int = 8 // width
        for k in range(count):
            if k % per == 0:
                bits = c.u8()
            v.number(bits & (1 if width == 1 else 3))
            bits = bits >> width

    def _points(self, m, i, out, row, group, variation, start, count, prefix):
        """Measured points: flags, number and time, as their layout says; runs of points are one block."""
        # Over 40 lines: one loop with a dozen typed locals over points of a layout; a call would hand all of them over.
        c: Cursor = self.app
        v: ValueSheet = self.values
        layout: cython.int = group * 16 + variation
        kind: cython.int = self.layouts[layout, 1]
        number: cython.int = self.layouts[layout, 2]
        timed: cython.int = self.layouts[layout, 3]
        word: cython.int = self.type_of(group, variation)
        operation: cython.ulonglong = out.operation_of(row)
        block: cython.int = -1
        flags: cython.int = 0
        quality: cython.int = -1
        last: cython.longlong = -2
        index: cython.longlong = start
        k: cython.longlong
        for k in range(count):
            index = self._prefix(prefix) if prefix else max(start, 0) + k
            if kind:
                flags = c.u8()
                quality = self._quality(kind, flags)
            self.when = NO_TIME
            value: cython.double = self._number(number, flags)
            if timed == 1:
                self.when = self._time()
            elif timed == 2:
                offset: cython.longlong = c.u16le()
                if self.cto != NO_TIME:
                    self.when = self.cto + offset * 1000000
            if (
                block < 0
                or index != last + 1
                or quality != self.block_quality
                or self.when != NO_TIME
                or timed
            ):
                block = v.block(
                    m, i, self.f.protocol_code, operation, self.unit, self.point(group, index), self.direction, word
                )  # fmt: skip
                v.set_quality(block, quality)
                self.block_quality = quality
                if self.when != NO_TIME:
                    v.set_device_time(block, self.when)
            v.number(value)
            last = index

    def _number(self, kind, flags):
        c: Cursor = self.app
        if kind == 7:
            return flags >> 7
        if kind == 4:
            return c.i32le()
        if kind == 3:
            return c.i16le()
        if kind == 2:
            return c.u32le()
        if kind == 1 or kind == 11 or kind == 12:
            return c.u16le()
        if kind == 5:
            return c.f32le()
        if kind == 6:
            return c.f64le()
        if kind == 8:
            return flags >> 6
        if kind == 9:
            return c.u8()
        if kind == 10:
            self.when = self._time()
            return self.when // 1000000 if self.when != NO_TIME else 0
        return rare.decimal(c.take(2 if kind == 13 else 4))

    def _time(self):
        """48-bit milliseconds since 1970 as nanoseconds; NO_TIME where they do not fit."""
        c: Cursor = self.app
        low: cython.longlong = c.u32le()
        high: cython.longlong = c.u16le()
        milliseconds: cython.longlong = low + (high << 32)
        return milliseconds * 1000000 if milliseconds <= M48 else NO_TIME

    def _quality(self, kind, octet):
        if kind <= 2:
            octet = octet & 0x3F
        code: cython.int = self.qualities[kind * 256 + octet]
        if code < 0:
            code = self.names.code(flag_text(kind, octet))
            self.qualities[kind * 256 + octet] = code
        return code

    def item(self, out, row, code, count):
        """What a row is about: its first object, or another item; past MAX_ITEMS nothing more is named."""
        if self.items == 0:
            out.set_object(row, code, count)
        elif self.items < MAX_ITEMS:
            out.set_object(out.more(row), code, count)
        self.items += 1

    def named(self, group, variation, start):
        """Code of an object header's name; start: -1 where it names no range."""
        key: cython.ulonglong = group
        key = self.f.key_base | (key << 44) | (cython.cast(cython.ulonglong, variation) << 36) | (start + 1)
        code: cython.int = self.objects.find(key)
        return code if code >= 0 else self.objects.keep(key, header_name(group, variation, start))

    def point(self, group, index):
        """Code of a point's name."""
        key: cython.ulonglong = group
        key = self.f.key_base | cython.cast(cython.ulonglong, POINT_KEY) | (key << 44) | index
        code: cython.int = self.objects.find(key)
        return code if code >= 0 else self.objects.keep(key, point_name(group, index))

    def type_of(self, group, variation):
        """Code of a type's name, as `g30v1`."""
        key: cython.ulonglong = (
            self.f.key_base | cython.cast(cython.ulonglong, POINT_KEY) | (group << 8) | variation
        )
        code: cython.int = self.names.find(key)
        return code if code >= 0 else self.names.keep(key, f"g{group}v{variation}")

    def _unit(self, address):
        key: cython.ulonglong = self.f.key_base | address
        code: cython.int = self.names.find(key)
        return code if code >= 0 else self.names.keep(key, str(address))


SPEC = ProtocolSpec(
    name="dnp3",
    names=("dnp3",),
    probe=probe,
    decoder=Dnp3,
    tcp=frozenset({20000}),
    udp=frozenset({20000}),
    framer=LinkFramer,
    details=DETAILS,
    control=True,
)
