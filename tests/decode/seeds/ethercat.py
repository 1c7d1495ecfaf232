"""IEC 61158-4-12: cycles that come back, a state change, SII, an SDO, over the link and UDP."""

from __future__ import annotations

import struct

from decode.protocols.ethercat_octets import Datagram, device, frame, sdo, station
from decode.seeds import Message, Seed

LOGICAL = 0x01000000


def _cycle(data: bytes, counter: int, index: int) -> bytes:
    return frame(
        Datagram(12, LOGICAL, data, counter, index),
        Datagram(7, 0x01300000, bytes((8 if counter else 0, 0)), counter, index),
    )


_TALK: tuple[Message, ...] = (
    (0, _cycle(bytes(8), 0, 1)),
    (0, _cycle(bytes(7) + b"\1", 3, 1)),
    (0, frame(Datagram(5, station(1001, 0x0120), b"\x08\0", 0, 2))),
    (0, frame(Datagram(5, station(1001, 0x0120), b"\x08\0", 1, 2))),
    (0, frame(Datagram(2, device(1, 0x0502), struct.pack("<HI", 0x0100, 8), 0, 3))),
    (0, frame(Datagram(2, device(1, 0x0502), struct.pack("<HI", 0x0100, 8), 1, 3))),
    (0, frame(Datagram(5, station(1001, 0x1000), sdo(2, 0x40, 0x1018, 1), 0, 4))),
    (0, frame(Datagram(5, station(1001, 0x1000), sdo(2, 0x40, 0x1018, 1), 1, 4))),
    (0, frame(Datagram(4, station(1001, 0x1400), bytes(64), 0, 5))),
    (0, frame(Datagram(4, station(1001, 0x1400), sdo(3, 0x43, 0x1018, 1, struct.pack("<I", 2)), 1, 5))),
    (
        0,
        frame(
            Datagram(14, station(1001, 0x0910), bytes(4), 0, 6),
            Datagram(6, station(1002, 0x0010), bytes(2), 0, 6),
        ),
    ),
    (
        0,
        frame(
            Datagram(14, station(1001, 0x0910), bytes(4), 3, 6),
            Datagram(6, station(1002, 0x0010), bytes(2), 1, 6),
        ),
    ),
)

SEEDS = (
    Seed(name="link", transport="eth", port=0x88A4, group=bytes.fromhex("01010501ffff"), messages=_TALK),
    Seed(name="datagrams", transport="udp", port=34980, messages=_TALK),
)
