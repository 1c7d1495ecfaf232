"""ODVA CIP volumes 1 and 2: sessions, identities, tags, a connection, implicit data, refusals; DF1's PCCC within."""

from __future__ import annotations

import struct

from decode.protocols.enip_octets import (
    IDENTITY,
    SESSION,
    TO_ORIGINATOR,
    TO_TARGET,
    closed,
    connected,
    enip,
    forward_close,
    forward_open,
    identity,
    implicit,
    list_identity,
    logical,
    multiple,
    opened,
    packet,
    reply,
    request,
    routed,
    tag,
    unconnected,
)
from decode.seeds import Message, Seed

ELSEWHERE = bytes((192, 0, 2, 9))
_WHY = "connections are named by what opened them"


def _turns(*octets: bytes) -> tuple[Message, ...]:
    return tuple((k % 2, message) for k, message in enumerate(octets))


_READ = request(0x4C, tag("Program:Main.Speed[3]"), b"\1\0")
_IS_42 = reply(0x4C, b"\xc4\0" + struct.pack("<i", 42))
_WRITE = request(0x4D, tag("Speed"), b"\xc4\0\1\0" + struct.pack("<i", 7))
_PATH = bytes.fromhex("01002002 2401".replace(" ", ""))
_PCCC = b"\x07\x4d\0\x78\x56\x34\x12" + bytes.fromhex("0f000100a2 0407000000".replace(" ", ""))

SEEDS = (
    Seed(
        name="session",
        transport="tcp",
        port=44818,
        messages=_turns(
            enip(0x65, b"\1\0\0\0", session=0),
            enip(0x65, b"\1\0\0\0"),
            enip(0x63, session=0),
            enip(0x63, list_identity(address=ELSEWHERE), session=0),
            unconnected(_READ, context=b"a"),
            unconnected(_IS_42, context=b"a"),
            unconnected(routed(_WRITE), context=b"b"),
            unconnected(reply(0x4D), context=b"b"),
            unconnected(request(0x01, IDENTITY), context=b"c"),
            unconnected(reply(0x01, identity()), context=b"c"),
            unconnected(
                multiple(_READ, request(0x0E, logical(0xF5, 1, 6)), request(0x05, IDENTITY)), context=b"d"
            ),
            unconnected(
                reply(0x0A, packet(_IS_42, reply(0x0E, b"\4\0plc1"), reply(0x05, status=0x0F)), status=0x1E),
                context=b"d",
            ),
            unconnected(_READ, context=b"e"),
            unconnected(reply(0x4C, status=0xFF, extended=[0x2105]), context=b"e"),
            unconnected(request(0x4B, logical(0x67, 1), _PCCC), context=b"f"),
            unconnected(
                reply(0x4B, _PCCC[:7] + bytes.fromhex("4f000100 0102".replace(" ", ""))), context=b"f"
            ),
        ),
    ),
    Seed(
        name="connection",
        transport="tcp",
        port=44818,
        no_join=_WHY,
        messages=_turns(
            enip(0x65, b"\1\0\0\0", session=0),
            enip(0x65, b"\1\0\0\0", session=SESSION),
            unconnected(forward_open(_PATH)),
            unconnected(opened()),
            connected(_READ, 1, TO_TARGET),
            connected(_IS_42, 1, TO_ORIGINATOR),
            connected(multiple(_READ, _WRITE), 2, TO_TARGET),
            connected(reply(0x0A, packet(_IS_42, reply(0x4D))), 2, TO_ORIGINATOR),
            unconnected(forward_close(_PATH)),
            unconnected(closed()),
        ),
    ),
    Seed(
        name="identities",
        transport="udp",
        port=44818,
        messages=_turns(enip(0x63, session=0), enip(0x63, list_identity(address=ELSEWHERE), session=0)) * 2,
    ),
    Seed(
        name="implicit",
        transport="udp",
        port=2222,
        client_port=2222,
        messages=tuple(
            (side, implicit((TO_TARGET, TO_ORIGINATOR)[side], struct.pack("<II", 1, k), k))
            for k in range(1, 4)
            for side in (0, 1)
        ),
    ),
)
