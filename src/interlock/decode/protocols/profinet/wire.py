# cython: compiled
"""What stands in the context manager's packets: the header of connectionless RPC, blocks, and what a Connect agrees on.

    | version 4 | type 1 | flags 1 | flags 1 | data representation 3 | serial 1 | object 16 | interface 16 |
    | activity 16 | boot time 4 | interface version 4 | sequence 4 | operation 2 | hints 2 + 2 | length 2 |
    | fragment 2 | authentication 1 | serial 1 |                                            80 octets

Numbers and the first three fields of a UUID stand in the byte order that the data representation names.
Compiled: a Connect names every submodule three times, and a controller that starts connects to each of its devices.
Source: Open Group C706, 12.5 (connectionless PDUs), 14.1 (byte order); IEC 61158-6-10, 4.10, 5.2.3 (ARBlockReq,
IOCRBlockReq, ExpectedSubmoduleBlockReq and their answers).
"""

from __future__ import annotations

from zlib import crc32

import cython

from interlock.decode.addresses import mac_text
from interlock.decode.protocols.profinet.rpc import uuid_text
from interlock.errors import DecodeError

__all__ = [
    "AR_REQUEST",
    "Accepted",
    "Asked",
    "Channel",
    "Header",
    "Part",
    "Submodule",
    "lay_out",
    "next_block",
    "read_accepted",
    "read_asked",
    "read_header",
]

AR_REQUEST = 0x0101
_KINDS = {1: "input", 2: "output", 3: "multicast provider", 4: "multicast consumer"}


class Header:
    """kind: packet type. object, interface, activity: UUIDs in text order. length: octets of the body.

    key: what a call's packets share, in 63 bits. goes_on: whether more fragments follow.
    """

    def __init__(self):
        self.kind = self.operation = self.length = self.fragment = 0
        self.sequence = self.key = 0
        self.little = self.goes_on = False
        self.object = self.interface = self.activity = b""


def read_header(c):
    """Read 80 octets off a cursor.

    Raises DecodeError("not-rpc") where version or byte order are no connectionless RPC's.
    """
    header: Header = Header()
    if c.u8() != 4:
        raise DecodeError("not-rpc", 0)
    header.kind = c.u8()
    flags: cython.int = c.u8()
    c.u8()
    order: cython.int = c.u8()
    if order != 0x00 and order != 0x10:
        raise DecodeError("not-rpc", 4)
    little: cython.bint = order == 0x10
    header.little = little
    c.skip(3)
    header.object = _uuid(c, little)
    header.interface = _uuid(c, little)
    header.activity = _uuid(c, little)
    c.skip(8)
    header.sequence = c.u32le() if little else c.u32be()
    header.operation = c.u16le() if little else c.u16be()
    c.skip(4)
    header.length = c.u16le() if little else c.u16be()
    header.fragment = c.u16le() if little else c.u16be()
    c.skip(2)
    check: cython.longlong = crc32(header.activity)
    header.key = check << 31 | (header.sequence & 0x7FFFFFFF)
    header.goes_on = (flags & 0x06) == 0x04  # a fragment, and not the last one
    return header


def _uuid(c, little):
    """16 octets off the wire → the same UUID in the order that its text has."""
    octets: bytearray = bytearray(c.take(16))
    if little:
        octets[0], octets[1], octets[2], octets[3] = octets[3], octets[2], octets[1], octets[0]
        octets[4], octets[5], octets[6], octets[7] = octets[5], octets[4], octets[7], octets[6]
    return bytes(octets)


class Channel:
    """One IOCR as asked for. send_clock, cycle, watchdog: nanoseconds. octets: data of a frame.

    data, consumers: (slot, subslot, offset in the frame's data) of what is sent, and of what is told received.
    """

    def __init__(self):
        self.kind = ""
        self.reference = self.rt_class = self.octets = self.frame_id = 0
        self.send_clock = self.cycle = self.watchdog = 0
        self.data, self.consumers = [], []


class Submodule:
    """What is expected in one subslot; lengths in octets."""

    def __init__(self):
        self.api = self.slot = self.module = self.subslot = self.ident = 0
        self.inputs = self.outputs = 0


class Part:
    """A submodule's data in a frame, its provider state behind it; or, state_only, the state of its consumer.

    offset, octets: where and how long the data is. items: as the maker describes it, else none.
    """

    def __init__(self, slot, subslot, offset, octets, state_only, items):
        self.slot, self.subslot, self.offset, self.octets = slot, subslot, offset, octets
        self.state_only, self.items = state_only, items

    def __eq__(self, other):
        if not isinstance(other, Part):
            return NotImplemented
        that: Part = other
        return (
            self.slot == that.slot
            and self.subslot == that.subslot
            and self.offset == that.offset
            and self.octets == that.octets
            and self.state_only == that.state_only
            and self.items == that.items
        )

    def __hash__(self):
        return hash((self.slot, self.subslot, self.offset))


class Asked:
    """A Connect request.

    relation: the AR's UUID. mac, station: the initiator's. product: its (vendor, device); target: that of
    the device it expects, as the RPC object UUID says. (0, 0) where they say none.
    """

    def __init__(self):
        self.relation = self.mac = self.station = ""
        self.kind = self.session_key = 0
        self.product = self.target = (0, 0)
        self.channels, self.submodules = [], []


class Accepted:
    """A Connect's answer: the responder's MAC, and reference → frame id of each IOCR."""

    def __init__(self):
        self.mac = ""
        self.frame_ids = {}


