"""CODESYS V3: controllers of many makers programmed, started, stopped and asked, over TCP and UDP.

Services ride in blocks of a channel that is opened first; a message may span blocks. Group and command say what is
done; an answer has them with bit 7 of the group set. See wire.py for the layers and sources.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.logins import Names
from interlock.decode.protocols.codesys.names import DEVICE_INFO, facts_of
from interlock.decode.protocols.codesys.wire import (
    ADDRESS_ASKED,
    CHANNELS,
    MAGIC,
    NAMES_ASKED,
    NAMES_TOLD,
    NORMAL,
    SECURE,
    block_of,
    datagram_of,
    tags_of,
)
from interlock.decode.sheet import NO_NUMBER, REFUSED, UNKNOWN
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Codesys"]

TCP_PORTS = frozenset({11740, 11741, 11742, 11743})
UDP_PORTS = frozenset({1740, 1741, 1742, 1743})
CHANNEL, NAME_SERVICE = 65536, 131072
BLOCK, ACKNOWLEDGE, ALIVE, GET_INFO, OPEN, CLOSE, OPENED = 0x01, 0x02, 0x03, 0xC2, 0xC3, 0xC4, 0x83
SERVICE_KEY, NAME_KEY, OPEN_KEY = 1 << 60, 1 << 61, 1 << 62
LOGIN = 0x0102
RESULT, LOGIN_ASKED, LOGIN_TOLD, USER, LOGIN_ERROR, SESSION = 0x3FFF, 0x81, 0x82, 0x10, 0x20, 0x21
"""Identities of tags: the result of a service, what a login says, and within that name, error and session."""

GROUPS = {
    0x03: "CmpMonitor", 0x04: "CmpVisuServer", 0x06: "CmpSettings", 0x07: "SysEthernet", 0x0B: "CmpIoMgr",
    0x0C: "CmpUserMgr", 0x11: "PlcShell", 0x12: "CmpAppBP", 0x13: "CmpAppForce", 0x18: "CmpAlarmManager",
    0x1D: "CmpCodeMeter", 0x1F: "CmpCoreDump", 0x22: "CmpOpenSSL",
}  # fmt: skip
"""Groups whose commands no public source numbers: their rows have the component as name and the verb unknown."""

MAX_CHANNELS = 32
MAX_USERS = 64
MAX_HELD = 4096
"""Octets of a message that are looked at; what follows is counted only."""
MAX_QUESTIONS = 1024


class _Part:
    """A message that is coming in blocks: its first MAX_HELD octets, how many are to come, number of the last."""

    __slots__ = ("last", "left", "octets")

    def __init__(self, block, octets):
        self.last, self.left = block.number, block.size - len(octets)
        self.octets = octets[:MAX_HELD]


class _Flow:
    """parts: (channel, request) → _Part. users: session → name. logins: operation → name."""

    __slots__ = ("logins", "parts", "users")

    def __init__(self):
        self.parts, self.users, self.logins = {}, {}, {}


class Codesys(Decoder):
    """Datagrams of the channel manager and the name service."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.accounts = Names(self.names)
        self._questions = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = self.cursor.rest()
        datagram = datagram_of(octets, 8 if octets[:4] == MAGIC else 0)
        if datagram is None:
            raise DecodeError("datagram-malformed", 0)
        slot = m.flow[i]
        flow = self.flows.state[slot]
        if flow is None:
            flow = self.flows.state[slot] = _Flow()
        at = datagram.start
        if datagram.service == CHANNELS and len(octets) > at:
            self._channel(m, i, out, flow, octets, at)
        elif datagram.service in (NAMES_ASKED, NAMES_TOLD):
            self._names(m, i, out, octets[at:], datagram.service == NAMES_TOLD)
        elif datagram.service == ADDRESS_ASKED:
            row = out.ask(m, i, self.f, NAME_SERVICE + ADDRESS_ASKED, -1)
            out.settle(row, UNKNOWN, NO_NUMBER)

    def _orient(self, m, i, direction):
        """Datagrams go between equal ports: a request tells who asks."""
        slot = m.flow[i]
        if m.direction[i] != direction and not self.flows.oriented[slot]:
            self.flows.orient(slot, m.side[i] ^ direction)
            m.direction[i] = direction

    def _names(self, m, i, out, data, told):
        """Command 2, version 2, message 4, then what the command needs."""
        if len(data) < 8:
            raise DecodeError("truncated", len(data))
        self._orient(m, i, int(told))
        slot, command = m.flow[i], data[0] | data[1] << 8
        number = int.from_bytes(data[4:8], "little")
        key = NAME_KEY | number
        if not told:
            row = out.ask(m, i, self.f, NAME_SERVICE + command, key)
            self._questions[self.flows.realm_of(slot), number] = slot
            if len(self._questions) > MAX_QUESTIONS:
                del self._questions[next(iter(self._questions))]
        else:
            row = out.answer(m, i, key)
            if row < 0:
                asked = self._questions.get((self.flows.realm_of(slot), number), -1)
                if asked not in (-1, slot):
                    out.heard(m, i, asked, key)
                row = out.orphan(m, i, self.f, NAME_SERVICE + command, key)
            if command == DEVICE_INFO:
                who = self.facts.sender(m, i)
                for field, value in facts_of(data):
                    self.facts.clue(m, i, who, field, value, "codesys", 0.9)
        out.set_transaction(row, number)

    def _channel(self, m, i, out, flow, octets, at):
        kind = octets[at]
        if kind == BLOCK:
            self._block(m, i, out, flow, octets, at)
        elif kind == OPEN:
            self._opening(m, i, out, octets[at:])
        elif kind == OPENED:
            self._opened(m, i, out, octets[at:])
        elif kind in (CLOSE, GET_INFO):
            row = out.ask(m, i, self.f, CHANNEL + kind, -1)
            out.settle(row, UNKNOWN, NO_NUMBER)
            if kind == CLOSE and len(octets) >= at + 10:
                out.set_transaction(row, octets[at + 8] | octets[at + 9] << 8)
        elif kind not in (ACKNOWLEDGE, ALIVE):
            self.facts.oddity(m, i, "codesys", "channel-kind-unknown", at)

    def _opening(self, m, i, out, data):
        """Kind 1, flags 1, version 2, check 4, message 4, buffer 4, 4."""
        if len(data) < 12:
            raise DecodeError("truncated", len(data))
        self._orient(m, i, 0)
        row = out.ask(m, i, self.f, CHANNEL + OPEN, OPEN_KEY | int.from_bytes(data[8:12], "little"))
        out.set_transaction(row, -1)  # the channel's number, which the answer gives

    def _opened(self, m, i, out, data):
        """As the question, then reason 2, channel 2, …; a reason other than 0 refuses."""
        if len(data) < 16:
            raise DecodeError("truncated", len(data))
        self._orient(m, i, 1)
        key = OPEN_KEY | int.from_bytes(data[8:12], "little")
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, CHANNEL + OPEN, key)
        out.set_transaction(row, data[14] | data[15] << 8)
        reason = data[12] | data[13] << 8
        if reason:
            out.settle(row, REFUSED, reason)

    def _block(self, m, i, out, flow, octets, at):
        block = block_of(octets, at)
        if block is None:
            raise DecodeError("truncated", len(octets))
        self._orient(m, i, 0 if block.request else 1)
        name = (block.channel, block.request)
        data = octets[block.start :]
        if block.first:
            part = _Part(block, data)
            flow.parts[name] = part
            if len(flow.parts) > MAX_CHANNELS:
                del flow.parts[next(iter(flow.parts))]
        else:
            part = flow.parts.get(name)
            if part is None or block.number <= part.last:
                return  # joined in the middle, or said again
            if block.number != part.last + 1:
                del flow.parts[name]
                self.facts.oddity(m, i, "codesys", "block-missing", at)
                return
            part.last = block.number
            part.left -= len(data)
            part.octets += data[: MAX_HELD - len(part.octets)]
        if part.left <= 0:
            del flow.parts[name]
            self._service(m, i, out, flow, block, part.octets)

    def _service(self, m, i, out, flow, block, octets):
        """Protocol 2, head length 2, group 2, command 2, session 4, size 4, …, tags."""
        if len(octets) < 16:
            self.facts.oddity(m, i, "codesys", "service-malformed", 0)
            return
        protocol, head = octets[0] | octets[1] << 8, octets[2] | octets[3] << 8
        if protocol not in (NORMAL, SECURE):
            self.facts.oddity(m, i, "codesys", "service-malformed", 0)
            return
        group, command = octets[4] | octets[5] << 8, octets[6] | octets[7] << 8
        session = int.from_bytes(octets[8:12], "little")
        function = (group & ~0x80) << 8 | command if group < 0x8000 and command < 256 else NO_NUMBER
        key = SERVICE_KEY | block.channel << 40 | (function & 0xFFFFFF)
        heard = protocol == NORMAL and (
            group & 0x80 or function == LOGIN
        )  # other requests' tags say nothing known
        tags = tags_of(octets[head + 4 :]) if heard else {}
        if group & 0x80:
            self._answer(m, i, out, flow, block, function, key, tags)
        else:
            self._ask(m, i, out, flow, block, function, key, session, tags)

    def _ask(self, m, i, out, flow, block, function, key, session, tags):
        row = out.ask(m, i, self.f, function, key)
        self._named(out, row, block, function)
        user = flow.users.get(session)
        if function == LOGIN:
            user = tags_of(tags.get(LOGIN_ASKED, b"")).get(USER, b"").decode("latin-1").strip("\0") or None
            if user is not None:
                flow.logins[out.operation_of(row)] = user[:128]
                if len(flow.logins) > MAX_USERS:
                    del flow.logins[next(iter(flow.logins))]
        if user:
            out.set_user(row, self.accounts.code(user))

    def _named(self, out, row, block, function):
        out.set_transaction(row, block.channel)
        group = GROUPS.get(function >> 8)
        if group is not None:
            out.set_name(row, self.names.code(f"{group} {function & 0xFF}"))

    def _answer(self, m, i, out, flow, block, function, key, tags):
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, function, key)
            self._named(out, row, block, function)
        told = tags_of(tags.get(LOGIN_TOLD, b"")) if function == LOGIN else {}
        code = tags.get(RESULT, told.get(LOGIN_ERROR))
        user = flow.logins.pop(out.operation_of(row), None)
        if SESSION in told and not (code and any(code)):
            session = int.from_bytes(told[SESSION][:4], "little")
            if user:
                flow.users[session] = user
                self.facts.clue(m, i, self.facts.receiver(m, i), "user", user, "codesys", 0.9)
                if len(flow.users) > MAX_USERS:
                    del flow.users[next(iter(flow.users))]
        elif code is None:
            out.settle(row, UNKNOWN, NO_NUMBER)  # how this command tells its outcome is not known
        elif any(code):
            out.settle(row, REFUSED, int.from_bytes(code[:2], "little"))


def _probe(octets, hint):
    """TCP: the magic with a datagram behind. UDP, on its ports: a datagram's head whose service exists."""
    if hint.transport == "tcp":
        if octets[:4] != MAGIC[: len(octets)] or not octets:
            return 0
        if len(octets) < 9:
            return NEED_MORE
        return 95 if octets[8] == 0xC5 else 0
    if octets[:1] != b"\xc5" or not (hint.source_port in UDP_PORTS or hint.target_port in UDP_PORTS):
        return 0
    return 85 if datagram_of(octets, 0) is not None else 0


def _framer():
    return LengthFramer(
        header=8,
        at=4,
        width=4,
        little=True,
        minimum=14,
        maximum=65536,
        magic=((0, 0xFF, 0x00), (1, 0xFF, 0x01), (2, 0xFF, 0x17), (3, 0xFF, 0xE8)),
    )


SPEC = ProtocolSpec(
    name="codesys",
    names=("codesys",),
    probe=_probe,
    decoder=Codesys,
    tcp=TCP_PORTS,
    udp=UDP_PORTS,
    framer=_framer,
    control=True,
)
