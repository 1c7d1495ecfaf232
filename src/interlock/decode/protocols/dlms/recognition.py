"""How DLMS is told from other traffic: an HDLC frame whose checksum holds, or a wrapper around an APDU that exists."""

from __future__ import annotations

from interlock.decode.protocols.dlms.apdus import ROLES
from interlock.decode.protocols.dlms.hdlc import checksum_holds

__all__ = ["probe"]


def probe(octets, hint):
    """An HDLC frame whose checksum holds, or a wrapper whose length fits around an APDU that exists."""
    if len(octets) < 9:
        short = hint.transport == "tcp" and octets[:2] in (b"\x7e\xa0", b"\x7e\xa8", b"\x00\x01")
        return -1 if short else 0
    if octets[0] == 0x7E:
        size = (octets[1] & 7) << 8 | octets[2]
        if octets[1] & 0xF0 != 0xA0 or size < 7:
            return 0
        if len(octets) < size + 2:
            return -1 if hint.transport == "tcp" and len(octets) < 512 else 40
        return 96 if octets[size + 1] == 0x7E and checksum_holds(octets[1 : size + 1]) else 0
    if octets[:2] != b"\x00\x01" or octets[2:4] == b"\x00\x00" or octets[4:6] == b"\x00\x00":
        return 0
    size = octets[6] << 8 | octets[7]
    if size == 0 or not ROLES[octets[8]]:
        return 0
    exact = size + 8 == len(octets) or size + 8 > len(octets) == 512
    return 80 if exact else 40
