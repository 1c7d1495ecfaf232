"""DHCP and BOOTP: who gets which address, and what a machine says of itself while asking.

    | op 1 | htype 1 | hlen 1 | hops 1 | xid 4 | secs 2 | flags 2 | ciaddr yiaddr siaddr giaddr 4 each |
    | chaddr 16 | sname 64 | file 128 | 63 82 53 63 | options: code 1, length 1, value |

Source: RFC 2131 clause 2, RFC 2132.
"""

from __future__ import annotations

from interlock.decode.addresses import address_text, mac_text
from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Dhcp"]

COOKIE = b"\x63\x82\x53\x63"
ANSWERS = {2: 1, 5: 3, 6: 3}
NONE = -2147483648
NETMASK, ROUTER, NAME, DOMAIN, REQUESTED, KIND, PARAMETERS, VENDOR_CLASS = 1, 3, 12, 15, 50, 53, 55, 60
REFUSED = 2


class Dhcp(Decoder):
    """One datagram; the answer belongs to the question with the same xid, whatever addresses carry it."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.kinds = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        op = c.u8()
        c.skip(3)
        xid = c.u32be()
        c.skip(4)
        client, yours = c.u32be(), c.u32be()
        c.skip(8)
        mac = c.take(16)[:6]
        c.skip(192)
        options = self._options(c) if c.left() >= 4 and c.take(4) == COOKIE else {}
        kind = options[KIND][0] if options.get(KIND) else None
        who = mac_text(int.from_bytes(mac, "big"))
        if op == 1:
            self._question(m, i, out, xid, kind, options, who, client)
        elif op == 2:
            self._reply(m, i, out, xid, kind, options, who, yours)
        else:
            raise DecodeError("operation-out-of-range", 0)

    @staticmethod
    def _options(c):
        found = {}
        while c.left() >= 1:
            code = c.u8()
            if code == 255:
                break
            if code:
                found[code] = found.get(code, b"") + c.take(c.u8())
        return found

    def _question(self, m, i, out, xid, kind, options, who, client):
        row = out.ask(m, i, self.f, NONE if kind is None else kind, xid)
        if len(self.kinds) > 4096:
            self.kinds.clear()
        self.kinds[self.flows.realm_of(m.flow[i]), xid] = (kind, m.flow[i])
        say = self.facts.clue
        if client:
            say(m, i, who, "ip", address_text(4, 0, client), "dhcp", 0.9)
        for code, field in ((NAME, "name"), (VENDOR_CLASS, "software"), (DOMAIN, "domain")):
            if options.get(code):
                say(m, i, who, field, _text(options[code]), "dhcp", 0.8)
        if options.get(PARAMETERS):
            say(m, i, who, "fingerprint", "dhcp:" + ",".join(map(str, options[PARAMETERS])), "dhcp", 0.7)
        if len(options.get(REQUESTED, b"")) == 4:
            out.set_object(row, self.objects.code(_address(options[REQUESTED])), 1)

    def _reply(self, m, i, out, xid, kind, options, who, yours):
        realm = self.flows.realm_of(m.flow[i])
        asked, slot = self.kinds.get((realm, xid), (ANSWERS.get(kind), None))
        if slot is not None:
            out.heard(m, i, slot, xid)
        row = out.orphan(m, i, self.f, NONE if asked is None else asked, xid)
        if kind == 6:
            out.settle(row, REFUSED, 6)
        server = self.facts.sender(m, i)
        self.facts.clue(m, i, server, "service", "dhcp/67", "dhcp", 0.9)
        if yours and kind in (5, None):
            given = address_text(4, 0, yours)
            out.set_object(row, self.objects.code(given), 1)
            self.facts.clue(m, i, given, "mac", who, "dhcp", 0.9)
            for code, field in ((NETMASK, "netmask"), (ROUTER, "router")):
                if len(options.get(code, b"")) >= 4:
                    self.facts.clue(m, i, given, field, _address(options[code][:4]), "dhcp", 0.9)


def _address(octets):
    return address_text(4, 0, int.from_bytes(octets, "big"))


def _text(octets):
    return octets.decode("utf-8", "backslashreplace").strip("\x00 ")


def _probe(octets, hint):
    if hint.transport != "udp" or len(octets) < 236 or octets[0] not in (1, 2) or octets[2] > 16:
        return 0
    if octets[236:240] == COOKIE:
        return 95
    return 70 if {hint.source_port, hint.target_port} & {67, 68} else 0


SPEC = ProtocolSpec(name="dhcp", names=("dhcp",), probe=_probe, decoder=Dhcp, udp=frozenset({67, 68}))
