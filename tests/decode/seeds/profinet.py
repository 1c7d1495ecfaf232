"""IEC 61158-6-10: DCP, cyclic data and alarms on the link; a connect, records and a release over C706's RPC."""

from __future__ import annotations

import struct

from decode.protocols.profinet_octets import (
    CONNECT,
    ETHERTYPE,
    FAULT,
    GROUP,
    READ,
    RELEASE,
    REQUEST,
    RESPONSE,
    WRITE,
    alarm,
    answers,
    asks,
    block,
    connect_answer,
    connect_request,
    cyclic,
    dcp,
    dcp_block,
    im0,
    record_header,
    rpc,
)
from decode.seeds import Message, Seed

GET, SET, IDENTIFY = 3, 4, 5
RUN, STOP = 0x35, 0x25
_ADDRESS = bytes((192, 0, 2, 9, 255, 255, 255, 0, 192, 0, 2, 254))
_SAID = (
    dcp_block(2, 1, b"\0\0ET200SP")
    + dcp_block(2, 2, b"\0\0filler-io-2")
    + dcp_block(2, 3, b"\0\0" + struct.pack(">HH", 0x002A, 0x0313))
    + dcp_block(1, 2, b"\0\1" + _ADDRESS)
)
_DONE = dcp_block(5, 4, bytes((2, 2, 0))) + dcp_block(5, 4, bytes((1, 2, 5)))
_RELEASED = block(0x0114, bytes(2) + bytes(16) + struct.pack(">HHHH", 1, 0, 4, 0))


def _calls() -> tuple[Message, ...]:
    pairs = (
        (CONNECT, asks(connect_request()), answers(connect_answer())),
        (
            READ,
            asks(record_header(0x0009, 0, 1, 0xAFF0, 60)),
            answers(record_header(0x8009, 0, 1, 0xAFF0, 60) + im0()),
        ),
        (
            WRITE,
            asks(record_header(0x0008, 1, 1, 0x80, 3) + b"\1\2\3"),
            answers(record_header(0x8008, 1, 1, 0x80, 3)),
        ),
        (RELEASE, asks(_RELEASED), answers(_RELEASED)),
    )
    made: list[Message] = []
    for sequence, (operation, asked, answered) in enumerate(pairs):
        made.append((0, rpc(REQUEST, operation, asked, sequence=sequence)))
        made.append((1, rpc(RESPONSE, operation, answered, sequence=sequence)))
    return (
        *made,
        (0, rpc(REQUEST, READ, pairs[1][1], sequence=9)),
        (1, rpc(FAULT, READ, bytes(4), sequence=9)),
    )


SEEDS = (
    Seed(
        name="identify",
        transport="eth",
        port=ETHERTYPE,
        group=GROUP,
        messages=((0, dcp(0xFEFE, IDENTIFY, 0, dcp_block(255, 255))), (1, dcp(0xFEFF, IDENTIFY, 1, _SAID))),
    ),
    Seed(
        name="set",
        transport="eth",
        port=ETHERTYPE,
        messages=(
            (0, dcp(0xFEFD, SET, 0, dcp_block(2, 2, b"\0\1filler") + dcp_block(1, 2, b"\0\0" + _ADDRESS))),
            (1, dcp(0xFEFD, SET, 1, _DONE)),
            (0, dcp(0xFEFD, GET, 0, bytes((2, 2)), xid=8)),
            (1, dcp(0xFEFD, GET, 1, dcp_block(2, 2, b"\0\0filler"), xid=8)),
        ),
    ),
    Seed(
        name="cyclic",
        transport="eth",
        port=ETHERTYPE,
        no_join="a change of state is told against what was before",
        messages=tuple(
            (side, cyclic((0x8001, 0x8002)[side], state, k))
            for k, state in enumerate((RUN, RUN, STOP, STOP, RUN))
            for side in (0, 1)
        ),
    ),
    Seed(
        name="alarm",
        transport="eth",
        port=ETHERTYPE,
        messages=(
            (1, alarm(1, block(0x0001, struct.pack(">HIHHIIH", 1, 0, 1, 1, 5, 6, 0)))),
            (0, alarm(3)),
        ),
    ),
    Seed(
        name="calls",
        transport="udp",
        port=34964,
        messages=_calls(),
        no_join="a relation is described where it is connected",
    ),
)
