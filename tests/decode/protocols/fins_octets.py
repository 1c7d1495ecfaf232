"""FINS commands and answers written down octet by octet, after Omron's manuals W342, W227 and W421."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER

OUR_NODE, PLC_NODE = 0x19, 0x05


def command(code: int, data: bytes = b"", *, sid: int = 1, icf: int = 0x80, unit: int = 0) -> bytes:
    head = bytes([icf, 0, 2, 0, PLC_NODE, unit, 0, OUR_NODE, 0, sid])
    return head + struct.pack(">H", code) + data


def answer(code: int, data: bytes = b"", *, sid: int = 1, end: int = 0, unit: int = 0) -> bytes:
    head = bytes([0xC0, 0, 2, 0, OUR_NODE, 0, 0, PLC_NODE, unit, sid])
    return head + struct.pack(">HH", code, end) + data


def area(code: int, address: int, bit: int = 0) -> bytes:
    return struct.pack(">BHB", code, address, bit)


def framed(command_: int, body: bytes, error: int = 0) -> bytes:
    return b"FINS" + struct.pack(">III", 8 + len(body), command_, error) + body


def padded(text: str, length: int) -> bytes:
    return text.encode().ljust(length)


ASK = command(0x0101, area(0x82, 100) + struct.pack(">H", 3))
REPLY = answer(0x0101, struct.pack(">HHH", 7, 8, 65535))


TALK = [
    (CLIENT, framed(0, bytes(4))),
    (SERVER, framed(1, struct.pack(">II", OUR_NODE, PLC_NODE))),
    (CLIENT, framed(2, ASK)),
    (SERVER, framed(2, REPLY)),
    (SERVER, framed(3, b"", error=3)),
]
