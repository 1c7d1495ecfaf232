"""IEC 61850-8-1 annex A: a change, its repetitions, a data set with structures, a test device."""

from __future__ import annotations

from decode.protocols.iec61850_octets import DATA, GOOD, bits, floating, goose, goose_frame, tlv, utc
from decode.seeds import Seed

_NESTED = (tlv(0xA2, bits("10"), GOOD, utc(1_710_123_782)), tlv(0xA1, floating(1.0), floating(2.0)))

SEEDS = (
    Seed(
        name="routed",
        transport="udp",
        port=102,
        client_port=102,
        messages=((0, b"\x01\x40\xa1\x18\x80\x16" + bytes(40)), (0, b"\x01\x40\xa1\x18\x80\x16" + bytes(41))),
    ),
    Seed(
        name="publisher",
        transport="eth",
        port=0x88B8,
        group=bytes.fromhex("010ccd010001"),
        messages=(
            *((0, goose_frame(goose(*DATA, sq_num=k))) for k in range(3)),
            (0, goose_frame(goose(*_NESTED, reference=b"LD/LLN0$GO$two"), simulated=True)),
            (0, goose_frame(goose(tlv(0x83, b"\x00"), st_num=8, sq_num=0))),
        ),
    ),
)
