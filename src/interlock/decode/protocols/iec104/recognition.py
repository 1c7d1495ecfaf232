"""Whether octets are APDUs of IEC 60870-5-104, and whether field lengths are not those it prescribes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from interlock.decode.protocols.iec104.elements import CAUSES, ELEMENTS
from interlock.decode.spec import NEED_MORE

if TYPE_CHECKING:
    from interlock.decode.spec import Hint

__all__ = ["other_field_lengths", "probe"]

_U_FRAMES = frozenset({0x07, 0x0B, 0x13, 0x23, 0x43, 0x83})
_PORT = 2404


@cache
def other_field_lengths(octets: int, count: int, size: int, sequence: int) -> bool:
    """Whether an ASDU of so many octets holds `count` elements of `size` under other lengths than 104's.

    IEC 60870-5-101 lets a system choose: cause 1 or 2, common address 1 or 2, object address 1, 2 or 3 octets.
    """
    for header in (4, 5, 6):
        for address in (1, 2, 3):
            objects = address + count * size if sequence else count * (address + size)
            if (header, address) != (6, 3) and octets == header + objects:
                return True
    return False


def probe(octets: bytes, hint: Hint) -> int:
    """APDUs: start octet, a length that fits, and a control field and an ASDU header as the standard has them."""
    if octets[:1] != b"\x68":
        return 0
    if len(octets) < 6:
        return NEED_MORE if len(octets) < 2 or 4 <= octets[1] <= 253 else 0
    length, first = octets[1], octets[2]
    if not 4 <= length <= 253 or (first & 1 and length != 4):
        return 0
    registered = _PORT in (hint.source_port, hint.target_port)
    if octets[3] == 0x68 and octets[1] == octets[2] and not registered:
        return 0  # the FT 1.2 frame of IEC 60870-5-101, -103 and M-Bus: length twice, start octet twice
    end = length + 2
    goes_on = len(octets) <= end or octets[end] == 0x68
    if first & 3 == 3:
        return 85 if first in _U_FRAMES and octets[3:6] == bytes(3) and goes_on else 0
    if octets[4] & 1:
        return 0
    if first & 3 == 1:
        return (65 if goes_on else 0) if octets[2:4] == b"\x01\x00" else 0
    return _asdu(octets[6:end], length - 4, goes_on=goes_on)


def _asdu(octets: bytes, length: int, *, goes_on: bool) -> int:
    """How surely an I frame's ASDU is one; octets: as much of its `length` as is here."""
    if length < 5 or len(octets) < 3:
        return NEED_MORE if length >= 5 else 0
    size, count = ELEMENTS[octets[0]][0], octets[1] & 0x7F
    if octets[2] & 0x3F not in CAUSES or not (count and goes_on) or octets[0] == 0:
        return 0
    if size < 0:
        return 40
    expected = 6 + (3 + count * size if octets[1] & 0x80 else count * (3 + size))
    if length == expected:
        return 80
    return 35
