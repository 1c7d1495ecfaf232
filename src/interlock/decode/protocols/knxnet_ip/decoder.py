"""KNXnet/IP: discovery, tunnels into the KNX bus, routing on multicast, and what travels inside.

    | header length 6 | version 0x10 | service type 2 | total length 2 | …
    connection header behind it: | 4 | channel 1 | sequence 1 | status or reserved 1 | cEMI …

Source: ISO 22510; KNX Standard 03/08/02 (core), 03/08/03 (device management), 03/08/04 (tunnelling),
03/08/05 (routing), 03/08/07 (remote diagnosis and configuration), 03/08/09 (security).
"""

from __future__ import annotations

from interlock.decode.addresses import address_text
from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.knxnet_ip.bus import Bus
from interlock.decode.protocols.knxnet_ip.cemi import individual_text
from interlock.decode.protocols.knxnet_ip.identity import Identity
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "KnxnetIp"]

SEARCH, SEARCH_RESPONSE, SEARCH_EXTENDED, SEARCH_RESPONSE_EXTENDED = 0x0201, 0x0202, 0x020B, 0x020C
DESCRIPTION, DESCRIPTION_RESPONSE, CONNECT, CONNECT_RESPONSE = 0x0203, 0x0204, 0x0205, 0x0206
STATE, STATE_RESPONSE, DISCONNECT, DISCONNECT_RESPONSE = 0x0207, 0x0208, 0x0209, 0x020A
CONFIGURATION, CONFIGURATION_ACK, TUNNELLING, TUNNELLING_ACK = 0x0310, 0x0311, 0x0420, 0x0421
FEATURE_GET, FEATURE_RESPONSE, FEATURE_SET, FEATURE_INFO = 0x0422, 0x0423, 0x0424, 0x0425
ROUTING, LOST, BUSY, SYSTEM_BROADCAST = 0x0530, 0x0531, 0x0532, 0x0533
DIAGNOSTIC, DIAGNOSTIC_RESPONSE = 0x0740, 0x0741
WRAPPER, SESSION, SESSION_RESPONSE, AUTHENTICATE, SESSION_STATUS, TIMER = range(0x0950, 0x0956)
SEARCHES = {
    SEARCH_RESPONSE: SEARCH,
    SEARCH_RESPONSE_EXTENDED: SEARCH_EXTENDED,
    DIAGNOSTIC_RESPONSE: DIAGNOSTIC,
}
"""Answers to questions that go to a group, or to one machine."""
ANSWERS = {
    DESCRIPTION_RESPONSE: DESCRIPTION,
    CONNECT_RESPONSE: CONNECT,
    STATE_RESPONSE: STATE,
    DISCONNECT_RESPONSE: DISCONNECT,
    SESSION_RESPONSE: SESSION,
    SESSION_STATUS: AUTHENTICATE,
}
ACKNOWLEDGED = {TUNNELLING_ACK: TUNNELLING, CONFIGURATION_ACK: CONFIGURATION}
CARRIERS = frozenset({TUNNELLING, CONFIGURATION})
ASKED = frozenset({*SEARCHES.values(), *ANSWERS.values()})
REPORTS = frozenset({FEATURE_INFO, LOST, BUSY, TIMER})
CONNECTIONS = {
    3: "device-management",
    4: "tunnel",
    6: "remote-logging",
    7: "remote-configuration",
    8: "object-server",
}
REFUSED, UNKNOWN = 2, 0
NONE = -2147483648
MAX_SEARCHES = 64
MAX_CHANNELS = 64
KEY = 1 << 40
CONFIRMED = 1 << 55
TCP = 6
MANAGEMENT_KEY = 1 << 56
"""Keys of device management, apart from those of services and channels."""


