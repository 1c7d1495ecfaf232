"""Three bridges' messages, as IEEE 802.1D clause 9.3 draws them."""

from __future__ import annotations

import struct

from decode.seeds import Seed

GROUP = bytes.fromhex("0180c2000000")
LLC = b"\x42\x42\x03"
_ROOT = b"\x10\0\x02\0\x5e\0\0\x01"
_BRIDGE = b"\x80\0\x02\0\x5e\0\0\x02"


def bpdu(version: int, kind: int, root: bytes = _ROOT, bridge: bytes = _BRIDGE) -> bytes:
    """One with a tree's root in it."""
    times = struct.pack("!HHHHH", 0x8001, 1 << 8, 20 << 8, 2 << 8, 15 << 8)
    return (
        LLC + struct.pack("!HBBB", 0, version, kind, 0x3C) + root + struct.pack("!I", 20_000) + bridge + times
    )


SEEDS = (
    Seed(
        name="trees",
        transport="eth",
        port=0,
        group=GROUP,
        messages=((0, bpdu(0, 0)), (0, bpdu(2, 2) + b"\0"), (0, LLC + b"\0\0\0\x80")),
    ),
)
