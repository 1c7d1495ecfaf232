"""IEEE 802.1AB clause 8: an announcement of a switch, and one of a PROFINET device."""

from __future__ import annotations

import struct

from decode.seeds import Seed

GROUP = bytes.fromhex("0180c200000e")


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack(">H", kind << 9 | len(value)) + value


def _announcement(name: bytes, *more: bytes) -> bytes:
    tlvs = (
        _tlv(1, b"\x04\x02\x00\x00\x00\x00\x09"),
        _tlv(2, b"\x07port-001"),
        _tlv(3, struct.pack(">H", 20)),
        _tlv(4, b"uplink"),
        _tlv(5, name),
        _tlv(6, b"Layer 2 switch, firmware 4.1"),
        _tlv(7, struct.pack(">HH", 0x14, 0x04)),
        _tlv(8, b"\x05\x01" + bytes((192, 0, 2, 9)) + b"\x02\x00\x00\x00\x01\x00"),
    )
    return b"".join((*tlvs, *more, _tlv(0, b"")))


_PROFINET = _tlv(127, bytes.fromhex("000ecf05") + bytes.fromhex("020000000009"))
_VLAN = _tlv(127, bytes.fromhex("0080c201") + struct.pack(">H", 5))

SEEDS = (
    Seed(
        name="announcements",
        transport="eth",
        port=0x88CC,
        group=GROUP,
        messages=((0, _announcement(b"cell-switch", _VLAN)), (0, _announcement(b"filler", _PROFINET))),
    ),
)
