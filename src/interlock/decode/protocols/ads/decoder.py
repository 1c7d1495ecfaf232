# cython: compiled
"""Beckhoff AMS/ADS over TCP, and its discovery over UDP.

    AMS/TCP  reserved 2 | length 4
    AMS      target NetId 6, port 2 | source NetId 6, port 2 | command 2 | flags 2 | length 4 | error 4 | invoke id 4
    ADS      index group 4 | index offset 4 | … or, in an answer, result 4 | …

All little-endian. Flag bit 0 tells an answer. Both ends of a connection are routers: either may ask.
Source: Beckhoff TE1000, "Specification of the ADS/AMS protocol".
"""

from __future__ import annotations

import cython
import numpy as np

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

NOTIFICATION, COMMANDS = 8, 9
ANSWER = 1
MAX_UNITS = 4096
UNITS_AT_HAND = 64
"""Units that are found without making octets of their address; a power of two."""
MAX_OCTETS = 1 << 20


class Ads(Decoder):
    """Commands to any AMS port of any NetId behind the address; handles resolved to what they name.

    at_hand, hand_codes: NetId and port as they stand on the wire (64 bits), and the code of their unit, -2 for none.
    """

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.octets = self.names.code("octets")
        self.state_type = self.names.code("ads-state")
        self.users = Names(self.names)
        self.requests = Requests(self)
        self.answers = Answers(self)
        self.discovery = Discovery(self)
        self._units = {}
        self.at_hand = memoryview(np.zeros(UNITS_AT_HAND, np.uint64))
        self.hand_codes = memoryview(np.full(UNITS_AT_HAND, -2, np.int32))

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        if c.left() >= 24 and c.peek(0) == 3 and c.peek(1) == 0x66:
            self.discovery.message(m, i, out)
            return
        c.skip(6)
        c.need(32)
        target: cython.ulonglong = c.u64le()
        source: cython.ulonglong = c.u64le()
        target_port: cython.longlong = target >> 48
        source_port: cython.longlong = source >> 48
        command: cython.longlong = c.u16le()
        flags: cython.longlong = c.u16le()
        length: cython.longlong = c.u32le()
        error: cython.longlong = c.u32le()
        invoke: cython.longlong = c.u32le()
        row: cython.int
        device: cython.int
        if length != c.left():
            self.facts.oddity(m, i, "ads", "length-mismatch", 26)
        if command == 0 or command > COMMANDS:
            raise DecodeError("command-unknown", 22)
        if command == NOTIFICATION:
            self._notify(m, i, out, self._unit_at(source))
        elif flags & ANSWER:
            device = self._unit_at(source)
            self._answer(
                m, i, out, command, error, invoke | command << 32 | target_port << 36, invoke, device
            )
        else:
            device = self._unit_at(target)
            row = out.ask(m, i, self.f, command, invoke | command << 32 | source_port << 36)
            out.set_transaction(row, invoke)
            out.set_unit(row, device)
            if command != 1 and command != 4:  # which say no more
                self.requests.say(m, i, out, row, command, device, target_port)

    def _unit_at(self, number):
        """Code of the unit whose NetId and port are these 64 bits, as they stand on the wire; see `unit`."""
        high: cython.ulonglong = number ^ (number >> 32)
        k: cython.Py_ssize_t = (high ^ (high >> 16) ^ (high >> 8)) & 63
        if self.hand_codes[k] == -2 or self.at_hand[k] != number:
            octets = int(number).to_bytes(8, "little")
            code: cython.int = self.unit(octets[:6], number >> 48)
            if code < 0:
                return code
            self.at_hand[k] = number
            self.hand_codes[k] = code
        return self.hand_codes[k]

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
        if command == 4:
            self._state(m, i, out, row)
        elif command != 3 and command != 5 and command != 7:  # which are done with their result
            self.answers.say(m, i, out, row, command, device, note)

    def _state(self, m, i, out, row):
        """ADS state 2, device state 2."""
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        c.need(4)
        if v.wanted:
            code: cython.int = self.objects.code("state")
            operation: cython.ulonglong = out.operation_of(row)
            v.block(m, i, self.f.protocol_code, operation, out.unit_of(row), code, 1, self.state_type)
            v.number(c.u16le())
            v.number(c.u16le())

    def _notify(self, m, i, out, device):
        row: cython.int = out.tell(m, i, self.f, NOTIFICATION)
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
