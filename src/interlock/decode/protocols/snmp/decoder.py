"""SNMP versions 1, 2c and 3: who asks whom for what, with which community, and what devices say of themselves.

    SEQUENCE { version INTEGER, community OCTET STRING, PDU }
    SEQUENCE { 3, SEQUENCE { msgID, maxSize, flags, model }, security OCTET STRING, scoped PDU }

Sources: RFC 1157 clause 4, RFC 3416 clause 3, RFC 3412 clause 6, RFC 3414 clause 2.4, RFC 3418 (system group).
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.snmp.ber import Ber, oid_text
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Snmp"]

RESPONSE = 2
DEFAULTS = (b"public", b"private", b"community", b"admin", b"default", b"snmp", b"write", b"read")
"""Communities that devices ship with, as public manuals name them."""
SYSTEM = {
    "1.3.6.1.2.1.1.1.0": ("description", 0.9),
    "1.3.6.1.2.1.1.4.0": ("contact", 0.9),
    "1.3.6.1.2.1.1.5.0": ("name", 0.9),
    "1.3.6.1.2.1.1.6.0": ("location", 0.9),
    "1.3.6.1.2.1.47.1.1.1.1.11.1": ("serial", 0.8),
    "1.3.6.1.2.1.47.1.1.1.1.13.1": ("product", 0.8),
    "1.3.6.1.2.1.47.1.1.1.1.12.1": ("vendor", 0.8),
    "1.3.6.1.2.1.47.1.1.1.1.9.1": ("firmware", 0.8),
    "1.3.6.1.2.1.47.1.1.1.1.8.1": ("hardware", 0.8),
}
"""Objects of the system group and the first physical entity (RFC 6933) that identify a device."""
MAX_ITEMS = 128
REFUSED, READ, WRITTEN, REPORTED = 2, 1, 0, 2
DIRECTIONS = {RESPONSE: READ, 3: WRITTEN, 6: REPORTED, 7: REPORTED}
KINDS = {2: "Integer32", 4: "OctetString", 6: "ObjectIdentifier", 0x40: "IpAddress", 0x41: "Counter32",
         0x42: "Unsigned32", 0x43: "TimeTicks", 0x46: "Counter64"}  # fmt: skip
NOTHING = (5, 0x80, 0x81, 0x82)
"""Tags that stand for no value: NULL, noSuchObject, noSuchInstance, endOfMibView."""
NONE = -2147483648
ENCRYPTED = 0x02


class Snmp(Decoder):
    """One datagram: a question, its answer, or a trap."""

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = m.bytes(i)
        body = Ber(octets, 0, len(octets)).inside(0x30)
        version = body.integer()
        if version in (0, 1):
            self._pdu(m, i, out, body, None, body.string())
        elif version == 3:
            self._third(m, i, out, body)
        else:
            raise DecodeError("version-unknown", 2)

    def _third(self, m, i, out, body):
        header = body.inside(0x30)
        number = header.integer()
        header.integer()
        flags = header.string()
        security = body.string()
        user = self._user(m, i, security)
        if flags and flags[0] & ENCRYPTED:
            sides = m.direction[i]
            row = out.answer(m, i, number) if sides else out.ask(m, i, self.f, NONE, number)
            if row < 0:
                row = out.orphan(m, i, self.f, NONE, number)
            out.set_name(row, self.names.code("encrypted"))
            if user:
                out.set_user(row, self.names.code(user))
            return
        scoped = body.inside(0x30)
        scoped.string()
        scoped.string()
        self._pdu(m, i, out, scoped, user, None)

    def _user(self, m, i, security):
        """The user of the user-based security model: engine id, boots, time, name …."""
        if not security:
            return None
        model = Ber(security, 0, len(security)).inside(0x30)
        engine = model.string()
        model.integer()
        model.integer()
        name = model.string().decode("utf-8", "backslashreplace")
        if len(engine) == 11 and engine[4] == 3:  # RFC 3411: format 3 is a MAC address
            who = self.facts.sender(m, i) if m.direction[i] else self.facts.receiver(m, i)
            self.facts.clue(m, i, who, "mac", engine[5:].hex(":"), "snmp", 0.6)
        return name or None

    def _pdu(self, m, i, out, body, user, community):
        tag, start, end = body.element()
        if tag & 0xE0 != 0xA0:
            raise DecodeError("tag-unexpected", start)
        function = tag & 0x1F
        pdu = Ber(body.octets, start, end)
        if function == 4:
            row = out.tell(m, i, self.f, 4)
            self._login(m, i, out, row, user, community)
            return
        number, error = pdu.integer(), pdu.integer()
        pdu.integer()
        fresh = True
        key = number & 0x7FFFFFFF
        if function == RESPONSE:
            row = out.answer(m, i, key)
            fresh = row < 0
            if fresh:
                row = out.orphan(m, i, self.f, NONE, key)
            if error:
                out.settle(row, REFUSED, error)
        elif function in (7, 8):
            row = out.tell(m, i, self.f, function)
            out.set_transaction(row, key)
        else:
            row = out.ask(m, i, self.f, function, key)
        self._items(m, i, out, row, pdu.inside(0x30), function, fresh=fresh)
        self._login(m, i, out, row, user, community)

    def _login(self, m, i, out, row, user, community):
        if user:
            out.set_user(row, self.names.code(user))
        if community is not None and not m.direction[i]:
            slot = m.flow[i]
            if self.flows.state[slot] != community:  # once a flow is enough, unless it changes
                self.flows.state[slot] = community
                known = "default" if community.lower() in DEFAULTS else None
                self.facts.credential(m, i, "snmp", "community", None, community, known=known)

    def _items(self, m, i, out, row, bindings, function, *, fresh):
        """SEQUENCE OF SEQUENCE { name OBJECT IDENTIFIER, value }; fresh: the row is of this message, not answered."""
        octets, told = bindings.octets, function in DIRECTIONS
        for k in range(MAX_ITEMS):
            if not bindings.left():
                return
            pair = bindings.inside(0x30)
            start = pair.content(6)
            name = oid_text(octets[start : pair.at])
            if fresh:
                out.set_object(row if k == 0 else out.more(row), self.objects.code(name), 1)
            tag, start, end = pair.element()
            if told and tag not in NOTHING:
                self._value(m, i, out, row, function, name, tag, octets[start:end])

    def _value(self, m, i, out, row, function, name, tag, content):
        if function == RESPONSE and tag == 4 and name in SYSTEM:
            field, sure = SYSTEM[name]
            text = content.decode("utf-8", "backslashreplace").strip("\x00 \r\n")
            self.facts.clue(m, i, self.facts.sender(m, i), field, text, "snmp", sure)
        values = self.values
        if not values.wanted:
            return
        direction = DIRECTIONS[function]
        kind = self.names.code(KINDS.get(tag) or f"tag:{tag}")
        operation = out.operation_of(row)
        block = values.block(
            m, i, self.f.protocol_code, operation, -1, self.objects.code(name), direction, kind
        )
        if tag in (2, 0x41, 0x42, 0x43, 0x46) and 1 <= len(content) <= 9:
            values.number(float(int.from_bytes(content, "big", signed=tag == 2)))
        elif tag == 4 and content.isascii() and content.decode("ascii").isprintable():
            values.set_text(block, content.decode("ascii"))
        elif tag == 0x40 and len(content) == 4:
            values.set_text(block, ".".join(map(str, content)))
        else:
            values.set_raw(block, content)


def _probe(octets, hint):
    """SEQUENCE, then a version of 0, 1 or 3, then what that version has next."""
    if hint.transport != "udp" or len(octets) < 12 or octets[0] != 0x30:
        return 0
    try:
        reader = Ber(octets, 0, len(octets))
        at = 2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0)
        reader.at = at
        version = reader.integer()
    except DecodeError:
        return 0
    following = octets[reader.at : reader.at + 1]
    if (version in (0, 1) and following == b"\x04") or (version == 3 and following == b"\x30"):
        return 90
    return 0


SPEC = ProtocolSpec(
    name="snmp",
    names=("snmp",),
    probe=_probe,
    decoder=Snmp,
    udp=frozenset({161, 162}),
    timeout_ns=10_000_000_000,
)
