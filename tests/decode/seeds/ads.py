"""AMS/ADS: symbols by handle, sums, notifications, control; and a route added over UDP."""

from __future__ import annotations

import struct

from decode.protocols.ads_octets import ROUTE, TALK, ask, datagram, held, place, read_write, reply
from decode.seeds import Seed

_MORE = (
    (0, ask(9, read_write(0xF080, 2, 11, place(0xF020, 0, 1) + place(0x4020, 8, 2)), 20)),
    (1, reply(9, held(bytes(8) + b"\1\2\3"), 20)),
    (0, ask(6, place(0x4020, 4, 2) + struct.pack("<III", 4, 0, 10000) + bytes(16), 21)),
    (1, reply(6, struct.pack("<I", 14), 21)),
    (0, ask(1, b"", 22)),
    (1, reply(1, struct.pack("<BBH16s", 3, 1, 4024, b"Plc30 App"), 22)),
    (0, ask(5, struct.pack("<HHI", 6, 0, 0), 23)),
    (1, reply(5, b"", 23)),
)

SEEDS = (
    Seed(
        name="stream", transport="tcp", port=48898, messages=(*TALK, *_MORE), no_join="handles are given once"
    ),
    Seed(
        name="route",
        transport="udp",
        port=48899,
        messages=((0, ROUTE), (1, datagram(6 | 1 << 31, [(1, bytes(4))])), (0, datagram(1, [], invoke=5))),
    ),
)
