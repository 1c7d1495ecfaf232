"""MQTT 3.1, 3.1.1 and 5.0: sessions, subscriptions, and messages with who published or was sent them.

    | type 4, flags 4 | remaining length 1 to 4 | variable header | payload |

A PUBLISH that the client sends is a request where it asks for an acknowledgement (QoS 1 and 2), else a message that
nobody answers. What the broker forwards is unsolicited; the client's acknowledgements of it make no rows of their
own. Of QoS 2, PUBREC answers PUBLISH and PUBCOMP answers PUBREL.

Over 400 lines would be split; what stands here is one class because all packet types share one session's state.

Source: MQTT 3.1, MQTT 3.1.1 and MQTT 5.0 (OASIS), clause 3.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names, begin, end
from interlock.decode.protocols.mqtt.framing import MqttFramer
from interlock.decode.protocols.mqtt.grammar import (
    AUTH,
    CONNACK,
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    SUBACK,
    SUBSCRIBE,
    UNSUBACK,
    UNSUBSCRIBE,
    flags_fit,
    plain_filters,
)
from interlock.decode.protocols.mqtt.payload import Payloads
from interlock.decode.protocols.mqtt.properties import read_properties, spell, text, variable_integer
from interlock.decode.protocols.mqtt.recognition import PORTS, probe
from interlock.decode.protocols.mqtt.session import Session
from interlock.decode.protocols.mqtt.sparkplug import PREFIX, Sparkplug, parse_topic
from interlock.decode.protocols.mqtt.tables import DETAILS
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Mqtt"]

NAMES = (
    *("", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE"),
    *("SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"),
)
FROM_CLIENT = frozenset({CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ})
FROM_SERVER = frozenset({CONNACK, SUBACK, UNSUBACK, PINGRESP})
ANSWERED_BY = {PUBACK: PUBLISH, PUBREC: PUBLISH, PUBCOMP: PUBREL}
REFUSED, OK = 2, 1
FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5.0, clause 2.4)."""
NONE = -2147483648
MAX_FILTERS = 256


