"""RFC 5905 clause 7.3: a client and its server, two symmetric peers, a broadcast."""

from __future__ import annotations

import struct

from decode.seeds import Seed

SECONDS = 0xE5F0A0B0


def _packet(mode: int, stratum: int, moment: int = 0, identity: bytes = bytes((192, 0, 2, 9))) -> bytes:
    head = struct.pack(">BBbb", 4 << 3 | mode, stratum, 6, -20) + struct.pack(">II", 0x100, 0x200) + identity
    return head + b"".join(struct.pack(">II", SECONDS + moment + k, k << 20) for k in range(4))


SEEDS = (
    Seed(
        name="client",
        transport="udp",
        port=123,
        messages=((0, _packet(3, 0)), (1, _packet(4, 2, 1)), (0, _packet(3, 0, 64)), (1, _packet(4, 2, 65))),
    ),
    Seed(
        name="peers",
        transport="udp",
        port=123,
        client_port=123,
        messages=((0, _packet(1, 2)), (1, _packet(2, 1, 1, b"GPS\0"))),
    ),
    Seed(name="broadcast", transport="udp", port=123, client_port=123, messages=((0, _packet(5, 1)),) * 2),
)
