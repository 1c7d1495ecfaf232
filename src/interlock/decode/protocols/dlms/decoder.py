"""DLMS/COSEM over TCP and UDP: who reads, sets and operates meters; in HDLC frames or in the wrapper.

    APDU | tag 1 | invoke id and priority 1 | …

Source: IEC 62056-5-3 clause 9.5 (xDLMS APDUs); IEC 62056-46 (HDLC); IEC 62056-47 (wrapper).
"""

from __future__ import annotations

from interlock.decode.cursor import Cursor
from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names, begin, end
from interlock.decode.protocols.dlms.apdus import (
    ANSWERS,
    BOTH_WAYS,
    FROM_SERVER,
    REQUESTS,
    Apdus,
)
from interlock.decode.protocols.dlms.association import flag_code, read_association
from interlock.decode.protocols.dlms.hdlc import (
    DISC,
    DM,
    FLAG,
    FRMR,
    I_FRAME,
    SNRM,
    UA,
    UI,
    StreamFramer,
    checksum_holds,
    read_hdlc,
)
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Dlms"]

LINK = 256
"""`function` of a link command is this + its control octet without poll bit."""
COMMAND, RESPONSE = b"\xe6\xe6\x00", b"\xe6\xe7\x00"
AARQ, AARE = 0x60, 0x61
DEFAULTS = (b"00000000", b"12345678")
"""Low level secrets that meters' public manuals print."""
REFUSED, UNKNOWN = 2, 0
NONE = -2147483648
MAX_LINKS = 64
MAX_OCTETS = 65536


class Link:
    """One pair of client and server within a flow: an APDU in segments, and the last request."""

    __slots__ = ("last", "number", "parts", "torn")

    def __init__(self):
        self.parts = (bytearray(), bytearray())
        self.number = [-1, -1]
        self.torn = [False, False]
        self.last = -1


