# cython: compiled
"""DLMS/COSEM over TCP and UDP: who reads, sets and operates meters; in HDLC frames or in the wrapper.

    APDU | tag 1 | invoke id and priority 1 | …
    HDLC | [0x7E] | format 4 bits, S 1, length 11 | destination 1, 2, 4 | source 1, 2, 4 | control 1
         | [HCS 2 | information …] | FCS 2 | 0x7E |

Source: IEC 62056-5-3 clause 9.5 (xDLMS APDUs); IEC 62056-46 clauses 6.4 (frames) and 6.4.2 (addresses);
IEC 62056-47 (wrapper).
"""

from __future__ import annotations

import cython

from interlock.decode.cursor import Cursor
from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names
from interlock.decode.protocols.dlms.apdus import ANSWERS, ROLES, Apdus
from interlock.decode.protocols.dlms.association import Associations
from interlock.decode.protocols.dlms.hdlc import StreamFramer
from interlock.decode.protocols.dlms.objects import unit_text
from interlock.decode.protocols.dlms.recognition import probe
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Dlms"]

REFUSED = 2
NONE = -2147483648
MAX_LINKS = 64
MAX_OCTETS = 65536


class Link:
    """One pair of client and server within a flow: an APDU in segments, and the last request."""

    def __init__(self):
        self.parts = (bytearray(), bytearray())
        self.number = [-1, -1]
        self.torn = [False, False]
        self.last = -1


class Frame:
    """One HDLC frame. kind: 256 I, 257 S, or the control octet of an unnumbered frame without its poll bit.

    destination, source: (upper, lower or -1). number: N(S) of an I frame. more: segments follow.
    begin, size: where its information stands in the buffer.
    """

    def __init__(self):
        self.destination = self.source = (-1, -1)
        self.kind = self.number = -1
        self.more = False
        self.begin = self.size = 0


