# cython: compiled
"""EtherCAT: datagrams that pass through every device of a segment and come back to their sender.

    Ethernet 0x88A4, UDP 34980   | length 11 bits, 0 1 bit, type 4 bits | datagram … |          octets little endian
    datagram   command 1 | index 1 | address 4 | length 11 bits, 0 3, circulating 1, more 1 | interrupt 2 | data |
               working counter 2
    address    position 2, offset 2 (AP.., B..)  |  station 2, offset 2 (FP.., FRMW)  |  logical 4 (L..)

What goes out is the request, what comes back its answer: the first device sets bit 1 of the sender's MAC, and those
that took part count the working counter up. Where the sender's MAC has that bit itself, and over UDP, only the counter
tells them apart. Source: IEC 61158-4-12, 5.3 (frames), 5.4 (datagrams); ETG.1000.4, ETG.1000.6.
"""

from __future__ import annotations

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.ethercat.rare import Rare
from interlock.decode.protocols.ethercat.recognition import probe
from interlock.decode.protocols.ethercat.registers import verb_tables
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "EtherCat", "Segment"]

TYPE_BASE = 256
MAX_UNITS = 4096
REGISTERS = 4096
"""Addresses below are registers, those from here on process data and mailboxes."""


class Segment:
    """What is known of one link flow: whose frames they are.

    marked: the sender's MAC has bit 1 set. partner: slot of the flow that asks, whose frames come back in this one, or
    -1; asker: that flow's side; generation: of EtherCat.generation when it was looked up.
    memory: what rare.Rare keeps of the devices, bounded there.
    """

    def __init__(self):
        self.partner = -1
        self.asker = 0
        self.generation = -1
        self.marked = False
        self.key = None
        self.memory = {}


