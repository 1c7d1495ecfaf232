"""Announcements to a link neighbour, with the TLVs as Cisco documents them."""

from __future__ import annotations

import struct

from decode.seeds import Seed

GROUP = bytes.fromhex("01000ccccccc")


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, 4 + len(value)) + value


_ADDRESS = struct.pack(">IBBBH", 1, 1, 1, 0xCC, 4) + bytes((192, 0, 2, 9))
_TLVS = (
    _tlv(1, b"core-switch"),
    _tlv(2, _ADDRESS),
    _tlv(3, b"GigabitEthernet1/0/1"),
    _tlv(4, struct.pack(">I", 0x28)),
    _tlv(5, b"IOS Software, Version 15.2"),
    _tlv(6, b"cisco IE-4000"),
    _tlv(9, b"plant"),
    _tlv(10, struct.pack(">H", 5)),
)
_ANNOUNCEMENT = bytes.fromhex("aaaa0300000c2000") + struct.pack(">BBH", 2, 180, 0) + b"".join(_TLVS)

SEEDS = (
    Seed(name="announcements", transport="eth", port=0, group=GROUP, messages=((0, _ANNOUNCEMENT),) * 2),
)
