"""Whether octets are BACnet: the link layer's header, its length, and the network layer's version behind it."""

from __future__ import annotations

__all__ = ["LLC", "probe"]

LLC = b"\x82\x82\x03"
"""The service access points and control octet of BACnet over Ethernet (clause 7)."""
NPDU_AT = {0x04: 10, 0x09: 4, 0x0A: 4, 0x0B: 4}
NPDU_AT_IPV6 = {0x01: 10, 0x02: 7, 0x08: 28, 0x0C: 7}
"""Where the NPDU begins, by BVLC function."""
SIZES = {0x00: (6,), 0x02: (4,), 0x05: (6,), 0x06: (4,), 0x08: (10,)}
SIZES_IPV6 = {
    0x00: (9,),
    0x03: (10,),
    0x04: (28,),
    0x05: (10,),
    0x06: (7,),
    0x07: (10,),
    0x09: (9,),
    0x0A: (25,),
}
"""Lengths of messages without an NPDU."""
PORTS = range(47808, 47824)
LOOKED_AT = 512


def probe(octets, hint):
    """See spec.Probe."""
    if hint.transport == "eth":
        return 90 if octets[:3] == LLC and octets[3:4] == b"\x01" else 0
    if hint.transport != "udp" or len(octets) < 4 or octets[0] not in (0x81, 0x82):
        return 0
    length = octets[2] << 8 | octets[3]
    usual = hint.source_port in PORTS or hint.target_port in PORTS
    exact = length == len(octets) or (length > len(octets) == LOOKED_AT)
    if length < 4 or octets[1] > 0x0C or not (exact or usual or length < len(octets)):
        return 0
    six = octets[0] == 0x82
    at = (NPDU_AT_IPV6 if six else NPDU_AT).get(octets[1])
    if at is None:
        sizes = (SIZES_IPV6 if six else SIZES).get(octets[1])
        fits = sizes is None or length in sizes
        return (80 if usual else 62 if sizes else 50) if fits and exact else 0
    if len(octets) < at + 2 or octets[at] != 1 or octets[at + 1] & 0x50:
        return 0  # another version, or reserved bits of the control octet are set (6.2.2)
    if exact:
        return 90 if usual else 75
    if usual:
        return 50
    return 62 if octets[at + 1] & 0xA8 == 0 and _service(octets[at + 2 : length]) else 0


def _service(apdu):
    """Whether an APDU asks for a service that exists (clause 20.1.2, 20.1.3; 21.6); a sender filled up behind it."""
    kind = apdu[:1]
    if len(apdu) >= 4 and kind in (b"\x00", b"\x02"):
        return apdu[3] <= 34
    return len(apdu) >= 2 and kind == b"\x10" and apdu[1] <= 13
