"""ARP over Ethernet for IPv4: who has an address, and who claims to.

    | hardware 2 | protocol 2 | lengths 1+1 | operation 2 | sender MAC 6 IP 4 | target MAC 6 IP 4 |

Source: RFC 826, RFC 903 (reverse), RFC 5227 (probe and announcement).
"""

from __future__ import annotations

from interlock.decode.addresses import address_text, mac_text
from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Arp"]

MAX_ASKED = 4096
NOBODY = "0.0.0.0"  # noqa: S104 (the unspecified address of a probe, no socket is bound)


class Arp(Decoder):
    """Requests and replies; a reply's client is whom it tells, its server who claims the address."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.asked = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        hardware, protocol, lengths, operation = c.u16be(), c.u16be(), c.u16be(), c.u16be()
        if hardware != 1 or protocol != 0x0800 or lengths != 0x0604:
            raise DecodeError("unusual-address-kind", 0)
        sender_mac, sender = self._end(c)
        target_mac, target = self._end(c)
        self._clues(m, i, sender_mac, sender, target)
        one, other = sender if sender != NOBODY else sender_mac, target if target != NOBODY else target_mac
        key = hash((one, other)) & 0x7FFFFFFFFFFFFFFF
        if operation % 2:
            row = out.ask(m, i, self.f, operation, key)
            if len(self.asked) > MAX_ASKED:
                self.asked.clear()
            self.asked[self.flows.realm_of(m.flow[i]), key] = m.flow[i]
        else:
            one, other = other, one
            key = hash((one, other)) & 0x7FFFFFFFFFFFFFFF
            slot = self.asked.pop((self.flows.realm_of(m.flow[i]), key), None)
            if slot is not None:
                out.heard(m, i, slot, key)
            row = out.orphan(m, i, self.f, operation - 1, key)
        out.set_transaction(row, -1)
        code = self.flows.addresses.code
        out.set_ends(row, code(one), code(other))
        out.set_object(row, self.objects.code(other), 1)

    @staticmethod
    def _end(c):
        high, low = c.u16be(), c.u32be()
        return mac_text((high << 32) | low), address_text(4, 0, c.u32be())

    def _clues(self, m, i, mac, ip, target):
        """Who sends ARP for an address claims it; asking about one's own address is an announcement."""
        seen_from = self.facts.sender(m, i)
        if ip != NOBODY:
            self.facts.clue(m, i, ip, "mac", mac, "arp", 0.95)
        if mac != seen_from:
            self.facts.oddity(m, i, "arp", "sender-differs-from-frame", 8)


def _probe(octets, hint):
    return 90 if hint.ethertype in (0x0806, 0x8035) and len(octets) >= 28 else 0


SPEC = ProtocolSpec(
    name="arp",
    names=("arp",),
    probe=_probe,
    decoder=Arp,
    ethertypes=frozenset({0x0806, 0x8035}),
    timeout_ns=1_000_000_000,
)