class EtherCat(Decoder):
    """A row a datagram; what reads and writes has an item for each."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.generation = 0
        self.askers = {}
        self.units = {}
        self.reading, self.writing = verb_tables()
        self.read = VERBS.index("read")
        self.write = VERBS.index("write")
        self.rare = Rare(self)

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        head: cython.int = c.u16le()
        kind: cython.int = head >> 12
        if kind != 1:
            self.rare.other(m, i, out, kind)
            return
        length: cython.int = head & 0x7FF
        end: cython.Py_ssize_t = length + 2
        if end > c.offset() + c.left():
            self.facts.oddity(m, i, "ethercat", "length-mismatch", 0)
            end = c.offset() + c.left()
        slot: cython.int = m.flow[i]
        side: cython.int = m.side[i]
        segment: Segment = self.flows.state[slot]
        if segment is None:
            segment = self.flows.state[slot] = Segment()
        partner: cython.int = self._partner(m, i, segment)
        counted: cython.int = self._scan(end)
        if partner >= 0:
            m.flow[i] = partner
            m.side[i] = 1 - segment.asker
            owner: Segment = self.flows.state[partner]
            segment = owner if owner is not None else segment
        elif counted:
            m.side[i] = 1 - side
        try:
            self._datagrams(m, i, out, segment, end, partner >= 0 or counted > 0)
        finally:
            m.flow[i] = slot
            m.side[i] = side

    def _partner(self, m, i, segment):
        """Slot of the flow whose frames come back in this one; -1 where this one asks, or nobody was seen to."""
        slot: cython.int = m.flow[i]
        if segment.key is None:
            segment.key, segment.marked, own = self.rare.keys(m, i)
            if not segment.marked:
                self.askers[own] = (slot, m.side[i])
                self.generation += 1
            self.flows.orient(slot, m.side[i])
        if not segment.marked:
            return -1
        if segment.generation != self.generation:
            found = self.askers.get(segment.key)
            segment.partner = -1 if found is None else found[0]
            segment.asker = 0 if found is None else found[1]
            segment.generation = self.generation
            if found is not None:
                self.rare.same_sender(m, i, segment.partner, segment.asker)
        return segment.partner

    def _scan(self, end):
        """Check that the datagrams stand within `end`; 1 where one of their working counters is not 0."""
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.offset()
        counted: cython.int = 0
        more: cython.int = 1
        while more:
            if c.offset() + 12 > end:
                raise DecodeError("datagram-truncated", c.offset())
            if c.u8() > 14:
                raise DecodeError("command-unknown", c.offset() - 1)
            c.skip(5)
            length: cython.int = c.u16le()
            more = length & 0x8000
            length = length & 0x7FF
            if c.offset() + 4 + length > end:
                raise DecodeError("datagram-truncated", c.offset())
            c.skip(2 + length)
            if c.u16le() != 0:
                counted = 1
        c.seek(begin)
        return counted

    def _datagrams(self, m, i, out, segment, end, back):
        """A row for each datagram, or the end of one that came back; `_scan` has checked their lengths."""
        c: Cursor = self.cursor
        more: cython.int = 1
        row: cython.int
        while more:
            command: cython.int = c.u8()
            index: cython.longlong = c.u8()
            address: cython.longlong = c.u32le()
            length: cython.longlong = c.u16le()
            more = length & 0x8000
            length = length & 0x7FF
            c.skip(2)
            at: cython.Py_ssize_t = c.offset()
            c.skip(length)
            counter: cython.int = c.u16le()
            # Devices count the position of AP and B commands up on the way, so only the offset is sure to come back.
            fixed: cython.longlong = address if command >= 10 or 4 <= command <= 6 else (address >> 16) << 16
            key: cython.longlong = index | (command << 8) | (fixed << 12) | (length << 44)
            if back:
                row = self._answered(m, i, out, command, address, key, index, counter)
            else:
                row = self._asked(m, i, out, command, address, key, index)
            if self._looks(command, (address >> 16) & 0xFFFF, length, back):
                c.seek(at)
                self.rare.datagram(m, i, out, row, segment.memory, command, address, c.take(length), back)
                c.skip(2)
        return 0

    def _looks(self, command, offset, length, back):
        """1 where rare.Rare.datagram may have something to say.

        Images that came back (safety), mailboxes of one device, AL and SII control going out, SII data coming back.
        """
        if 10 <= command <= 12:
            return back and length >= 6
        if offset >= 4096:
            return length >= 16 and (command == 1 or command == 2 or command == 4 or command == 5)
        if offset == 0x0120 or offset == 0x0502:
            return (
                not back and command <= 9 and command != 1 and command != 4 and command != 7 and command != 0
            )
        return back and offset == 0x0508

    def _asked(self, m, i, out, command, address, key, index):
        row: cython.int = out.ask(m, i, self.f, command, key)
        out.set_transaction(row, index)
        self._about(out, row, command, address, True)
        return row

    def _answered(self, m, i, out, command, address, key, index, counter):
        row: cython.int = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, command, index)
            self._about(out, row, command, address, command >= 10 or 4 <= command <= 6)
        self._judge(out, row, command, counter)
        return row

    def _about(self, out, row, command, address, positioned):
        """Object, unit and verb. positioned: the address still has the position that it was sent to."""
        if command == 0:
            return 0
        code: cython.int = self._object(command, address)
        unit: cython.int = self._unit(command, address) if positioned else -1
        out.set_object(row, code, 1)
        if unit >= 0:
            out.set_unit(row, unit)
        offset: cython.int = (address >> 16) & 0xFFFF
        register: cython.bint = offset < 4096 and (command < 10 or command > 12)
        writes: cython.bint = command == 2 or command == 5 or command == 8
        both: cython.bint = command == 3 or command == 6 or command == 9
        if writes:
            if register:
                out.set_verb(row, self.writing[offset])
            return 0
        if register:
            out.set_verb(row, self.reading[offset])
        if both or command >= 12:
            second: cython.int = out.more(row)
            out.set_object(second, code, 1)
            out.set_verb(second, self.writing[offset] if register and both else self.write)
        return 0

    def _judge(self, out, row, command, counter):
        """Nobody took part: `no-answer`; one device that should read and write counts 3."""
        if command == 0:
            return 0
        if counter == 0:
            out.settle(row, 3, -2147483648)
        elif (command == 3 or command == 6) and counter < 3:
            out.settle_item(row, 1 if counter == 1 else 0, 3, -2147483648)
        return 0

    def _object(self, command, address):
        """`logical:0x01000000`, a register by its name, `memory:0x1000`; spelled once."""
        logical: cython.ulonglong = 1 if 10 <= command <= 12 else 0  # 64 bits wide: it is shifted beyond 32
        offset: cython.ulonglong = address if logical else address >> 16
        key: cython.ulonglong = self.f.key_base | (logical << 32) | offset
        code: cython.int = self.objects.find(key)
        if code >= 0:
            return code
        return self.objects.keep(key, self.rare.object_name(logical == 1, offset))

    def _unit(self, command, address):
        """Code of the device: its station address, or its position; -1 for all of them."""
        if command == 0 or 7 <= command <= 12:
            return -1
        key: cython.int = address & 0xFFFF
        if command <= 3 or command == 13:
            key = 65536 + ((65536 - key) & 0xFFFF)
        code = self.units.get(key)
        if code is None:
            if len(self.units) >= 4096:
                self.units.clear()
            code = self.units[key] = self.names.code(str(key) if key < 65536 else f"position:{key - 65536}")
        return code

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        self.generation += 1
        for key in [k for k, (known, _) in self.askers.items() if known == slot]:
            del self.askers[key]


SPEC = ProtocolSpec(
    name="ethercat",
    names=("ethercat",),
    probe=probe,
    decoder=EtherCat,
    udp=frozenset({34980}),
    ethertypes=frozenset({0x88A4}),
    control=True,
    timeout_ns=1_000_000_000,
)
