# cython: compiled
"""ARP over Ethernet for IPv4: who has an address, and who claims to.

    | hardware 2 | protocol 2 | lengths 1+1 | operation 2 | sender MAC 6 IP 4 | target MAC 6 IP 4 |

Source: RFC 826, RFC 903 (reverse), RFC 5227 (probe and announcement).
"""

from __future__ import annotations

import cython

from interlock.decode.addresses import ipv4_text, mac_text
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
        c: Cursor = self.cursor
        hardware: cython.int = c.u16be()
        protocol: cython.int = c.u16be()
        lengths: cython.int = c.u16be()
        operation: cython.int = c.u16be()
        if hardware != 1 or protocol != 0x0800 or lengths != 0x0604:
            raise DecodeError("unusual-address-kind", 0)
        sender_mac = self._mac()
        sender = ipv4_text(c.u32be())
        target_mac = self._mac()
        target = ipv4_text(c.u32be())
        self._clues(m, i, sender_mac, sender)
        one = sender if sender != NOBODY else sender_mac
        other = target if target != NOBODY else target_mac
        if operation & 1:
            self._request(m, i, out, operation, one, other)
        else:
            self._reply(m, i, out, operation - 1, other, one)

    def _mac(self):
        c: Cursor = self.cursor
        high: cython.longlong = c.u16be()
        low: cython.longlong = c.u32be()
        return mac_text((high << 32) | low)

    def _request(self, m, i, out, operation, one, other):
        key: cython.longlong = hash((one, other)) & 0x7FFFFFFFFFFFFFFF
        row: cython.int = out.ask(m, i, self.f, operation, key)
        if len(self.asked) > MAX_ASKED:
            self.asked.clear()
        self.asked[self.flows.realm_of(m.flow[i]), key] = m.flow[i]
        self._ends(out, row, one, other)

    def _reply(self, m, i, out, operation, one, other):
        """It answers the question of `one`, wherever that was sent to."""
        key: cython.longlong = hash((one, other)) & 0x7FFFFFFFFFFFFFFF
        slot = self.asked.pop((self.flows.realm_of(m.flow[i]), key), None)
        if slot is not None:
            out.heard(m, i, slot, key)
        self._ends(out, out.orphan(m, i, self.f, operation, key), one, other)

    def _ends(self, out, row, one, other):
        out.set_transaction(row, -1)
        out.set_ends(row, self.flows.addresses.code(one), self.flows.addresses.code(other))
        out.set_object(row, self.objects.code(other), 1)

    def _clues(self, m, i, mac, ip):
        """Who sends ARP for an address claims it; asking about one's own address is an announcement."""
        if ip != NOBODY:
            self.facts.clue(m, i, ip, "mac", mac, "arp", 0.95)
        if mac != self.flows.address_of(m.flow[i], m.side[i]):
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
