"""Whether octets are link frames of DNP3: start octets, length, and the header's CRC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.decode.spec import NEED_MORE

if TYPE_CHECKING:
    from interlock.decode.spec import Hint

__all__ = ["CRC_TABLE", "crc", "probe"]

_HEADER = 10


def _remainder(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ (0xA6BC if octet & 1 else 0)
    return octet


CRC_TABLE = tuple(_remainder(octet) for octet in range(256))


def crc(octets: bytes) -> int:
    """CRC of a block (IEEE 1815 clause 9.2.4.3); it is sent least significant octet first."""
    value = 0
    for octet in octets:
        value = value >> 8 ^ CRC_TABLE[(value ^ octet) & 0xFF]
    return value ^ 0xFFFF


def probe(octets: bytes, hint: Hint) -> int:
    """A frame's start octets and a header whose CRC holds are certain; without the CRC the port must help."""
    if octets[:2] != b"\x05\x64":
        return NEED_MORE if octets == b"\x05" else 0
    if len(octets) < _HEADER:
        return NEED_MORE if hint.transport == "tcp" else 0
    if octets[2] < 5:
        return 0
    return 95 if crc(octets[:8]) == int.from_bytes(octets[8:10], "little") else 35
