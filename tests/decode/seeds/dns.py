"""RFC 1035 over UDP and TCP, RFC 6762 (multicast), RFC 4795 (LLMNR), RFC 1002 (NetBIOS names)."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed

A, PTR, TXT, SRV, NETBIOS = 1, 12, 16, 33, 32
HELD = bytes((192, 0, 2, 9))


def _name(text: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in text.split(".")) + b"\0"


def _netbios(text: str, suffix: int) -> bytes:
    octets = text.ljust(15).encode() + bytes((suffix,))
    return b"\x20" + bytes(65 + half for octet in octets for half in (octet >> 4, octet & 15)) + b"\0"


def _question(name: bytes, kind: int) -> bytes:
    return name + struct.pack(">HH", kind, 1)


def _record(name: bytes, kind: int, data: bytes) -> bytes:
    return name + struct.pack(">HHIH", kind, 1, 300, len(data)) + data


def _message(
    number: int, flags: int, questions: list[bytes], records: list[bytes], *, more: int = 0
) -> bytes:
    """more: how many of the records stand in the additional section."""
    counts = (len(questions), len(records) - more, 0, more)
    return struct.pack(">HHHHHH", number, flags, *counts) + b"".join(questions + records)


def _streamed(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple((side, struct.pack(">H", len(octets)) + octets) for side, octets in messages)


_BACK = b"\xc0\x0c"
"""Compression: the name that stands behind the header."""
_PLC, _GONE = _name("plc7.plant.example"), _name("gone.plant.example")
_LOOKUPS: tuple[Message, ...] = (
    (0, _message(1, 0x0100, [_question(_PLC, A)], [])),
    (1, _message(1, 0x8180, [_question(_PLC, A)], [_record(_BACK, A, HELD)])),
    (0, _message(2, 0x0100, [_question(_GONE, A)], [])),
    (1, _message(2, 0x8183, [_question(_GONE, A)], [])),
    (0, _message(3, 0x0100, [_question(_name("9.2.0.192.in-addr.arpa"), PTR)], [])),
    (1, _message(3, 0x8180, [_question(_name("9.2.0.192.in-addr.arpa"), PTR)], [_record(_BACK, PTR, _PLC)])),
)
_CAMERA = _name("camera._rtsp._tcp.local")
_ANNOUNCED = [
    _record(_CAMERA, SRV, struct.pack(">HHH", 0, 0, 554) + _name("camera.local")),
    _record(_CAMERA, TXT, b"\x0emodel=Eye 3000\x0bmanufacture"),
    _record(_name("camera.local"), A, HELD),
]
_HOST = _netbios("ENG07", 0)

SEEDS = (
    Seed(name="lookups", transport="udp", port=53, messages=_LOOKUPS),
    Seed(name="streamed", transport="tcp", port=53, messages=_streamed(_LOOKUPS)),
    Seed(
        name="multicast",
        transport="udp",
        port=5353,
        client_port=5353,
        messages=(
            (0, _message(0, 0, [_question(_name("_rtsp._tcp.local"), PTR)], [])),
            (1, _message(0, 0x8400, [], _ANNOUNCED)),
        ),
    ),
    Seed(
        name="link-local",
        transport="udp",
        port=5355,
        messages=(
            (0, _message(9, 0, [_question(_name("hmi"), A)], [])),
            (1, _message(9, 0x8000, [_question(_name("hmi"), A)], [_record(_BACK, A, HELD)])),
        ),
    ),
    Seed(
        name="netbios",
        transport="udp",
        port=137,
        client_port=137,
        messages=(
            (0, _message(5, 0x0110, [_question(_HOST, NETBIOS)], [])),
            (1, _message(5, 0x8500, [], [_record(_HOST, NETBIOS, b"\0\0" + HELD)])),
            (
                0,
                _message(
                    6, 0x2910, [_question(_HOST, NETBIOS)], [_record(_BACK, NETBIOS, b"\0\0" + HELD)], more=1
                ),
            ),
        ),
    ),
)
