"""Frames of one plant given the addresses of another one: hardware addresses, ARP, IPv4, checksums set right."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["readdressed"]

_ARP, _IPV4, _TAGGED = 0x0806, 0x0800, 0x8100
_CHECKSUM_AT: Final = {6: 16, 17: 6}
"""Protocol → octet of its checksum, which covers the addresses, too."""


def readdressed(frame: bytes, macs: Mapping[bytes, bytes], ips: Mapping[bytes, bytes]) -> bytes:
    """The same frame between others. macs: 6 octets each; ips: 4 octets each; what is in neither stays."""
    octets = bytearray(frame)
    for at in (0, 6):
        octets[at : at + 6] = macs.get(bytes(octets[at : at + 6]), octets[at : at + 6])
    kind_at = 16 if octets[12:14] == _TAGGED.to_bytes(2) else 12
    kind, body = int.from_bytes(octets[kind_at : kind_at + 2]), kind_at + 2
    if kind == _ARP and len(octets) >= body + 28:
        for at in (body + 8, body + 18):
            octets[at : at + 6] = macs.get(bytes(octets[at : at + 6]), octets[at : at + 6])
        for at in (body + 14, body + 24):
            octets[at : at + 4] = ips.get(bytes(octets[at : at + 4]), octets[at : at + 4])
    elif kind == _IPV4 and len(octets) >= body + 20:
        _internet(octets, body, ips)
    return bytes(octets)


def _internet(octets: bytearray, at: int, ips: Mapping[bytes, bytes]) -> None:
    before = bytes(octets[at + 12 : at + 20])
    after = b"".join(ips.get(before[k : k + 4], before[k : k + 4]) for k in (0, 4))
    octets[at + 12 : at + 20] = after
    _correct(octets, at + 10, before, after)
    head, protocol = 4 * (octets[at] & 15), octets[at + 9]
    first = not int.from_bytes(octets[at + 6 : at + 8]) & 0x1FFF
    if first and protocol in _CHECKSUM_AT:
        place = at + head + _CHECKSUM_AT[protocol]
        if len(octets) >= place + 2 and (protocol == 6 or octets[place : place + 2] != b"\0\0"):
            _correct(octets, place, before, after)


def _correct(octets: bytearray, at: int, before: bytes, after: bytes) -> None:
    """Source: RFC 1624, equation 3."""
    total = ~int.from_bytes(octets[at : at + 2]) & 0xFFFF
    for (old,), (new,) in zip(struct.iter_unpack("!H", before), struct.iter_unpack("!H", after), strict=True):
        total += (~old & 0xFFFF) + new
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    octets[at : at + 2] = (~total & 0xFFFF).to_bytes(2)