class KnxnetIp(Decoder):
    """One KNXnet/IP frame; what it carries to the bus makes the row, the carrier none of its own."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.identity = Identity(self.facts)
        self.bus = Bus(self)
        self.searches = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        if c.u16be() != 0x0610:
            raise DecodeError("version-unknown", 0)
        service, length = c.u16be(), c.u16be()
        if length - 6 != c.left():
            self.facts.oddity(m, i, "knxnet-ip", "length-mismatch", 4)
        if service in CARRIERS:
            self._carrier(m, i, out, c, service)
        elif service in (ROUTING, SYSTEM_BROADCAST):
            self.bus.message(m, i, out, c, -1)
        elif service in ACKNOWLEDGED:
            self._acknowledged(m, i, out, c, ACKNOWLEDGED[service])
        elif service in SEARCHES:
            self._found(m, i, out, c, SEARCHES[service])
        elif service in ANSWERS:
            self._answer(m, i, out, c, service)
        elif service in (FEATURE_GET, FEATURE_SET, FEATURE_RESPONSE, FEATURE_INFO):
            self._feature(m, i, out, c, service)
        else:
            self._ask(m, i, out, c, service)

    @staticmethod
    def management_key(function, kind, instance, number):
        """What a property request and its confirmation share."""
        return MANAGEMENT_KEY | (function & 0xFF) << 32 | kind << 16 | instance << 8 | number

    def _ask(self, m, i, out, c, service):
        """A question, or a message that nothing answers."""
        if service not in ASKED:
            m.direction[i] = 1 if service in REPORTS else 0
            row = out.tell(m, i, self.f, service)
            if service not in REPORTS:
                out.settle(row, UNKNOWN, NONE)
            if service == WRAPPER and c.left() >= 14:
                c.skip(8)
                self.identity.serial(m, i, self.facts.sender(m, i), c.take(6))
            elif service == TIMER and c.left() >= 12:
                c.skip(6)
                self.identity.serial(m, i, self.facts.sender(m, i), c.take(6))
            return
        self._orient(m, i, m.side[i])
        channel = c.u8() if service in (STATE, DISCONNECT) else -1
        row = out.ask(m, i, self.f, service, self._key(service, channel))
        out.set_transaction(row, channel)
        if service in (SEARCH, SEARCH_EXTENDED, DIAGNOSTIC):
            self._remember(m, i, c)
        elif service == CONNECT:
            c.skip(16)
            length, kind = c.u8(), c.u8()
            out.set_object(row, self.objects.code(CONNECTIONS.get(kind) or f"connection-type-{kind}"), 1)
            c.skip(max(0, length - 2))
        elif service == AUTHENTICATE:
            c.skip(1)
            out.set_user(row, self.names.code(f"user-{c.u8()}"))

    @staticmethod
    def _key(service, channel):
        return KEY | service << 8 | (channel & 0xFF)

    def _orient(self, m, i, client_side):
        state = self.flows.state[m.flow[i]]
        if state is None:
            self.flows.state[m.flow[i]] = {}
            self.flows.orient(m.flow[i], client_side)

    def _remember(self, m, i, c):
        """The endpoint that answers go to: a host protocol address, 0.0.0.0 for whoever sent it."""
        c.skip(2)
        address = address_text(4, 0, c.u32be())
        who = self.facts.sender(m, i) if address == "0.0.0.0" else address  # noqa: S104 (what the message says)
        if len(self.searches) >= MAX_SEARCHES:
            del self.searches[next(iter(self.searches))]
        self.searches[self.flows.realm_of(m.flow[i]), who] = m.flow[i]

    def _found(self, m, i, out, c, service):
        """A machine answers a search: a row of its own, and the question is closed."""
        key = self._key(service, -1)
        row = out.answer(m, i, key)
        if row < 0:
            asked = self.searches.get((self.flows.realm_of(m.flow[i]), self.facts.receiver(m, i)))
            if asked is not None:
                out.heard(m, i, asked, key)
            row = out.orphan(m, i, self.f, service, -1)
            self._orient(m, i, 1 - m.side[i])
        if service == DIAGNOSTIC:
            c.skip(2)
        else:
            c.skip(8)  # its control endpoint
        self.identity.blocks(m, i, c, self.facts.sender(m, i))

    def _answer(self, m, i, out, c, service):
        question = ANSWERS[service]
        channel = c.u8() if question in (CONNECT, STATE, DISCONNECT) else -1
        row = out.answer(m, i, self._key(question, -1 if question == CONNECT else channel))
        if row < 0:
            row = out.orphan(m, i, self.f, question, channel)
            self._orient(m, i, 1 - m.side[i])
        out.set_transaction(row, channel)
        if service == DESCRIPTION_RESPONSE:
            self.identity.blocks(m, i, c, self.facts.sender(m, i))
        elif service != SESSION_RESPONSE:
            status = c.u8()
            if status:
                out.settle(row, REFUSED, status)
            elif service == CONNECT_RESPONSE and c.left() >= 12:
                c.skip(8)
                self._channel(m, i, out, row, c)

    def _channel(self, m, i, out, row, c):
        """The connection response data block; a tunnel's holds the individual address that its client speaks with."""
        length, kind = c.u8(), c.u8()
        if kind == 4 and length >= 4:
            address = individual_text(c.u16be())
            if out.object_of(row) < 0:
                out.set_object(row, self.objects.code("tunnel"), 1)
            out.set_unit(row, self.names.code(address))

    def _connection_header(self, c):
        """Channel, sequence counter and status behind a structure length of 4."""
        if c.u8() != 4:
            raise DecodeError("structure-length-invalid", c.offset() - 1)
        return c.u8(), c.u8(), c.u8()

    def _carrier(self, m, i, out, c, service):
        channel, sequence, _ = self._connection_header(c)
        self._orient(m, i, m.side[i] if c.left() and c.peek(0) not in (0x29, 0x2E, 0x2B) else 1 - m.side[i])
        self._sent(m, i, service, channel, sequence)
        key = self._key(service, channel) << 8 | sequence
        if self.flows.transport[m.flow[i]] == TCP:  # nothing is acknowledged there, frames are confirmed
            key = CONFIRMED | channel
        self.bus.message(m, i, out, c, key)

    def _sent(self, m, i, service, channel, sequence):
        """Remember the last request of each side and channel, so that its acknowledgement is known for what it is."""
        state = self.flows.state[m.flow[i]]
        if len(state) >= MAX_CHANNELS:
            state.clear()
        state[m.side[i], service, channel] = sequence

    def _acknowledged(self, m, i, out, c, service):
        channel, sequence, status = self._connection_header(c)
        row = out.answer(m, i, self._key(service, channel) << 8 | sequence)
        if row < 0:
            state = self.flows.state[m.flow[i]]
            if state is not None and state.get((1 - m.side[i], service, channel)) == sequence:
                return  # of a report, which waits for nothing
            row = out.orphan(m, i, self.f, service, sequence)
        out.set_transaction(row, sequence)
        if status:
            out.settle(row, REFUSED, status)

    def _feature(self, m, i, out, c, service):
        channel, sequence, _ = self._connection_header(c)
        number, code = c.u8(), c.u8()
        name = self.objects.code(f"feature:{number}")
        if service == FEATURE_INFO:
            m.direction[i] = 1
            row = out.tell(m, i, self.f, service)
        elif service == FEATURE_RESPONSE:
            row = out.answer(m, i, self._key(FEATURE_GET, channel) << 8 | number)
            if row < 0:
                row = out.orphan(m, i, self.f, FEATURE_GET, sequence)
                self._orient(m, i, 1 - m.side[i])
            if code:
                out.settle(row, REFUSED, code)
        else:
            self._orient(m, i, m.side[i])
            row = out.ask(m, i, self.f, service, self._key(FEATURE_GET, channel) << 8 | number)
        out.set_transaction(row, sequence)
        out.set_object(row, name, 1)
        if service in (FEATURE_RESPONSE, FEATURE_INFO):
            self.identity.feature(m, i, self.facts.sender(m, i), number, c.rest())

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        self.searches = {who: asked for who, asked in self.searches.items() if asked != slot}


FAMILIES = frozenset({2, 3, 4, 5, 6, 7, 8, 9})


def _probe(octets, hint):
    """The header: its length, version 1.0, a service family that exists, and a total length that fits."""
    if octets[:2] != b"\x06\x10":
        return 0
    if len(octets) < 6:
        return -1 if hint.transport == "tcp" else 0
    length = octets[4] << 8 | octets[5]
    if octets[2] not in FAMILIES or length < 6:
        return 0
    if length == len(octets) or length > len(octets) == 512:
        return 92
    whole = hint.transport == "tcp" and (length > len(octets) or octets[length : length + 2] == b"\x06\x10")
    if whole:
        return 80
    return 35 if 3671 in (hint.source_port, hint.target_port) else 0


def _framer():
    return LengthFramer(
        header=6,
        at=4,
        width=2,
        minimum=6,
        maximum=8192,
        magic=((0, 0xFF, 0x06), (1, 0xFF, 0x10), (2, 0xF0, 0)),
    )


SPEC = ProtocolSpec(
    name="knxnet-ip",
    names=("knxnet-ip",),
    probe=_probe,
    decoder=KnxnetIp,
    tcp=frozenset({3671}),
    udp=frozenset({3671}),
    framer=_framer,
    control=True,
)
