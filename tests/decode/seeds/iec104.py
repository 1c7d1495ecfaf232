"""IEC 60870-5-104: start, interrogation, spontaneous values, a command with select, a refusal, a test."""

from __future__ import annotations

import struct

from decode.protocols.iec104_octets import asdu, cp56, i_frame, s_frame, u_frame
from decode.seeds import Message, Seed

_GOOD = b"\0"
_TIME = cp56(12_345, 30, 7, 26, 11, 26)


def _numbered(pieces: tuple[Message, ...]) -> tuple[Message, ...]:
    """ASDUs get their I frames with both send and receive numbers."""
    sent = [0, 0]
    made = []
    for side, octets in pieces:
        if octets[0] == 0x68:
            made.append((side, octets))
            continue
        made.append((side, i_frame(sent[side], sent[1 - side], octets)))
        sent[side] += 1
    return tuple(made)


_TALK: tuple[Message, ...] = (
    (0, u_frame(0x07)),
    (1, u_frame(0x0B)),
    (0, asdu(100, 6, ((0, b"\x14"),))),
    (1, asdu(100, 7, ((0, b"\x14"),))),
    (1, asdu(1, 20, ((1, b"\1"), (2, b"\0"), (3, b"\1")), sequence=True)),
    (1, asdu(13, 20, ((700, struct.pack("<f", 21.5) + _GOOD), (701, struct.pack("<f", -3.0) + b"\x80")))),
    (1, asdu(100, 10, ((0, b"\x14"),))),
    (0, s_frame(4)),
    (1, asdu(30, 3, ((5, b"\1" + _TIME),))),
    (1, asdu(36, 3, ((702, struct.pack("<f", 9.25) + _GOOD + _TIME),))),
    (0, asdu(45, 6, ((6000, b"\x81"),))),
    (1, asdu(45, 7, ((6000, b"\x81"),))),
    (0, asdu(45, 6, ((6000, b"\x01"),))),
    (1, asdu(45, 7, ((6000, b"\x01"),))),
    (1, asdu(45, 10, ((6000, b"\x01"),))),
    (0, asdu(50, 6, ((6200, struct.pack("<f", 4.5) + b"\0"),))),
    (1, asdu(50, 7, ((6200, struct.pack("<f", 4.5) + b"\0"),), negative=True)),
    (0, u_frame(0x43)),
    (1, u_frame(0x83)),
)

SEEDS = (
    Seed(
        name="station",
        transport="tcp",
        port=2404,
        messages=_numbered(_TALK),
        no_join="send numbers began earlier",
    ),
)
