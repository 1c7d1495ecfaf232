"""The published analyses of TriStation: a connection, status, a download, a refusal."""

from __future__ import annotations

import struct

from decode.protocols.tristation_octets import answer, command, envelope, status
from decode.seeds import Seed

SEEDS = (
    Seed(
        name="datagrams",
        transport="udp",
        port=1502,
        counted=True,
        messages=(
            (0, envelope(1)),
            (1, envelope(2)),
            (0, command(19, sequence=1)),
            (1, answer(108, status(1, 0), sequence=1)),
            (0, command(1, sequence=2)),
            (1, answer(102, sequence=2)),
            (0, command(55, struct.pack("<HHHHH", 3, 4, 0, 0, 2) + bytes(8), sequence=3)),
            (1, answer(153, sequence=3)),
            (0, command(20, sequence=4)),
            (1, answer(212, sequence=4)),
            (0, command(77, sequence=5)),
            (1, answer(100, sequence=5)),
            (0, envelope(4)),
            (1, envelope(3)),
        ),
    ),
)
