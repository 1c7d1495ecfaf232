# cython: compiled
"""IEC 60870-5-104: APCI, and the ASDUs of IEC 60870-5-101 in it.

    APCI                                          ASDU (I format)
    | 0x68 1 | length 1 | control field 4 |       | type 1 | SQ, number 1 | cause 2 | common address 2 | objects … |

Over 400 lines would be split; what stands here is one class because it is one compiled module, and every compiled
module costs the build more than its lines do. What is rare stands in `rare.py`.
Source: IEC 60870-5-104, clauses 5 to 8; IEC 60870-5-101, clause 7.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.decoder import Decoder
from interlock.decode.echoes import asks, repeats
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.iec104 import rare
from interlock.decode.protocols.iec104.elements import ELEMENTS, FORMS, QUALIFIER_AT, flag_text
from interlock.decode.protocols.iec104.recognition import other_field_lengths, probe
from interlock.decode.protocols.iec104.tables import DETAILS
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "Iec104"]

OK, REFUSED = 1, 2
WRITTEN, READ, REPORTED, UNSAID = 0, 1, 2, -1
NO_TIME = -(1 << 62)
READ_COMMAND = 102
F_SIQ, F_DIQ, F_VTI, F_BSI, F_NVA, F_SVA, F_R32, F_BCR, F_SEP, F_SPE, F_OCI, F_SCD, F_SCO, F_DCO, F_RCO = (
    range(1, 16)
)
"""Indices into elements.FORMS."""
QDS, SIQ, QDP, BCR = 0x000, 0x100, 0x200, 0x300
"""Which set of flags an octet is; + 0x400 transient, 0x800 time invalid (elements.flag_text)."""
U_FUNCTIONS = 256
"""Added to the control octet of a U frame's activation: STARTDT 0x07, STOPDT 0x13, TESTFR 0x43."""
OUT_OF_ORDER = 50_000_000
"""Captures of two mirrored directions, or of a card's several queues, are apart by less, ns."""
HOUR, DAY = 3_600_000_000_000, 86_400_000_000_000


class Counters:
    """What is kept of a connection's numbers, each modulo 32768, -1 where not known.

    next: of each side, what its next send number should be. gaps: holes the stream had by then. leapt: when a number
    last leapt over such a hole. taken: of each side, the highest receive number it said. low: one that fell behind it.
    high, top: source, time, frame of the message that leapt over a hole, and of the one that raised taken by more than
    one. ahead: a receive number of that side beyond all that the other had sent, and the frame that said so.
    """

    def __init__(self):
        self.next_0 = self.next_1 = self.fell_0 = self.fell_1 = -1
        self.gaps = 0
        self.leapt_0 = self.leapt_1 = -(1 << 62)
        self.taken_0 = self.taken_1 = self.low_0 = self.low_1 = -1
        self.top_0 = self.top_1 = self.high_0 = self.high_1 = None
        self.ahead_0 = self.ahead_1 = None


