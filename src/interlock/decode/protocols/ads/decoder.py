# cython: compiled
"""Beckhoff AMS/ADS over TCP, and its discovery over UDP.

    AMS/TCP  reserved 2 | length 4
    AMS      target NetId 6, port 2 | source NetId 6, port 2 | command 2 | flags 2 | length 4 | error 4 | invoke id 4
    ADS      index group 4 | index offset 4 | … or, in an answer, result 4 | …

All little-endian. Flag bit 0 tells an answer. Both ends of a connection are routers: either may ask.
Source: Beckhoff TE1000, "Specification of the ADS/AMS protocol".
"""

from __future__ import annotations

import struct

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.logins import Names
from interlock.decode.protocols.ads.answers import Answers
from interlock.decode.protocols.ads.discovery import MAGIC, Discovery
from interlock.decode.protocols.ads.requests import Requests
from interlock.decode.protocols.ads.state import Handles
from interlock.decode.sheet import REFUSED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Ads"]

HEADER = struct.Struct("<6sH6sHHHIII")
NOTIFICATION, COMMANDS = 8, 9
ANSWER = 1
MAX_UNITS = 4096
MAX_OCTETS = 1 << 20


class Ads(Decoder):
    """Commands to any AMS port of any NetId behind the address; handles resolved to what they name."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.octets = self.names.code("octets")
        self.state_type = self.names.code("ads-state")
        self.users = Names(self.names)
        self.requests = Requests(self)
        self.answers = Answers(self)
        self.discovery = Discovery(self)
        self._units = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        if c.left() >= 24 and c.peek(0) == 3 and c.peek(1) == 0x66:
            self.discovery.message(m, i, out)
            return
        c.skip(6)
        head: tuple = HEADER.unpack(c.take(32))
        target_port: cython.longlong = head[1]
        source_port: cython.longlong = head[3]
        command: cython.longlong = head[4]
        flags: cython.longlong = head[5]
        length: cython.longlong = head[6]
        error: cython.longlong = head[7]
        invoke: cython.longlong = head[8]
        row: cython.int
        device: cython.int
        if length != c.left():
            self.facts.oddity(m, i, "ads", "length-mismatch", 26)
        if command == 0 or command > COMMANDS:
            raise DecodeError("command-unknown", 22)
        if command == NOTIFICATION:
            self._notify(m, i, out, head[2], source_port)
        elif flags & ANSWER:
            device = self.unit(head[2], source_port)
            self._answer(
                m, i, out, command, error, invoke | command << 32 | target_port << 36, invoke, device
            )
        else:
            device = self.unit(head[0], target_port)
            row = out.ask(m, i, self.f, command, invoke | command << 32 | source_port << 36)
            out.set_transaction(row, invoke)
            out.set_unit(row, device)
            self.requests.say(m, i, out, row, command, device, target_port)

    def unit(self, net_id, port):
        """Code of `NetId:port`; -1 past MAX_UNITS different ones."""
        code = self._units.get((net_id, port))
        if code is None:
            if len(self._units) >= MAX_UNITS:
                return -1
            text = ".".join(map(str, net_id)) + f":{port}"
            code = self._units[net_id, port] = self.names.code(text)
        return code

    def handles(self, m, i):
        """The flow's handles."""
        slot = m.flow[i]
        found = self.flows.state[slot]
        if found is None:
            found = self.flows.state[slot] = Handles()
        return found

    def _answer(self, m, i, out, command, error, key, invoke, device):
        row: cython.int = out.answer(m, i, key)
        note = out.notes.pop(out.operation_of(row), None) if row >= 0 else None
        if row < 0:
            row = out.orphan(m, i, self.f, command, invoke)
            out.set_unit(row, device)
        if error:
            out.settle(row, REFUSED, error & 0x7FFFFFFF)
            return
        result: cython.longlong = self.cursor.u32le()
        if result:
            out.settle(row, REFUSED, result & 0x7FFFFFFF)
            return
        self.answers.say(m, i, out, row, command, device, note)

    def _notify(self, m, i, out, source, port):
        row: cython.int = out.tell(m, i, self.f, NOTIFICATION)
        device: cython.int = self.unit(source, port)
        out.set_unit(row, device)
        if not m.direction[i]:  # the device opened the connection: it is the server all the same
            receiver = self.flows.addresses.code(self.facts.receiver(m, i))
            out.set_ends(row, receiver, self.flows.addresses.code(self.facts.sender(m, i)))
        self.answers.notification(m, i, out, row, device)


def _probe(octets, hint):
    """TCP: reserved 0, a length that is the AMS header's, a command and flags that exist. UDP: the magic."""
    if hint.transport == "udp":
        fits = octets[:4] == MAGIC and len(octets) >= 24 and octets[9:11] == b"\0\0"
        return 95 if fits else 0
    if octets[:2] != b"\0\0" or octets[5:6] not in (b"", b"\0"):
        return NEED_MORE if octets == b"\0" else 0
    if len(octets) < 30:
        return NEED_MORE
    length, inner = int.from_bytes(octets[2:6], "little"), int.from_bytes(octets[26:30], "little")
    if length != inner + 32 or not 1 <= octets[22] <= COMMANDS or octets[23] or octets[24] & ~0x45:
        return 0
    return 90


def _framer():
    return LengthFramer(
        header=6,
        at=2,
        width=4,
        add=6,
        little=True,
        minimum=38,
        maximum=MAX_OCTETS,
        magic=((0, 0xFF, 0), (1, 0xFF, 0), (5, 0xFF, 0)),
    )


SPEC = ProtocolSpec(
    name="ads",
    names=("ads",),
    probe=_probe,
    decoder=Ads,
    tcp=frozenset({48898}),
    udp=frozenset({48899}),
    framer=_framer,
    control=True,
)
