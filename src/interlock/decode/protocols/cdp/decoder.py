"""CDP: what Cisco's machines (and some others) say of themselves to their link neighbour.

    LLC/SNAP AA AA 03 00 00 0C 20 00 | version 1 | ttl 1 | checksum 2 | (type 2, length 2, value …)*

Source: the TLVs as Cisco's published documentation names them.
"""

from __future__ import annotations

from interlock.decode.addresses import address_text
from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Cdp"]

SNAP = b"\xaa\xaa\x03\x00\x00\x0c\x20\x00"
NAME, ADDRESSES, PORT, CAPABILITIES, SOFTWARE, PLATFORM, DOMAIN, VLAN = 1, 2, 3, 4, 5, 6, 9, 10
ROLES = ((0x08, "switch"), (0x01, "router"))


class Cdp(Decoder):
    """One announcement."""

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        if c.take(len(SNAP)) != SNAP:
            return  # UDLD, DTP and VTP share its addresses and link type, and so its flow
        c.skip(4)
        row = out.tell(m, i, self.f, -2147483648)
        who = self.facts.sender(m, i)
        while c.left() >= 4:
            kind, length = c.u16be(), c.u16be()
            if length < 4:
                raise DecodeError("tlv-too-short", c.offset())
            self._tlv(m, i, out, row, who, kind, c.take(length - 4))

    def _tlv(self, m, i, out, row, who, kind, value):
        say = self.facts.clue
        if kind == NAME:
            out.set_object(row, self.objects.code(_text(value)), 1)
            say(m, i, who, "name", _text(value), "cdp", 0.9)
        elif kind == PORT:
            say(m, i, who, "port", _text(value), "cdp", 0.8)
        elif kind == SOFTWARE:
            say(m, i, who, "description", _text(value), "cdp", 0.9)
        elif kind == PLATFORM:
            say(m, i, who, "product", _text(value), "cdp", 0.9)
        elif kind == DOMAIN:
            say(m, i, who, "domain", _text(value), "cdp", 0.6)
        elif kind == VLAN and len(value) >= 2:
            say(m, i, who, "vlan", str(int.from_bytes(value[:2], "big")), "cdp", 0.7)
        elif kind == CAPABILITIES and len(value) >= 4:
            bits = int.from_bytes(value[:4], "big")
            for bit, role in ROLES:
                if bits & bit:
                    say(m, i, who, "role", role, "cdp", 0.7)
        elif kind == ADDRESSES:
            self._addresses(m, i, who, value)

    def _addresses(self, m, i, who, value):
        """Count 4, then (protocol type 1, length 1, protocol, address length 2, address)."""
        at = 4
        for _ in range(min(int.from_bytes(value[:4], "big"), 16)):
            if at + 2 > len(value):
                return
            at += 2 + value[at + 1]
            length = int.from_bytes(value[at : at + 2], "big")
            address = value[at + 2 : at + 2 + length]
            at += 2 + length
            if len(address) == 4:
                text = address_text(4, 0, int.from_bytes(address, "big"))
                self.facts.clue(m, i, who, "ip", text, "cdp", 0.9)


def _text(octets):
    return octets.decode("utf-8", "backslashreplace").strip("\x00 \r\n")


def _probe(octets, hint):
    return 95 if octets[:8] == SNAP and len(octets) >= 12 else 0


SPEC = ProtocolSpec(name="cdp", names=("cdp",), probe=_probe, decoder=Cdp, ethertypes=frozenset({4}))
