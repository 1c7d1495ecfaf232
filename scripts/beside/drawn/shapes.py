"""What carries a conversation, drawn at random: IPv4 with options and other header fields, IPv6, VLANs."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.plant.wire.frames import ethernet, internet_checksum

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 (a seed is given)

__all__ = ["PLAIN", "Shape", "shape"]

_IPV4, _IPV6, _VLAN = 0x0800, 0x86DD, 0x8100
_ICMP, _ICMP6 = 1, 58
_SUMS: Final = {6: 16, 17: 6, _ICMP6: 2}
"""Where a protocol over IPv6 has its checksum, from its own first octet on."""
_TYPES: Final = {8: 128, 0: 129, 3: 1, 11: 3, 5: 137, 13: 135}
"""Types of ICMP → those of ICMPv6 that mean nearly the same."""
_PREFIX: Final = bytes.fromhex("20010db8000000000000ffff")
_OPTIONS: Final = (
    b"\x07\x07\x04" + bytes(4) + b"\0",
    b"\x01\x01\x01\0",
    b"\x94\x04\0\0",
    b"\x44\x08\x05\0" + bytes(4),
)
"""Record route, no operations, router alert, time stamps."""


class Shape(NamedTuple):
    """version: of IP. bits: of IPv4's flags (reserved 4, do not fragment 2). vlans: from the outer one on."""

    version: int = 4
    ttl: int = 64
    tos: int = 0
    identification: int = 0
    bits: int = 2
    options: bytes = b""
    vlans: tuple[int, ...] = ()

    def laid(self, frame: bytes) -> bytes:
        """A frame of IPv4 without options, as this says it."""
        if self == PLAIN:
            return frame
        length = int.from_bytes(frame[16:18], "big")
        head, rest = frame[14:34], frame[34 : 14 + length]
        kind, packet = (
            (_IPV6, self._six(head, rest)) if self.version == 6 else (_IPV4, self._four(head, rest))
        )
        for vlan in reversed(self.vlans):
            kind, packet = _VLAN, struct.pack(">HH", vlan, kind) + packet
        return ethernet(frame[:6], frame[6:12], kind, packet)

    def _four(self, head: bytes, rest: bytes) -> bytes:
        words = 5 + len(self.options) // 4
        fields = struct.pack(
            *(">BBHHHBBH", 0x40 | words, self.tos, 4 * words + len(rest), self.identification),
            *(self.bits << 13, self.ttl, head[9], 0),
        )
        octets = fields + head[12:20] + self.options
        return octets[:10] + internet_checksum(octets).to_bytes(2, "big") + octets[12:] + rest

    def _six(self, head: bytes, rest: bytes) -> bytes:
        protocol = _ICMP6 if head[9] == _ICMP else head[9]
        ends = _PREFIX + head[12:16] + _PREFIX + head[16:20]
        at = _SUMS[protocol]
        if protocol == _ICMP6:
            rest = bytes((_TYPES.get(rest[0], rest[0]),)) + rest[1:]
        rest = rest[:at] + b"\0\0" + rest[at + 2 :]
        summed = internet_checksum(ends + struct.pack(">II", len(rest), protocol) + rest) or 0xFFFF
        rest = rest[:at] + summed.to_bytes(2, "big") + rest[at + 2 :]
        first = struct.pack(">IHBB", 6 << 28 | self.tos << 20, len(rest), protocol, self.ttl)
        return first + ends + rest


PLAIN: Final = Shape()


def shape(draw: Random) -> Shape:
    """One for a whole conversation."""
    return Shape(
        version=draw.choice((4, 4, 6)),
        ttl=draw.choice((64, 1, 128, 255)),
        tos=draw.choice((0, 0, 8, 0xB8)),
        identification=draw.choice((0, 1, 300)),
        bits=draw.choice((2, 2, 0, 4)),
        options=draw.choice(_OPTIONS) if draw.random() < 0.2 else b"",
        vlans=draw.choice(((), (), (5,), (5, 6))),
    )
