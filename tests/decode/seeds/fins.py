"""Omron's W342, W227 and W421: memory read and written, a refusal, a mode set, over UDP and TCP."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed

OUR_NODE, PLC_NODE = 0x19, 0x05


def _command(code: int, data: bytes, sid: int) -> bytes:
    return bytes((0x80, 0, 2, 0, PLC_NODE, 0, 0, OUR_NODE, 0, sid)) + struct.pack(">H", code) + data


def _answer(code: int, data: bytes, sid: int, end: int = 0) -> bytes:
    return bytes((0xC0, 0, 2, 0, OUR_NODE, 0, 0, PLC_NODE, 0, sid)) + struct.pack(">HH", code, end) + data


def _framed(command: int, body: bytes) -> bytes:
    return b"FINS" + struct.pack(">III", 8 + len(body), command, 0) + body


_DM_100 = struct.pack(">BHBH", 0x82, 100, 0, 3)
_TALK: tuple[Message, ...] = (
    (0, _command(0x0101, _DM_100, 1)),
    (1, _answer(0x0101, struct.pack(">HHH", 7, 8, 65535), 1)),
    (0, _command(0x0102, struct.pack(">BHBH", 0x82, 200, 0, 1) + b"\x00\x2a", 2)),
    (1, _answer(0x0102, b"", 2)),
    (0, _command(0x0101, struct.pack(">BHBH", 0x82, 32767, 0, 9), 3)),
    (1, _answer(0x0101, b"", 3, 0x1103)),
    (0, _command(0x0501, b"\x00", 4)),
    (1, _answer(0x0501, b"CJ2M-CPU33".ljust(20) + b"02.00".ljust(20) + bytes(40), 4)),
    (0, _command(0x0401, b"\xff\xff\x04", 5)),
    (1, _answer(0x0401, b"", 5)),
)
_HANDSHAKE: tuple[Message, ...] = (
    (0, _framed(0, bytes(4))),
    (1, _framed(1, struct.pack(">II", OUR_NODE, PLC_NODE))),
)

SEEDS = (
    Seed(name="datagrams", transport="udp", port=9600, client_port=9600, messages=_TALK),
    Seed(
        name="stream",
        transport="tcp",
        port=9600,
        messages=(*_HANDSHAKE, *((side, _framed(2, octets)) for side, octets in _TALK)),
    ),
)