class Iec104(Decoder):
    """Connections between a controlling and a controlled station; one row per U function and per ASDU."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.elements = memoryview(np.array(ELEMENTS, np.int32))
        at = np.full(256, -1, np.int32)
        for kind, where in QUALIFIER_AT.items():
            at[kind] = where
        self.qualifier_at = memoryview(at)
        self.qualities = memoryview(np.full(4096, -1, np.int32))
        self.type_codes = memoryview(np.array([self.names.code(form) for form in FORMS], np.int32))
        self.select_verb, self.report_verb = VERBS.index("select"), VERBS.index("report")
        self.days = {}
        self.number = self.kind = self.vsq = self.cause = self.negative = self.station = 0
        self.unit = -1
        self.standard = True
        self.flags = self.time_bad = 0
        self.block_quality = -1
        self.text = None
        self.when = 0

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        c.skip(2)
        first: cython.int = c.u8()
        second: cython.int = c.u8()
        receive: cython.int = c.u16le()
        slot: cython.int = m.flow[i]
        if first & 1 == 0:
            counters: Counters = self.flows.state[slot]
            if counters is None:
                counters = self.flows.state[slot] = Counters()
            if receive & 1:
                self.facts.oddity(m, i, "iec104", "control-field-invalid", 4)
            self._taken(m, i, counters, receive >> 1)
            self._numbered(m, i, counters, (first >> 1) | (second << 7))
            self._asdu(m, i, out, (first >> 1) | (second << 7))
            return
        if c.left():
            self.facts.oddity(m, i, "iec104", "apci-length-mismatch", 1)
        if first & 3 == 3:
            if second or receive:
                self.facts.oddity(m, i, "iec104", "control-field-invalid", 3)
            self._unnumbered(m, i, out, first)
        elif first != 1 or second or receive & 1:
            self.facts.oddity(m, i, "iec104", "control-field-invalid", 2)
        elif self.flows.state[slot] is not None:
            self._taken(m, i, self.flows.state[slot], receive >> 1)

    def _unnumbered(self, m, i, out, control):
        """U format: one of three functions, activated or confirmed."""
        row: cython.int
        function: cython.int
        if control in (0x07, 0x13, 0x43):
            row = out.ask(m, i, self.f, U_FUNCTIONS + control, (1 << 60) | control)
            if control == 0x07 and m.direction[i] == 1:
                self.flows.orient(m.flow[i], m.side[i])  # only a controlling station starts data transfer
        elif control in (0x0B, 0x23, 0x83):
            function = 0x07 if control == 0x0B else 0x13 if control == 0x23 else 0x43
            row = out.answer(m, i, (1 << 60) | function)
            if row < 0:
                row = out.orphan(m, i, self.f, U_FUNCTIONS + function, -1)
        else:
            raise DecodeError("u-function-unknown", 2)
        out.set_transaction(row, -1)

    def _numbered(self, m, i, counters, number):
        """I format: send numbers follow each other (clause 5.1), unless the capture lost some.

        What is lost makes them leap, never fall: a number that falls back is a message that was sent before. Only
        what a capture itself puts out of order, by less than OUT_OF_ORDER, is none.
        """
        side: cython.int = m.side[i]
        expected: cython.int = counters.next_1 if side else counters.next_0
        gaps: cython.int = m.gaps[i]
        behind: cython.int = (expected - number) & 0x7FFF
        fell: cython.int = counters.fell_1 if side else counters.fell_0
        self._contradicted(m, i, counters, number)
        anew: cython.bint = fell >= 0 and number == (fell + 1) & 0x7FFF  # two in a row: it goes on from there
        if expected >= 0 and 0 < behind < 0x4000 and not anew:
            if m.time[i] - (counters.leapt_1 if side else counters.leapt_0) > OUT_OF_ORDER:
                self.facts.oddity(m, i, "iec104", "send-number-falls", 2)
            if side:
                counters.fell_1 = number
            else:
                counters.fell_0 = number
            return
        if anew:
            self._early(m, i, counters.high_1 if side else counters.high_0)
        elif expected >= 0 and expected != number and gaps == counters.gaps:
            self.facts.oddity(m, i, "iec104", "send-number-unexpected", 2)
        counters.gaps = gaps
        leapt = None
        if expected != number:
            leapt = (m.source[i], m.time[i], m.frame[i])
        if side:
            counters.next_1 = (number + 1) & 0x7FFF
            counters.fell_1 = -1
            if leapt is not None:
                counters.leapt_1 = m.time[i]
                counters.high_1 = None if anew or expected < 0 else leapt
        else:
            counters.next_0 = (number + 1) & 0x7FFF
            counters.fell_0 = -1
            if leapt is not None:
                counters.leapt_0 = m.time[i]
                counters.high_0 = None if anew or expected < 0 else leapt

    def _early(self, m, i, said):
        """A message came before its turn: those after it fall behind it again, and go on from there."""
        if said is not None and m.time[i] - said[1] > OUT_OF_ORDER:
            self.facts.oddity_at(
                said[0], said[1], said[2], m.flow[i], "iec104", "number-before-its-turn", 2, b""
            )

    def _taken(self, m, i, counters, number):
        """I and S format: nobody takes back what he said he has received, nor has received what is not sent yet.

        The latter is told once that is certain: when what was acknowledged is sent, not lost by the capture (see
        `_contradicted`).
        """
        side: cython.int = m.side[i]
        before: cython.int = counters.taken_1 if side else counters.taken_0
        low: cython.int = counters.low_1 if side else counters.low_0
        sent: cython.int = counters.next_0 if side else counters.next_1
        risen: cython.int = (number - before) & 0x7FFF
        ahead: cython.int = (number - sent) & 0x7FFF
        if before >= 0 and risen > 0x4000:
            if low < 0 or (number - low) & 0x7FFF > 0x4000:
                if m.time[i] - (counters.leapt_1 if side else counters.leapt_0) > OUT_OF_ORDER:
                    self.facts.oddity(m, i, "iec104", "receive-number-falls", 4)
                if side:
                    counters.low_1 = number
                else:
                    counters.low_0 = number
                return
            self._early(
                m, i, counters.top_1 if side else counters.top_0
            )  # twice in a row: it goes on from here
            self._raise(m, i, counters, number, 0)
        elif sent >= 0 and 0 < ahead < 0x4000:
            if (counters.ahead_1 if side else counters.ahead_0) is None:
                said = (number, m.source[i], m.time[i], m.frame[i], m.bytes(i)[:32])
                if side:
                    counters.ahead_1 = said
                else:
                    counters.ahead_0 = said
        else:
            self._raise(m, i, counters, number, risen if before >= 0 else 0)

    def _raise(self, m, i, counters, number, risen):
        """Keep what the sender of message i has received by now; risen: by so many."""
        side: cython.int = m.side[i]
        if side:
            counters.taken_1 = number
            counters.low_1 = -1
            if risen:
                counters.top_1 = (m.source[i], m.time[i], m.frame[i])
        else:
            counters.taken_0 = number
            counters.low_0 = -1
            if risen:
                counters.top_0 = (m.source[i], m.time[i], m.frame[i])

    def _contradicted(self, m, i, counters, number):
        """Tell of an acknowledgement of this number from long before it is sent, now."""
        side: cython.int = m.side[i]
        said: object = counters.ahead_0 if side else counters.ahead_1
        if said is None:
            return
        if side:
            counters.ahead_0 = None
        else:
            counters.ahead_1 = None
        acknowledged, source, time, frame, octets = said
        if 0 < (acknowledged - number) & 0x7FFF < 0x4000 and m.time[i] - time > OUT_OF_ORDER:
            self.facts.oddity_at(
                source, time, frame, m.flow[i], "iec104", "acknowledged-before-sent", 4, octets
            )

    def _asdu(self, m, i, out, number):
        c: Cursor = self.cursor
        left: cython.Py_ssize_t = c.left()
        if left < 3:
            raise DecodeError("truncated", c.offset())
        self.number = number
        self.kind = c.u8()
        self.vsq = c.u8()
        self.standard = self._fits(m, i, left)
        self.cause = c.u8()
        self.negative = self.cause & 0x40
        self.cause = self.cause & 0x3F
        self.unit = -1
        self.station = 0
        if self.standard:
            c.skip(1)
            self.station = c.u16le()
            self.unit = self._unit(self.station)
        if self.kind <= 41 or self.kind == 70:
            self._information(m, i, out)
        elif 81 <= self.kind <= 95 or 120 <= self.kind <= 127:
            rare.message(self, m, i, out)
        else:
            self._command(m, i, out)

    def _fits(self, m, i, left):
        """1 where the lengths agree with those that 104 prescribes (cause 2, common address 2, object address 3)."""
        size: cython.int = self.elements[self.kind, 0]
        count: cython.int = self.vsq & 0x7F
        if size < 0:
            return 1
        if count == 0:
            self.facts.oddity(m, i, "iec104", "no-objects", 7)
            return 1
        expected: cython.Py_ssize_t = 6 + (3 + count * size if self.vsq & 0x80 else count * (3 + size))
        if left > expected:
            self.facts.oddity(m, i, "iec104", "trailing-octets", 6 + expected)
        elif left < expected and other_field_lengths(left, count, size, self.vsq & 0x80):
            self.facts.oddity(m, i, "iec104", "field-lengths-nonstandard", 6)
            return 0
        return 1

    def _command(self, m, i, out):
        """Control direction, and what comes back of it: confirmations, refusals and terminations."""
        key: cython.longlong = self._key()
        cause: cython.int = self.cause
        said: cython.longlong = self._said()
        row: cython.int
        if cause == 5 or cause == 6 or cause == 8:
            row = out.ask(m, i, self.f, self.kind, key)
            if said >= 0:
                asks(out, row, m, i, said)
            self._describe(m, i, out, row, key, WRITTEN)
        elif cause == 7 or cause == 9 or 44 <= cause <= 47:
            row = self.answered(m, i, out, key)
            if row < 0:
                row = out.orphan(m, i, self.f, self.kind, -1)
                self._describe(m, i, out, row, key, UNSAID)
            elif cause == 7 and said >= 0 and not repeats(out, row, m, i, said) and not self.negative:
                self.facts.oddity(m, i, "iec104", "answer-differs", 9)
            if self.negative or cause >= 44:
                out.settle(row, REFUSED, cause)
        else:
            row = out.tell(m, i, self.f, self.kind)
            self._describe(m, i, out, row, key, UNSAID)
            if cause == 10 and self.elements[self.kind, 0] >= 0:  # a private type's is unknown
                out.set_verb(row, self.report_verb)
            if self.negative:
                out.settle(row, REFUSED, cause)
        rare.detail(self, m, i, out.operation_of(row))

    def _said(self):
        """The value of a command of one object, which its confirmation mirrors (60870-5-5); -1 where it has none."""
        c: Cursor = self.cursor
        form: cython.int = self.elements[self.kind, 1]
        octets: cython.int = 2 if form in (F_NVA, F_SVA) else 4 if form in (F_R32, F_BSI) else 1
        if not self.standard or self.vsq != 1 or not 45 <= self.kind <= 64 or c.left() < 3 + octets:
            return -1
        said: cython.longlong = 0
        k: cython.int
        for k in range(octets):
            said = said << 8 | c.peek(3 + k)
        return said & (1 if form == F_SCO else 3) if octets == 1 else said

    def _key(self):
        """Pairing key of a command: type, common address, first object, select or execute, whether deactivated."""
        c: Cursor = self.cursor
        kind: cython.longlong = self.kind
        station: cython.longlong = self.station
        key: cython.longlong = (kind << 44) | (station << 28)
        at: cython.int = self.qualifier_at[self.kind]
        if self.standard and c.left() >= 3:
            key = key | (c.peek(0) << 4) | (c.peek(1) << 12) | (c.peek(2) << 20)
            if at >= 0 and c.left() > 3 + at:
                key = key | ((c.peek(3 + at) >> 7) << 1)
        if self.cause == 8 or self.cause == 9:
            key = key | 1
        return key

    def answered(self, m, i, out, key):
        """The row that is confirmed or refused, or -1.

        A refusal (causes 44 to 47) does not say whether it was an activation; some stations mirror a select as
        an execute.
        """
        row: cython.int = out.answer(m, i, key)
        if row < 0 and self.cause >= 44:
            row = out.answer(m, i, key ^ 1)
        if row < 0 and self.qualifier_at[self.kind] >= 0:
            row = out.answer(m, i, key ^ 2)
        return row

    def _describe(self, m, i, out, row, key, direction):
        """What a new row of a command says besides its type."""
        out.set_transaction(row, self.number)
        if self.unit >= 0:
            out.set_unit(row, self.unit)
        if key & 2:
            out.set_verb(row, self.select_verb)
        if not self.standard:
            return
        if self.kind >= 100:
            rare.arguments(self, m, i, out, row, direction == WRITTEN)
        else:
            self.objects_of(m, i, out, row, direction)

    def _information(self, m, i, out):
        """Monitor direction: reported by itself, or because it was asked for."""
        cause: cython.int = self.cause
        row: cython.int = -1
        direction: cython.int = REPORTED
        if not self.flows.oriented[m.flow[i]] and m.direction[i] == 0:
            self.flows.orient(m.flow[i], 1 - m.side[i])  # only a controlled station sends these
        if cause == 5 or 20 <= cause <= 41:
            direction = READ
            if cause == 5:
                row = out.answer(m, i, (self._key() & 0xFFFFFFFFFF0) | (READ_COMMAND << 44))
                if row >= 0:
                    self._values(m, i, out, row)
                    return
            row = out.orphan(m, i, self.f, self.kind, -1)
        else:
            row = out.tell(m, i, self.f, self.kind)
            if self.negative or cause >= 44:
                out.settle(row, REFUSED, cause)
        out.set_transaction(row, self.number)
        if self.unit >= 0:
            out.set_unit(row, self.unit)
        if self.standard:
            self.objects_of(m, i, out, row, direction)

    def _values(self, m, i, out, row):
        """Values that answer a read command, whose row names the object already."""
        if self.standard and self.vsq & 0x7F and self.elements[self.kind, 1]:
            address: cython.longlong = self.cursor.u16le()
            address = address | (self.cursor.u8() << 16)
            self._one(m, i, out, row, self._object(address), READ, -1)

    def objects_of(self, m, i, out, row, direction):
        """Information objects: an item per run of addresses that follow each other, and their values."""
        c: Cursor = self.cursor
        count: cython.int = self.vsq & 0x7F
        size: cython.int = self.elements[self.kind, 0]
        if size < 0 or count == 0:
            return
        address: cython.longlong = c.u16le()
        address = address | (c.u8() << 16)
        if self.vsq & 0x80:
            out.set_object(row, self._object(address), count)
            self._run(m, i, out, row, address, count, direction)
            return
        item: cython.int = row
        first: cython.longlong = address
        block: cython.int = -1
        k: cython.int
        for k in range(count):
            if k:
                before: cython.longlong = address
                address = c.u16le()
                address = address | (c.u8() << 16)
                if address != before + 1:
                    out.set_object(item, self._object(first), before + 1 - first)
                    item = out.more(row)
                    first = address
                    block = -1
            block = self._one(m, i, out, row, self._object(address), direction, block)
        out.set_object(item, self._object(first), address + 1 - first)

    def _run(self, m, i, out, row, address, count, direction):
        """The elements of a sequence: one address, the others follow it."""
        block: cython.int = -1
        k: cython.int
        for k in range(count):
            block = self._one(m, i, out, row, self._object(address + k), direction, block)

    def _one(self, m, i, out, row, code, direction, block):
        """One element at the cursor as a value; block: the one it may join, -1 for none. Returns the block."""
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        kind: cython.int = self.kind
        form: cython.int = self.elements[kind, 1]
        tag: cython.int = self.elements[kind, 3]
        if form == 0 or direction < 0 or not v.wanted:
            c.skip(self.elements[kind, 0])
            return -1
        self.flags = -1
        self.text = None
        value: cython.double = self._element(form)
        if self.elements[kind, 2]:
            octet: cython.int = c.u8()
            if kind < 45:
                self.flags = QDS | (self.flags & 0x400 if self.flags >= 0 else 0) | octet
        self.when = NO_TIME
        if tag:
            self._time(m, i, tag)
        quality: cython.int = self._quality() if self.flags >= 0 else -1
        if block < 0 or tag or quality != self.block_quality:
            block = v.block(
                m,
                i,
                self.f.protocol_code,
                out.operation_of(row),
                self.unit,
                code,
                direction,
                self.type_codes[form],
            )
            v.set_quality(block, quality)
            self.block_quality = quality
            if self.when != NO_TIME:
                v.set_device_time(block, self.when)
            if self.text is not None:
                v.set_text(block, self.text)
                self.text = None
        v.number(value)
        return block

    def _element(self, form):
        """The value of one element; sets `flags` where its own octets hold quality."""
        c: Cursor = self.cursor
        octet: cython.int
        if form == F_NVA:
            return c.i16le() / 32768.0
        if form == F_SVA:
            return c.i16le()
        if form == F_R32:
            return c.f32le()
        if form == F_SIQ:
            octet = c.u8()
            self.flags = SIQ | (octet & 0xF0)
            return octet & 1
        if form == F_DIQ:
            octet = c.u8()
            self.flags = SIQ | (octet & 0xF0)
            return octet & 3
        if form == F_BCR:
            number: cython.longlong = c.i32le()
            self.flags = BCR | (c.u8() & 0xE0)
            return number
        if form == F_VTI:
            octet = c.u8()
            self.flags = 0x400 if octet & 0x80 else 0
            octet = octet & 0x7F
            return octet - 128 if octet & 0x40 else octet
        if form == F_SCO:
            return c.u8() & 1
        if form in (F_DCO, F_RCO):
            return c.u8() & 3
        if form in (F_BSI, F_SCD):
            return c.u32le()
        return self._event(form)

    def _event(self, form):
        """Events of protection equipment, whose elapsed or operating time becomes text; cause of initialisation."""
        c: Cursor = self.cursor
        octet: cython.int = c.u8()
        if form == F_SEP:
            self.flags = QDP | (octet & 0xF8)
            octet = octet & 3
        elif form in (F_SPE, F_OCI):
            self.flags = QDP | (c.u8() & 0xF8)
        else:
            return octet
        self.text = f"{c.u16le()} ms"
        return octet

    def _quality(self):
        """Code of the set flags' names."""
        at: cython.int = self.flags | (0x800 if self.time_bad else 0)
        code: cython.int = self.qualities[at]
        if code < 0:
            code = self.names.code(flag_text(at))
            self.qualities[at] = code
        return code

    def _time(self, m, i, tag):
        """Read CP24Time2a or CP56Time2a into `when`; what is none is an oddity, what is marked invalid is not told."""
        c: Cursor = self.cursor
        at: cython.Py_ssize_t = c.offset()
        milliseconds: cython.longlong = c.u16le()
        minute: cython.int = c.u8()
        self.time_bad = minute & 0x80
        when: cython.longlong = ((minute & 0x3F) * 60000 + milliseconds) * 1000000
        bad: cython.bint = milliseconds > 59999 or minute & 0x3F > 59
        if tag == 1:
            when = self._hour_of(m.time[i], when)
        else:
            hour: cython.longlong = c.u8() & 0x1F
            date: cython.longlong = (c.u8() & 0x1F) << 16
            date = date | ((c.u8() & 0x0F) << 8)
            date = date | (c.u8() & 0x7F)
            day: cython.longlong = self.day(date)
            bad = bad or hour > 23 or day < 0
            when += day * DAY + hour * HOUR
        if bad and not self.time_bad:
            self.facts.oddity(m, i, "iec104", "time-invalid", at)
        if not bad and not self.time_bad:
            self.when = when
        return 0

    def _hour_of(self, now, within):
        """The instant `within` an hour that is nearest to now: CP24Time2a does not say which hour."""
        hour: cython.longlong = HOUR
        when: cython.longlong = now - now % hour + within
        if when - now > hour // 2:
            return when - hour
        return when + hour if now - when > hour // 2 else when

    def day(self, date):
        """Days since 1970 of day << 16 | month << 8 | year of the century, -1 where there is no such day."""
        known = self.days.get(date)
        if known is None:
            if len(self.days) > 4096:
                self.days.clear()
            known = self.days[date] = rare.days_since_1970(date)
        return known

    def _object(self, address):
        key: cython.ulonglong = self.f.key_base | address
        code: cython.int = self.objects.find(key)
        return code if code >= 0 else self.objects.keep(key, f"ioa:{address}")

    def _unit(self, station):
        key: cython.ulonglong = self.f.key_base | station
        code: cython.int = self.names.find(key)
        return code if code >= 0 else self.names.keep(key, str(station))


def _framer():
    return LengthFramer(header=6, at=1, width=1, add=2, minimum=6, maximum=255, magic=((0, 0xFF, 0x68),))


SPEC = ProtocolSpec(
    name="iec104",
    names=("iec104",),
    probe=probe,
    decoder=Iec104,
    tcp=frozenset({2404}),
    framer=_framer,
    details=DETAILS,
    control=True,
    timeout_ns=15_000_000_000,
)
"""timeout_ns: t1, the time-out of sent or test APDUs (clause 9.6)."""
