"""IEC 61850-9-2 clause 8.5: two samples of one stream, two ASDUs in one message, another layout."""

from __future__ import annotations

import struct

from decode.protocols.iec61850_octets import ASDU, sv_frame, tlv, utc
from decode.seeds import Seed

_MORE = tlv(0x81, b"MU/LLN0$DS") + utc(1_710_123_782, tag=0x84)

SEEDS = (
    Seed(
        name="stream",
        transport="eth",
        port=0x88BA,
        group=bytes.fromhex("010ccd040001"),
        messages=(
            (0, sv_frame(ASDU(count=1))),
            (0, sv_frame(ASDU(count=2, samples=struct.pack(">iIiI", -7, 0, 9, 0x2000)))),
            (0, sv_frame(ASDU(count=3), ASDU(b"MU02", 3, extra=_MORE))),
            (0, sv_frame(ASDU(count=4, samples=bytes(12)))),
        ),
    ),
)