def next_block(c, end):
    """Type of the block at the cursor, which then stands behind its version and ends where the block does.

    end: where all blocks end, at least 6 octets on. Raises DecodeError("block-length-invalid") or ("truncated").
    """
    kind: cython.int = c.u16be()
    length: cython.int = c.u16be()
    if length < 2:
        raise DecodeError("block-length-invalid", c.offset() - 2)
    if length > end - c.position:
        raise DecodeError("truncated", c.offset())
    behind: cython.Py_ssize_t = c.position + length
    c.skip(2)
    c.end = behind
    return kind


def read_asked(c, asked):
    """Fill `asked` from the blocks of a Connect request; what was read before a DecodeError stays."""
    end: cython.Py_ssize_t = c.end
    behind: cython.Py_ssize_t
    while end - c.position >= 6:
        kind: cython.int = next_block(c, end)
        behind = c.end
        if kind == 0x0101:  # AR_REQUEST
            _relation(c, asked)
        elif kind == 0x0102 and len(asked.channels) < 64:  # IOCRBlockReq
            asked.channels.append(_channel(c))
        elif kind == 0x0104:  # ExpectedSubmoduleBlockReq
            _submodules(c, asked.submodules)
        c.position = behind
        c.end = end
    return 0


def _relation(c, asked):
    asked.kind = c.u16be()
    asked.relation = uuid_text(c.take(16))
    asked.session_key = c.u16be()
    asked.mac = mac_text(int.from_bytes(c.take(6), "big"))
    c.skip(12)  # CMInitiatorObjectUUID: the same for all but instance, device and vendor
    device: cython.int = c.u16be()
    vendor: cython.int = c.u16be()
    asked.product = (vendor, device)
    c.skip(8)
    asked.station = c.take(c.u16be())[:240].decode("utf-8", "backslashreplace")
    return 0


def _channel(c):
    channel: Channel = Channel()
    kind: cython.int = c.u16be()
    channel.reference = c.u16be()
    c.skip(2)
    channel.rt_class = c.u32be() & 15
    channel.octets = c.u16be()
    channel.frame_id = c.u16be()
    clock: cython.longlong = c.u16be()
    ratio: cython.longlong = c.u16be()
    c.skip(8)
    watchdog: cython.longlong = c.u16be()
    _places(c, channel)
    channel.kind = _KINDS.get(kind) or str(kind)
    channel.send_clock = clock * 31250  # nanoseconds that a SendClockFactor of 1 is
    channel.cycle = channel.send_clock * ratio
    channel.watchdog = channel.cycle * watchdog
    return channel


def _places(c, channel):
    """What a frame carries of each submodule: data objects, then consumer states, for each API; 1024 of each."""
    c.skip(10)  # data hold factor, tag header, multicast address
    for _ in range(c.u16be()):
        c.skip(4)
        _place(c, channel.data)
        _place(c, channel.consumers)
    return 0


def _place(c, found):
    slot: cython.int
    subslot: cython.int
    for _ in range(c.u16be()):
        slot = c.u16be()
        subslot = c.u16be()
        offset: cython.int = c.u16be()
        if len(found) < 1024:
            found.append((slot, subslot, offset))
    return 0


def _submodules(c, found):
    """The submodules of one block; 1024 of a Connect at most are kept."""
    for _ in range(c.u16be()):
        api: cython.longlong = c.u32be()
        slot: cython.int = c.u16be()
        module: cython.longlong = c.u32be()
        c.skip(2)
        for _ in range(c.u16be()):
            submodule: Submodule = Submodule()
            submodule.api, submodule.slot, submodule.module = api, slot, module
            submodule.subslot = c.u16be()
            submodule.ident = c.u32be()
            both: cython.bint = c.u16be() & 3 == 3
            _lengths(c, submodule)
            if both:  # only one with both has two descriptions
                _lengths(c, submodule)
            if len(found) < 1024:
                found.append(submodule)
    return 0


def _lengths(c, submodule):
    direction: cython.int = c.u16be() & 3
    length: cython.int = c.u16be()
    if direction == 1:
        submodule.inputs = length
    elif direction >= 2:
        submodule.outputs = length
    c.skip(2)
    return 0


def read_accepted(c):
    """Read the blocks of a Connect's positive answer."""
    accepted: Accepted = Accepted()
    end: cython.Py_ssize_t = c.end
    behind: cython.Py_ssize_t
    while end - c.position >= 6:
        kind: cython.int = next_block(c, end)
        behind = c.end
        if kind == 0x8101:  # ARBlockRes
            c.skip(20)
            accepted.mac = mac_text(int.from_bytes(c.take(6), "big"))
        elif kind == 0x8102 and len(accepted.frame_ids) < 64:  # IOCRBlockRes
            c.skip(2)
            reference = c.u16be()
            accepted.frame_ids[reference] = c.u16be()
        c.position = behind
        c.end = end
    return accepted


def lay_out(channel, submodules, description):
    """Where the submodules' data and states stand in the frames of a channel: Parts; without those of unknown size.

    submodules: by slot and subslot, what the Connect expects there. description: gsdml.Description or None.
    """
    inward: cython.bint = channel.kind == "input"
    parts: list = []
    known: Submodule
    if inward or channel.kind == "output":
        for slot, subslot, offset in channel.data[:256]:
            known = submodules.get((slot, subslot))
            if known is None:
                continue
            told = description.submodule(known.module, known.ident) if description else None
            items = () if told is None else told.inputs if inward else told.outputs
            octets = known.inputs if inward else known.outputs
            parts.append(Part(slot, subslot, offset, octets, False, items))
    for slot, subslot, offset in channel.consumers[:256]:
        parts.append(Part(slot, subslot, offset, 0, True, ()))
    return tuple(parts)