class Dlms(Decoder):
    """One HDLC frame or wrapped APDU; rows are made of APDUs and of link commands."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.users = Names(self.names)
        self.whole = Cursor()
        self.apdus = Apdus(self)

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        first = c.peek(0)
        if first == FLAG and (c.left() == 1 or c.peek(1) == FLAG):
            return  # flags between frames
        if first == 0 and c.left() >= 8:
            c.skip(2)
            source, destination, size = c.u16be(), c.u16be(), c.u16be()
            if size != c.left():
                self.facts.oddity(m, i, "dlms", "length-mismatch", 6)
            if c.left():
                self._apdu(m, i, out, c, (source, -1), (destination, -1))
            return
        self._hdlc(m, i, out, read_hdlc(c))

    def link(self, m, i, client, server):
        """State of a client and a server address within the flow."""
        slot = m.flow[i]
        links = self.flows.state[slot]
        if links is None:
            links = self.flows.state[slot] = {}
        found = links.get((client, server))
        if found is None:
            if len(links) >= MAX_LINKS:
                del links[next(iter(links))]
            found = links[client, server] = Link()
        return found

    def orient(self, m, i, *, asks):
        """The message shows who the client is: its sender (asks) or its receiver."""
        slot = m.flow[i]
        client = m.side[i] if asks else 1 - m.side[i]
        if self.flows.client_side[slot] != client:
            self.flows.orient(slot, client)
        m.direction[i] = 0 if asks else 1

    def _hdlc(self, m, i, out, frame):
        if frame.kind in (I_FRAME, UI):
            self._information(m, i, out, frame)
        elif frame.kind in (SNRM, DISC):
            self.orient(m, i, asks=True)
            link = self.link(m, i, frame.source, frame.destination)
            link.number = [-1, -1]
            row = out.ask(m, i, self.f, LINK + frame.kind, self._key(frame.source, frame.destination, 0, 1))
            self._who(out, row, frame.source, frame.destination)
        elif frame.kind in (UA, DM, FRMR):
            self.orient(m, i, asks=False)
            row = out.answer(m, i, self._key(frame.destination, frame.source, 0, 1))
            if row < 0:
                row = out.orphan(m, i, self.f, NONE, -1)
                self._who(out, row, frame.destination, frame.source)
            if frame.kind != UA:
                out.settle(row, REFUSED, LINK + frame.kind)

    def _information(self, m, i, out, frame):
        """Information of one frame: the whole APDU, or one of its segments."""
        asks = frame.information[:3] == COMMAND
        begins = asks or frame.information[:3] == RESPONSE
        if begins:
            self.orient(m, i, asks=asks)
        side = m.direction[i]
        ends = (frame.destination, frame.source) if side else (frame.source, frame.destination)
        link = self.link(m, i, *ends)
        if not frame.information:
            self.facts.oddity(m, i, "dlms", "information-empty", 0)
            return
        if frame.kind == I_FRAME:
            if link.number[side] == frame.number and frame.number >= 0:
                return  # sent again
            link.number[side] = frame.number
        part = link.parts[side]
        if begins:
            part.clear()
            link.torn[side] = False
            part += frame.information[3:]
        elif part:
            part += frame.information
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
            self.whole.bind(bytes(part))
            self.whole.begin(0, len(part))
            part.clear()
            self._apdu(m, i, out, self.whole, frame.source, frame.destination)

    @staticmethod
    def _key(client, server, tag, invoke):
        low = server[1] + 1 & 0x3FFF
        return (server[0] & 0xFFFF) << 46 | low << 32 | (client[0] & 0xFFFF) << 16 | tag << 8 | invoke

    def _who(self, out, row, client, server):
        """The client's address as user, the server's as unit."""
        out.set_transaction(row, -1)
        out.set_user(row, self.users.code(f"client-{client[0]}"))
        unit = self.users.code(unit_text(server))
        if unit >= 0:
            out.set_unit(row, unit)

    def identity(self, m, i, server):
        """Who says what a logical device says: the address itself for the management logical device."""
        sender = self.facts.sender(m, i)
        return sender if server == (1, -1) else f"{sender}/{unit_text(server)}"

    def _apdu(self, m, i, out, c, source, destination):
        tag = c.u8()
        if tag in REQUESTS:
            self.orient(m, i, asks=True)
        elif tag in ANSWERS or tag in FROM_SERVER:
            self.orient(m, i, asks=False)
        elif tag not in BOTH_WAYS:
            raise DecodeError("apdu-unknown", c.offset() - 1)
        if m.direction[i]:
            self._from_server(m, i, out, c, tag, destination, source)
        else:
            self._from_client(m, i, out, c, tag, source, destination)

    def _from_client(self, m, i, out, c, tag, client, server):
        invoke = self.apdus.invoke(c, tag)
        key = self._key(client, server, tag, invoke & 0xFF)
        row = out.ask(m, i, self.f, tag, key)
        self._who(out, row, client, server)
        self.link(m, i, client, server).last = key
        if invoke >= 0:
            out.set_transaction(row, invoke)
        if tag == AARQ:
            self._opens(m, i, out, row, c, client)
        else:
            self.apdus.request(m, i, out, row, c, tag)

    def _from_server(self, m, i, out, c, tag, client, server):
        invoke = self.apdus.invoke(c, tag)
        if tag in FROM_SERVER and tag not in ANSWERS:
            row = self.apdus.refusal(m, i, out, c, tag, self.link(m, i, client, server).last)
            if row < 0:
                row = out.tell(m, i, self.f, tag)
                self.apdus.report(m, i, out, row, c, tag)
            self._who(out, row, client, server)
            return
        asked = ANSWERS.get(tag, tag)
        row = out.answer(m, i, self._key(client, server, asked, invoke & 0xFF))
        found = row >= 0
        if not found:
            row = out.orphan(m, i, self.f, asked, invoke)
            self._who(out, row, client, server)
            if invoke >= 0:
                out.set_transaction(row, invoke)
        if tag == AARE:
            self._opened(m, i, out, row, c, server)
        else:
            self.apdus.answer(m, i, out, row, c, tag, self.identity(m, i, server))

    def _opens(self, m, i, out, row, c, client):
        """AARQ: a low level secret stands in clear (mechanism 1)."""
        found = read_association(c)
        out.set_object(row, self.objects.code(found.name()), 1)
        if found.mechanism == 1 and found.secret is not None:
            login = begin(self.facts, m, i, "dlms", "lls", f"client-{client[0]}", found.secret)
            if found.secret in DEFAULTS:
                login[1][9] = "default"
            out.notes[out.operation_of(row)] = login
        self.title(m, i, self.facts.sender(m, i), found.title)

    def _opened(self, m, i, out, row, c, server):
        found = read_association(c)
        login = out.notes.pop(out.operation_of(row), None)
        refused = found.result != 0
        if refused:
            out.settle(row, REFUSED, found.diagnostic if found.diagnostic >= 0 else NONE)
        if login is not None:
            end(self.facts, login, "refused" if refused else "ok")
        self.title(m, i, self.identity(m, i, server), found.title)

    def title(self, m, i, who, title):
        """A system title: the maker's letters, then five octets of his."""
        if title is not None and len(title) == 8:
            self.facts.clue(m, i, who, "device-id", f"dlms:{title.hex()}", "dlms", 0.8)
            self.maker(m, i, who, title)

    def maker(self, m, i, who, octets):
        """The FLAG letters at the head of a title or a device name."""
        letters = flag_code(octets)
        if letters is not None:
            self.facts.clue(m, i, who, "vendor-id", f"flag:{letters}", "dlms", 0.7)


def unit_text(server):
    """A server address: logical device, and physical device where it has one."""
    return str(server[0]) if server[1] < 0 else f"{server[0]}.{server[1]}"


def _probe(octets, hint):
    """An HDLC frame whose checksum holds, or a wrapper whose length fits around an APDU that exists."""
    if len(octets) < 9:
        short = hint.transport == "tcp" and octets[:2] in (b"\x7e\xa0", b"\x7e\xa8", b"\x00\x01")
        return -1 if short else 0
    if octets[0] == 0x7E:
        size = (octets[1] & 7) << 8 | octets[2]
        if octets[1] & 0xF0 != 0xA0 or size < 7:
            return 0
        if len(octets) < size + 2:
            return -1 if hint.transport == "tcp" and len(octets) < 512 else 40
        return 96 if octets[size + 1] == 0x7E and checksum_holds(octets[1 : size + 1]) else 0
    if octets[:2] != b"\x00\x01" or octets[2:4] == b"\x00\x00" or octets[4:6] == b"\x00\x00":
        return 0
    size = octets[6] << 8 | octets[7]
    known = (
        octets[8] in REQUESTS or octets[8] in ANSWERS or octets[8] in FROM_SERVER or octets[8] in BOTH_WAYS
    )
    if size == 0 or not known:
        return 0
    exact = size + 8 == len(octets) or size + 8 > len(octets) == 512
    return 80 if exact else 40


SPEC = ProtocolSpec(
    name="dlms",
    names=("dlms",),
    probe=_probe,
    decoder=Dlms,
    tcp=frozenset({4059}),
    udp=frozenset({4059}),
    framer=StreamFramer,
    control=True,
)