class Mqtt(Decoder):
    """One control packet a message."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.users = Names(self.names)
        self.payloads = Payloads(self)
        self.sparkplug = Sparkplug(self)
        self._packets = {
            CONNECT: self._connect,
            CONNACK: self._connack,
            PUBLISH: self._publish,
            PUBACK: self._acknowledge,
            PUBREC: self._acknowledge,
            PUBREL: self._release,
            PUBCOMP: self._acknowledge,
            SUBSCRIBE: self._subscribe,
            SUBACK: self._subscribed,
            UNSUBSCRIBE: self._subscribe,
            UNSUBACK: self._subscribed,
            PINGREQ: self._ping,
            PINGRESP: self._ping,
            DISCONNECT: self._disconnect,
            AUTH: self._authenticate,
        }

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        first = c.u8()
        kind, flags = first >> 4, first & 15
        length = variable_integer(c)
        session = self._session(m, i, kind)
        if kind != PUBLISH and not flags_fit(kind, flags, session.version):
            self.facts.oddity(m, i, "mqtt", "flags-invalid", 0)
        handler = self._packets.get(kind)
        if handler is None:
            raise DecodeError("packet-type-unknown", 0)
        handler(m, i, out, session, kind, flags, length)
        if kind != PUBLISH and c.left():
            self.facts.oddity(m, i, "mqtt", "trailing-octets", c.offset())

    def _session(self, m, i, kind):
        slot = m.flow[i]
        session = self.flows.state[slot]
        if session is None:
            session = self.flows.state[slot] = Session(from_start=bool(self.flows.oriented[slot]))
        side = 0 if kind in FROM_CLIENT else 1 if kind in FROM_SERVER else m.direction[i]
        if m.direction[i] != side:
            self.flows.orient(slot, m.side[i] ^ side)
            m.direction[i] = side
        if session.from_start and not session.connected and side == 0 and kind != CONNECT:
            self.facts.oddity(m, i, "mqtt", "not-connected", 0)
            session.from_start = False
        return session

    # Rows

    def _note(self, m, i, out, session, kind, row, **said):
        """A row of the table mqtt."""
        if self.facts.wants("mqtt"):
            said["operation"] = out.operation_of(row) if row >= 0 else None
            said["packet"] = NAMES[kind]
            said["from_client"] = not m.direction[i]
            said["version"] = session.version
            said["client_id"] = session.client_id
            self.facts.detail("mqtt", m, i, said)
        if row >= 0 and session.user:
            out.set_user(row, self.users.code(session.user))

    def _answer(self, m, i, out, function, key, reason):
        row = out.answer(m, i, _key(function, key))
        if row < 0:
            row = out.orphan(m, i, self.f, function, key)
        if reason:
            out.settle(row, REFUSED if reason >= FAILURE else OK, reason)
        return row

    def _properties(self, m, i, session):
        """Properties of a packet of version 5; () where they are broken, which is an oddity, and the rest unread."""
        if session.version != 5:
            return []
        try:
            return read_properties(self.cursor)
        except DecodeError as error:
            self.facts.oddity(m, i, "mqtt", error.oddity, error.offset)
            self.cursor.skip(self.cursor.left())
            return None

    # Sessions

    def _connect(self, m, i, out, session, kind, flags, length):
        c = self.cursor
        protocol, version, how, keep_alive = text(c), c.u8() & 0x7F, c.u8(), c.u16be()
        if (protocol, version) not in (("MQIsdp", 3), ("MQTT", 3), ("MQTT", 4), ("MQTT", 5)):
            self.facts.oddity(m, i, "mqtt", "version-unknown", 2)
        if session.connected:
            self.facts.oddity(m, i, "mqtt", "connected-twice", 0)
        session.begin(version, None, None)
        row = out.ask(m, i, self.f, CONNECT, _key(CONNECT, 0))
        out.set_transaction(row, -1)
        said = {"keep_alive": keep_alive, "clean": bool(how & 2), "will_topic": None}
        found = self._properties(m, i, session)
        try:
            will = self._identify(m, i, session, how, found) if found is not None else None
        finally:
            session.client_id = session.client_id or None
            if session.client_id:
                out.set_object(row, self.objects.code(session.client_id[:512]), 1)
        if will is not None:
            said |= {"will_topic": will[0], "will_qos": how >> 3 & 3, "will_retain": bool(how & 0x20)}
            last = out.more(row)
            out.set_object(last, self.objects.code(will[0][:512]), 1)
        self._note(m, i, out, session, kind, row, properties=spell(found or []), **said)

    def _identify(self, m, i, session, how, found):
        """The payload of a CONNECT: client identifier, will, user and password. The will as (topic, octets) or None."""
        c = self.cursor
        session.client_id = text(c)
        will = None
        if how & 4:
            if session.version == 5:
                found += read_properties(c)
            will = (text(c), c.take(c.u16be()))
        session.user = text(c)[:128] if how & 0x80 else None
        secret = c.take(c.u16be()) if how & 0x40 else None
        if session.user is None and secret is None:
            index = self.facts.credential(m, i, "mqtt", "anonymous", None, None)
            session.login = index, self.facts.hold(index)
        elif secret is not None:
            session.login = begin(self.facts, m, i, "mqtt", "user-password", session.user, secret)
        return will

    def _connack(self, m, i, out, session, kind, flags, length):
        c = self.cursor
        present, reason = c.u8(), c.u8()
        if session.version is None and length > 2:
            session.version = 5
        found = self._properties(m, i, session) or []
        assigned = dict(found).get("assigned-client-identifier")
        session.client_id = assigned or session.client_id
        row = out.answer(m, i, _key(CONNECT, 0))
        if row < 0:
            row = out.orphan(m, i, self.f, CONNECT, -1)
        if reason:
            out.settle(row, REFUSED, reason)
        exchange = out.answer(m, i, _key(AUTH, 0))
        if exchange >= 0 and reason:
            out.settle(exchange, REFUSED, reason)
        self._admitted(m, i, session, reason)
        said = {"reason": reason, "session_present": bool(present & 1)}
        self._note(m, i, out, session, kind, row, properties=spell(found), **said)

    def _admitted(self, m, i, session, reason):
        """How the login ended, and what that tells of both ends."""
        if session.login is not None:
            end(self.facts, session.login, "refused" if reason else "ok")
            session.login = None
        broker = self.facts.sender(m, i)
        self.facts.clue(m, i, broker, "service", f"mqtt/{self.flows.server_port(m.flow[i])}", "mqtt", 0.95)
        if session.user and not reason:
            self.facts.clue(m, i, self.facts.receiver(m, i), "user", session.user, "mqtt", 0.9)

    def _disconnect(self, m, i, out, session, kind, flags, length):
        reason, found = None, []
        if length:
            session.version = session.version or 5
            reason = self.cursor.u8()
            if length > 1:
                found = self._properties(m, i, session) or []
        row = out.tell(m, i, self.f, DISCONNECT)
        if reason:
            out.settle(row, 4, reason)
        self._note(m, i, out, session, kind, row, reason=reason, properties=spell(found))

    def _authenticate(self, m, i, out, session, kind, flags, length):
        session.version = session.version or 5
        reason, found = 0, []
        if length:
            reason = self.cursor.u8()
            found = (self._properties(m, i, session) or []) if length > 1 else []
        if not m.direction[i]:
            row = out.ask(m, i, self.f, AUTH, _key(AUTH, 0))
            out.set_transaction(row, -1)
        else:
            row = out.answer(m, i, _key(AUTH, 0))
            if row < 0:  # what the server answers to CONNECT, which stays open until CONNACK
                row = out.tell(m, i, self.f, AUTH)
        method = dict(found).get("authentication-method")
        if method and row >= 0:
            out.set_object(row, self.objects.code(method[:512]), 1)
        self._note(m, i, out, session, kind, row, reason=reason, properties=spell(found))

    def _ping(self, m, i, out, session, kind, flags, length):
        if kind == PINGREQ:
            row = out.ask(m, i, self.f, PINGREQ, _key(PINGREQ, 0))
        else:
            row = out.answer(m, i, _key(PINGREQ, 0))
            if row < 0:
                row = out.orphan(m, i, self.f, PINGREQ, -1)
        out.set_transaction(row, -1)
        if session.user:
            out.set_user(row, self.users.code(session.user))

    # Subscriptions

    def _subscribe(self, m, i, out, session, kind, flags, length):
        c = self.cursor
        number = c.u16be()
        if session.version is None and c.left() > 2 and not plain_filters(c, kind):
            session.version = 5
        found = self._properties(m, i, session)
        row = out.ask(m, i, self.f, kind, _key(kind, number))
        out.set_transaction(row, number)
        topics = []
        while c.left() and found is not None:
            if len(topics) >= MAX_FILTERS:
                raise DecodeError("too-many-filters", c.offset())
            topics.append(text(c))
            if kind == SUBSCRIBE and c.u8() & 3 == 3:
                self.facts.oddity(m, i, "mqtt", "qos-invalid", c.offset() - 1)
            at = row if len(topics) == 1 else out.more(row)
            out.set_object(at, self.objects.code(topics[-1][:512]), 1)
        if not topics:
            self.facts.oddity(m, i, "mqtt", "no-filter", c.offset())
        said = {"packet_id": number, "topic": topics[0] if topics else None}
        self._note(m, i, out, session, kind, row, properties=spell(found or []), **said)

    def _subscribed(self, m, i, out, session, kind, flags, length):
        c = self.cursor
        number, asked = c.u16be(), kind - 1
        found = self._properties(m, i, session)
        row = self._answer(m, i, out, asked, number, 0)
        out.set_transaction(row, number)
        reasons = list(c.take(c.left())) if found is not None else []
        for item, reason in enumerate(reasons):
            if reason >= FAILURE:
                out.settle_item(row, item, REFUSED, reason)
        said = {"packet_id": number, "reason": max(reasons, default=None)}
        self._note(m, i, out, session, kind, row, properties=spell(found or []), **said)

    # Messages

    def _publish(self, m, i, out, session, kind, flags, length):
        c = self.cursor
        behind = c.offset() + length
        qos = flags >> 1 & 3
        if qos == 3:
            self.facts.oddity(m, i, "mqtt", "qos-invalid", 0)
        topic = text(c)
        number = c.u16be() if qos else None
        found = self._properties(m, i, session)
        alias = dict(found).get("topic-alias", 0) if found else 0
        name = session.topic(m.direction[i], topic, alias) if alias else topic
        if name is None:
            self.facts.oddity(m, i, "mqtt", "topic-alias-unknown", 2)
        elif not name or "#" in name or "+" in name:
            self.facts.oddity(m, i, "mqtt", "topic-invalid", 2)
        octets = c.take(c.left()) if found is not None else b""
        whole = c.offset() == behind
        address = parse_topic(name) if name and name.startswith(PREFIX) else None
        row = self._told(m, i, out, qos, number, address)
        if name:
            out.set_object(row, self.objects.code(name[:512]), 1)
        self._note(
            m,
            i,
            out,
            session,
            kind,
            row,
            packet_id=number,
            topic=name,
            qos=qos,
            dup=bool(flags & 8),
            retain=bool(flags & 1),
            payload_octets=len(octets) + behind - c.offset(),
            properties=spell(found) if found else None,
        )
        if address is not None and address.payload:
            self.sparkplug.message(m, i, out, row, address, octets, whole=whole)
        elif name and octets:
            self.payloads.value(m, i, out, row, name, octets, whole=whole)

    def _told(self, m, i, out, qos, number, address):
        """The row of a PUBLISH: a request, or what nobody answers; of a forwarded command the broker is who asks."""
        command = address is not None and address.command
        if qos and not m.direction[i]:
            row = out.ask(m, i, self.f, PUBLISH, _key(PUBLISH, number))
        else:
            direction = m.direction[i]
            if command:
                m.direction[i] = 0
            row = out.tell(m, i, self.f, PUBLISH)
            m.direction[i] = direction
            if command:
                out.settle(row, 0, NONE)
        if number is not None:
            out.set_transaction(row, number)
        return row

    def _acknowledge(self, m, i, out, session, kind, flags, length):
        number, reason, found = self._acknowledged(m, i, session, length)
        row = -1
        if m.direction[i]:
            row = self._answer(m, i, out, ANSWERED_BY[kind], number, reason)
            out.set_transaction(row, number)
        said = {"packet_id": number, "reason": reason, "properties": spell(found)}
        self._note(m, i, out, session, kind, row, **said)

    def _release(self, m, i, out, session, kind, flags, length):
        number, reason, found = self._acknowledged(m, i, session, length)
        row = -1
        if not m.direction[i]:
            row = out.ask(m, i, self.f, PUBREL, _key(PUBREL, number))
            out.set_transaction(row, number)
        said = {"packet_id": number, "reason": reason, "properties": spell(found)}
        self._note(m, i, out, session, kind, row, **said)

    def _acknowledged(self, m, i, session, length):
        """Packet id, reason and properties of PUBACK, PUBREC, PUBREL and PUBCOMP; the last two are version 5's."""
        number = self.cursor.u16be()
        if length == 2:
            return number, None, []
        session.version = session.version or 5
        reason = self.cursor.u8()
        return number, reason, (self._properties(m, i, session) or []) if length > 3 else []


def _key(kind, number):
    return kind << 16 | number


SPEC = ProtocolSpec(
    name="mqtt",
    names=("mqtt",),
    probe=probe,
    decoder=Mqtt,
    tcp=PORTS,
    framer=MqttFramer,
    details=DETAILS,
    timeout_ns=30_000_000_000,
)
