"""LLDP: what a machine says of itself to its link neighbour, PROFINET's additions among it.

    | type 7 bits | length 9 bits | value … |  until a TLV of type 0

Source: IEEE 802.1AB clause 8; IEC 61158-6-10 (PNO TLVs, organisation 00-0E-CF).
"""

from __future__ import annotations

from interlock.decode.addresses import address_text, mac_text
from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec

__all__ = ["SPEC", "Lldp"]

CHASSIS, PORT, PORT_DESCRIPTION, NAME, DESCRIPTION, CAPABILITIES, MANAGEMENT = 1, 2, 4, 5, 6, 7, 8
ROLES = ((2, "switch"), (4, "access-point"), (3, "router"))
"""Bit of the enabled capabilities → role, the plainest last: a bridge that also routes is a router."""
KINDS = ("other", "repeater", "bridge", "wlan-access-point", "router", "telephone", "docsis", "station")
MED = {
    5: "hardware",
    6: "firmware",
    7: "software",
    8: "serial",
    9: "vendor",
    10: "product",
    11: "order-number",
}
"""LLDP-MED inventory subtypes (ANSI/TIA-1057 clause 10.2.6), organisation 00-12-BB."""


class Lldp(Decoder):
    """One announcement: chassis, port, names, capabilities, management addresses, MED inventory."""

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        row = out.tell(m, i, self.f, -2147483648)
        who = self.facts.sender(m, i)
        while c.left() >= 2:
            head = c.u16be()
            kind, value = head >> 9, c.take(head & 511)
            if kind == 0:
                break
            self._tlv(m, i, out, row, who, kind, value)

    def _tlv(self, m, i, out, row, who, kind, value):
        say = self.facts.clue
        if kind == CHASSIS and len(value) > 1:
            self._chassis(m, i, out, row, who, value)
        elif kind == PORT and len(value) > 1:
            say(m, i, who, "port", _text(value[1:]) if value[0] != 3 else value[1:].hex(":"), "lldp", 0.8)
        elif kind == NAME:
            say(m, i, who, "name", _text(value), "lldp", 0.9)
        elif kind == DESCRIPTION:
            say(m, i, who, "description", _text(value), "lldp", 0.9)
        elif kind == CAPABILITIES and len(value) >= 4:
            self._capabilities(m, i, who, int.from_bytes(value[2:4], "big"))
        elif kind == MANAGEMENT and len(value) >= 6 and value[0] == 5 and value[1] == 1:
            say(m, i, who, "ip", address_text(4, 0, int.from_bytes(value[2:6], "big")), "lldp", 0.9)
        elif kind == 127 and len(value) >= 4:
            self._organisation(m, i, who, value[:3], value[3], value[4:])

    def _chassis(self, m, i, out, row, who, value):
        kind, chassis = value[0], value[1:]
        if kind == 4 and len(chassis) == 6:
            mac = mac_text(int.from_bytes(chassis, "big"))
            out.set_object(row, self.objects.code(mac), 1)
            if mac != who:
                self.facts.clue(m, i, who, "mac", mac, "lldp", 0.8)
        elif kind == 7:  # locally assigned: PROFINET puts its station name there
            out.set_object(row, self.objects.code(_text(chassis)), 1)
            self.facts.clue(m, i, who, "name", _text(chassis), "lldp", 0.8)
        elif kind == 5 and len(chassis) == 5 and chassis[0] == 1:
            self.facts.clue(
                m, i, who, "ip", address_text(4, 0, int.from_bytes(chassis[1:], "big")), "lldp", 0.9
            )

    def _capabilities(self, m, i, who, enabled):
        for bit, name in enumerate(KINDS):
            if enabled & (1 << bit):
                self.facts.clue(m, i, who, "device-type", f"lldp:{name}", "lldp", 0.8)
        for bit, role in ROLES:
            if enabled & (1 << bit):
                self.facts.clue(m, i, who, "role", role, "lldp", 0.7)

    def _organisation(self, m, i, who, organisation, subtype, value):
        if organisation == b"\x00\x12\xbb" and subtype in MED:
            self.facts.clue(m, i, who, MED[subtype], _text(value), "lldp", 0.9)
        elif organisation == b"\x00\x80\xc2" and subtype == 1 and len(value) >= 2:
            self.facts.clue(m, i, who, "vlan", str(int.from_bytes(value[:2], "big")), "lldp", 0.8)
        elif organisation == b"\x00\x0e\xcf" and subtype == 5 and len(value) == 6:
            self.facts.clue(m, i, who, "mac", mac_text(int.from_bytes(value, "big")), "lldp", 0.9)


def _text(octets):
    return octets.decode("utf-8", "backslashreplace").strip("\x00 \r\n")


def _probe(octets, hint):
    return 95 if hint.ethertype == 0x88CC and len(octets) >= 4 and octets[0] == 2 else 0


SPEC = ProtocolSpec(name="lldp", names=("lldp",), probe=_probe, decoder=Lldp, ethertypes=frozenset({0x88CC}))
