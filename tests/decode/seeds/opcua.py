"""OPC 10000-4 and -6: a channel without security, a session with a user, reads, writes, a subscription, faults."""

from __future__ import annotations

import struct

from decode.protocols.opcua_octets import (
    ACKNOWLEDGE,
    BASIC256SHA256,
    NULL,
    OPENING,
    SESSION,
    answer,
    array,
    ask,
    chunk,
    extension,
    hello,
    localized,
    message,
    node,
    opened,
    opening,
    read,
    read_answer,
    read_item,
    text,
    u32,
    value,
    variant,
)
from decode.seeds import Message, Seed

TANK = node("Tank.Level", 2)
_WHY = "the secure channel's security is agreed first"


def _turns(*octets: bytes) -> tuple[Message, ...]:
    return tuple((k % 2, message) for k, message in enumerate(octets))


def _application(name: str, kind: int) -> bytes:
    urls = array(text("opc.tcp://plc7:4840"))
    return text("urn:plc7:boss") + text("urn:acme:boss") + localized(name) + u32(kind) + NULL + NULL + urls


def _endpoint() -> bytes:
    policies = array(text("p") + u32(0) + NULL + NULL + NULL)
    profile = text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary")
    head = text("opc.tcp://plc7:4840") + _application("Boss", 0) + NULL
    return (
        head + u32(1) + text("http://opcfoundation.org/UA/SecurityPolicy#None") + policies + profile + b"\x03"
    )


_CREATE = _application("Panel", 1) + NULL + text("opc.tcp://plc7:4840") + text("night") + NULL + NULL
_CREATED = node(900, 1) + SESSION + struct.pack("<d", 60000.0) + NULL + NULL + array(_endpoint()) + NULL
_ANNA = extension(324, text("p") + text("anna") + text(b"secret") + text(None))
_WRITTEN = TANK + u32(13) + NULL + value(variant(11, struct.pack("<d", 4.5)))
_ITEM = read_item(TANK) + u32(2) + u32(11) + struct.pack("<d", 100.0) + node(0) + b"\0" + u32(1) + b"\1"
_CHANGE = extension(811, u32(1) + u32(11) + value(variant(11, struct.pack("<d", 5.5)), times=True) + NULL)

_SERVICES = (
    read(5, read_item(TANK), read_item(node(2258)), session=SESSION),
    read_answer(5, value(variant(11, struct.pack("<d", 4.5)), times=True), value(None, 0x80340000)),
    ask(6, 673, array(_WRITTEN), session=SESSION),
    answer(6, 673, array(u32(0)) + NULL),
    ask(7, 527, node(0) + struct.pack("<QI", 0, 0) + u32(0) + array(), session=SESSION),
    answer(7, 397, status=0x800B0000),
    ask(8, 787, struct.pack("<dIII?B", 100.0, 30, 10, 0, True, 0), session=SESSION),
    answer(8, 787, u32(77) + struct.pack("<dII", 100.0, 30, 10)),
    ask(9, 751, u32(77) + u32(0) + array(_ITEM), session=SESSION),
    answer(9, 751, array(u32(0) + u32(4) + struct.pack("<dI", 100.0, 1) + node(0) + b"\0") + NULL),
    ask(10, 826, array(), session=SESSION),
    answer(10, 826, u32(77) + array() + b"\0" + u32(1) + struct.pack("<Q", 0) + array(_CHANGE) + NULL + NULL),
    ask(11, 712, array(node(85) + node(62) + array(variant(12, text("go")))), session=SESSION),
    answer(11, 712, array(u32(0) + NULL + NULL + array(variant(1, b"\1"))) + NULL),
)

SEEDS = (
    Seed(
        name="session",
        transport="tcp",
        port=4840,
        no_join="who the user is and what a subscription watches is said once",
        messages=(
            *OPENING,
            *_turns(
                ask(2, 428, text("opc.tcp://plc7:4840") + NULL + NULL),
                answer(2, 428, array(_endpoint())),
                ask(3, 461, _CREATE + struct.pack("<dI", 60000.0, 0)),
                answer(3, 461, _CREATED + NULL + NULL + u32(0)),
                ask(4, 467, NULL + NULL + NULL + array(text("en")) + _ANNA + NULL + NULL, session=SESSION),
                answer(4, 467, NULL + NULL + NULL),
                *_SERVICES,
                ask(12, 473, b"\1", session=SESSION),
                answer(12, 473),
            ),
            (0, message(13, node(452), kind=b"CLO")),
        ),
    ),
    Seed(
        name="encrypted",
        transport="tcp",
        port=4840,
        no_join=_WHY,
        messages=(
            (0, hello()),
            (1, ACKNOWLEDGE),
            (0, opening(policy=BASIC256SHA256, certificate=b"0\x82\x01\x00" + bytes(256))),
            (1, opened(policy=BASIC256SHA256, certificate=b"0\x82\x01\x00" + bytes(256))),
            (0, message(2, bytes(range(64)))),
            (1, message(2, bytes(range(64)))),
        ),
    ),
    Seed(
        name="chunks",
        transport="tcp",
        port=4840,
        no_join=_WHY,
        messages=(
            *OPENING,
            (0, message(2, read(2, read_item(TANK))[24:60], letter=b"C", sequence=2)),
            (0, message(2, read(2, read_item(TANK))[60:], sequence=3)),
            (1, read_answer(2, value(variant(7, u32(9))))),
            (0, message(3, node(631), letter=b"A", sequence=4)),
            (1, chunk(b"ERR", u32(0x80010000) + text("bad"))),
        ),
    ),
    Seed(name="names", transport="tcp", port=4840, messages=_turns(*_SERVICES[:4]), no_join=_WHY),
)