class Dlms(Decoder):
    """One HDLC frame or wrapped APDU; rows are made of APDUs and of link commands."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.users = Names(self.names)
        self.clients, self.servers = {}, {}
        self.roles = ROLES
        self.whole = Cursor()
        self.apdus = Apdus(self)
        self.associations = Associations(self)

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        first: cython.int = c.peek(0)
        if first == 0x7E and (c.left() == 1 or c.peek(1) == 0x7E):
            return  # flags between frames
        if first == 0 and c.left() >= 8:
            c.skip(2)
            source: cython.int = c.u16be()
            destination: cython.int = c.u16be()
            size: cython.int = c.u16be()
            if size != c.left():
                self.facts.oddity(m, i, "dlms", "length-mismatch", 6)
            if c.left() > 0:
                self._apdu(m, i, out, c, (source, -1), (destination, -1))
            return
        self._hdlc(m, i, out, _read_frame(c))

    def link(self, m, i, client, server):
        """State of a client and a server address within the flow."""
        slot: cython.int = m.flow[i]
        links = self.flows.state[slot]
        if links is None:
            links = self.flows.state[slot] = {}
        key = (client, server)
        found = links.get(key)
        if found is None:
            if len(links) >= MAX_LINKS:
                del links[next(iter(links))]
            found = links[key] = Link()
        return found

    def orient(self, m, i, asks):
        """The message shows who the client is: its sender (asks) or its receiver."""
        slot: cython.int = m.flow[i]
        client: cython.int = m.side[i] if asks else 1 - m.side[i]
        if self.flows.client_side[slot] != client:
            self.flows.orient(slot, client)
        m.direction[i] = 0 if asks else 1
        return 0

    def _hdlc(self, m, i, out, frame):
        kind: cython.int = frame.kind
        row: cython.int
        if kind == 0x100 or kind == 0x03:  # I, UI
            self._information(m, i, out, frame)
        elif kind == 0x83 or kind == 0x43:  # SNRM, DISC
            self.orient(m, i, True)
            link: Link = self.link(m, i, frame.source, frame.destination)
            link.number = [-1, -1]
            row = out.ask(m, i, self.f, 256 + kind, _key(frame.source, frame.destination, 0, 1))
            self._who(out, row, frame.source, frame.destination)
        elif kind == 0x63 or kind == 0x0F or kind == 0x87:  # UA, DM, FRMR
            self.orient(m, i, False)
            row = out.answer(m, i, _key(frame.destination, frame.source, 0, 1))
            if row < 0:
                row = out.orphan(m, i, self.f, NONE, -1)
                self._who(out, row, frame.destination, frame.source)
            if kind != 0x63:
                out.settle(row, REFUSED, 256 + kind)

    def _information(self, m, i, out, frame):
        """Information of one frame: the whole APDU, or one of its segments."""
        # Over 40 lines: what a segment is follows from what came before it; every case ends the message in its own way.
        c: Cursor = self.cursor
        at: cython.Py_ssize_t = frame.begin
        size: cython.Py_ssize_t = frame.size
        begins: cython.bint = False
        if size >= 3 and c.octets[at] == 0xE6 and c.octets[at + 2] == 0:
            if c.octets[at + 1] == 0xE6:  # the LLC header of a command
                begins = True
                self.orient(m, i, True)
            elif c.octets[at + 1] == 0xE7:  # of a response
                begins = True
                self.orient(m, i, False)
        side: cython.int = m.direction[i]
        link: Link = (
            self.link(m, i, frame.destination, frame.source)
            if side
            else self.link(m, i, frame.source, frame.destination)
        )
        if size == 0:
            self.facts.oddity(m, i, "dlms", "information-empty", 0)
            return
        if frame.kind == 0x100:
            if link.number[side] == frame.number:
                return  # sent again
            link.number[side] = frame.number
        part: bytearray = link.parts[side]
        whole: Cursor = self.whole
        if begins and not frame.more:
            part.clear()
            link.torn[side] = False
            if size > 3:
                whole.bind(m.octets)
                whole.begin(at + 3, at + size)
                self._apdu(m, i, out, whole, frame.source, frame.destination)
            else:
                self.facts.oddity(m, i, "dlms", "segment-missing", 0)
            return
        if begins:
            part.clear()
            link.torn[side] = False
            part += m.array[at + 3 : at + size].tobytes()
        elif part:
            part += m.array[at : at + size].tobytes()
        else:
            link.torn[side] = True
        if len(part) > MAX_OCTETS:
            part.clear()
            link.torn[side] = True
        if frame.more:
            return
        if link.torn[side] or not part:
            self.facts.oddity(m, i, "dlms", "segment-missing", 0)
        else:
            whole.bind(bytes(part))
            whole.begin(0, len(part))
            part.clear()
            self._apdu(m, i, out, whole, frame.source, frame.destination)

    def _who(self, out, row, client, server):
        """The client's address as user, the server's as unit."""
        out.set_transaction(row, -1)
        number = client[0]
        user = self.clients.get(number)
        if user is None:
            user = self.users.code(f"client-{number}")
            if user >= 0:
                self.clients[number] = user
        out.set_user(row, user)
        unit = self.servers.get(server)
        if unit is None:
            unit = self.users.code(unit_text(server))
            if unit < 0:
                return
            self.servers[server] = unit
        out.set_unit(row, unit)

    def _apdu(self, m, i, out, c, source, destination):
        tag: cython.int = c.u8()
        role: cython.int = self.roles[tag]
        if role == 1:
            self.orient(m, i, True)
        elif role == 2 or role == 3:
            self.orient(m, i, False)
        elif role == 0:
            raise DecodeError("apdu-unknown", c.offset() - 1)
        if m.direction[i]:
            self._from_server(m, i, out, c, tag, destination, source)
        else:
            self._from_client(m, i, out, c, tag, source, destination)

    def _from_client(self, m, i, out, c, tag, client, server):
        invoke: cython.longlong = _invoke(c, tag)
        key: cython.longlong = _key(client, server, tag, invoke & 0xFF)
        row: cython.int = out.ask(m, i, self.f, tag, key)
        self._who(out, row, client, server)
        link: Link = self.link(m, i, client, server)
        link.last = key
        if invoke >= 0:
            out.set_transaction(row, invoke)
        if tag == 0x60:  # AARQ
            self.associations.asked(m, i, out, row, c, client)
        else:
            self.apdus.request(m, i, out, row, c, tag)

    def _from_server(self, m, i, out, c, tag, client, server):
        invoke: cython.longlong = _invoke(c, tag)
        row: cython.int
        if self.roles[tag] == 3:
            link: Link = self.link(m, i, client, server)
            row = self.apdus.refusal(m, i, out, c, tag, link.last)
            if row < 0:
                row = out.tell(m, i, self.f, tag)
                self.apdus.report(m, i, out, row, c, tag)
            self._who(out, row, client, server)
            return
        asked: cython.int = ANSWERS.get(tag, tag)
        row = out.answer(m, i, _key(client, server, asked, invoke & 0xFF))
        if row < 0:
            row = out.orphan(m, i, self.f, asked, invoke)
            self._who(out, row, client, server)
            if invoke >= 0:
                out.set_transaction(row, invoke)
        if tag == 0x61:  # AARE
            self.associations.answered(m, i, out, row, c, server)
        else:
            self.apdus.answer(m, i, out, row, c, tag, server)


def _read_frame(c):
    """Read the HDLC frame at the cursor, which ends with its closing flag. Raises DecodeError."""
    if c.peek(0) == 0x7E:
        c.skip(1)
    form: cython.int = c.u16be()
    if form >> 12 != 0xA:
        raise DecodeError("format-unknown", c.offset() - 2)
    frame: Frame = Frame()
    frame.more = form & 0x0800 != 0
    frame.destination = _address(c)
    frame.source = _address(c)
    control: cython.int = c.u8()
    if not control & 1:
        frame.kind, frame.number = 0x100, control >> 1 & 7
    elif not control & 2:
        frame.kind = 0x101
    else:
        frame.kind = control & ~0x10
    left: cython.Py_ssize_t = c.left() - 1  # the closing flag
    if left > 4:
        c.skip(2)  # header check sequence
        frame.begin, frame.size = c.position, left - 4
        c.skip(left - 4)
    return frame


def _address(c):
    """Upper and lower address of one, two or four octets; the last octet has its lowest bit set."""
    octet: cython.int = c.u8()
    value: cython.int = octet >> 1
    count: cython.int = 1
    while not octet & 1:
        if count == 4:
            raise DecodeError("address-malformed", c.offset())
        octet = c.u8()
        value = value << 7 | octet >> 1
        count += 1
    if count == 1:
        return value, -1
    if count == 3:
        raise DecodeError("address-malformed", c.offset())
    if count == 2:
        return value >> 7, value & 0x7F
    return value >> 14, value & 0x3FFF


def _invoke(c, tag):
    """What pairs an answer: its invoke id, for access its long one; -1 where the APDU shows none."""
    if tag == 0xC0 or tag == 0xC4 or tag == 0xC1 or tag == 0xC5 or tag == 0xC3 or tag == 0xC7:
        return c.peek(1) & 0x0F
    if tag == 0xD9 or tag == 0xDA:
        return c.u32be() & 0xFFFFFF
    return -1


def _key(client, server, tag, invoke):
    """What a request and its answer share. tag: of the request."""
    client_upper: cython.longlong = client[0]
    upper: cython.longlong = server[0]
    lower: cython.longlong = server[1]
    return (
        (upper & 0xFFFF) << 46
        | (lower + 1 & 0x3FFF) << 32
        | (client_upper & 0xFFFF) << 16
        | tag << 8
        | invoke
    )


SPEC = ProtocolSpec(
    name="dlms",
    names=("dlms",),
    probe=probe,
    decoder=Dlms,
    tcp=frozenset({4059}),
    udp=frozenset({4059}),
    framer=StreamFramer,
    control=True,
)
