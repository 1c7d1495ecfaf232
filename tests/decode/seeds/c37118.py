"""IEEE C37.118.2: header, configuration and data asked for and sent, over TCP and UDP."""

from __future__ import annotations

import struct

from decode.protocols.c37118_octets import (
    command,
    configuration,
    configuration_3,
    data,
    floats,
    frame,
    integers,
    pmu,
    pmu_3,
)
from decode.seeds import Message, Seed

_BODY = configuration_3(pmu_3("SOUTH"))
_TALK: tuple[Message, ...] = (
    (0, command(1)),
    (0, command(3)),
    (1, frame(1, b"North substation, bay 4")),
    (0, command(4)),
    (1, configuration(pmu(), kind=2)),
    (0, command(5)),
    (1, configuration(pmu(), pmu("SOUTH", 8, 15))),
    (0, command(2)),
    (1, data(integers(), floats())),
    (1, data(integers(0x4000), floats(0x2211), fraction=520_000)),
    (0, command(6)),
    (1, frame(5, struct.pack(">H", 1) + _BODY[:90])),
    (1, frame(5, struct.pack(">H", 0xFFFF) + _BODY[90:])),
    (1, data(integers(0x8000))),
    (0, command(8, b"\1\2")),
)
_WHY = "a data frame is laid out as a configuration frame says"

SEEDS = (
    Seed(name="stream", transport="tcp", port=4712, messages=_TALK, no_join=_WHY),
    Seed(name="datagrams", transport="udp", port=4713, messages=_TALK, no_join=_WHY),
)
