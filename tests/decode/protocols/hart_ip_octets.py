"""HART-IP messages written down octet by octet, after HCF SPEC-085, SPEC-081 and SPEC-127."""

from __future__ import annotations

import struct
from functools import reduce

from decode.feed import CLIENT, SERVER

DEVICE = bytes.fromhex("11260a1b2c")
UNIT = "11260a1b2c"


def message(kind: int, number: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">BBBBHH", 1, kind, number, status, sequence, 8 + len(body)) + body


def frame(delimiter: int, address: bytes, command: int, data: bytes) -> bytes:
    octets = bytes([delimiter]) + address + bytes([command, len(data)]) + data
    return octets + bytes([reduce(int.__xor__, octets)])


def ask(command: int, data: bytes = b"", *, sequence: int = 3, address: bytes = DEVICE) -> bytes:
    return message(0, 3, sequence, frame(0x82 if len(address) > 1 else 0x02, address, command, data))


def reply(
    command: int,
    data: bytes = b"",
    *,
    sequence: int = 3,
    code: int = 0,
    status: int = 0,
    address: bytes = DEVICE,
) -> bytes:
    delimiter = 0x86 if len(address) > 1 else 0x06
    return message(1, 3, sequence, frame(delimiter, address, command, bytes([code, status]) + data))


def packed(text: str) -> bytes:
    bits = 0
    for character in text:
        bits = bits << 6 | ord(character) & 0x3F
    return bits.to_bytes(len(text) * 6 // 8, "big")


def f32(value: float) -> bytes:
    return struct.pack(">f", value)


def identity(device_type: int = 0x1126, maker: int = 0x0011) -> bytes:
    return (
        bytes([254])
        + struct.pack(">H", device_type)
        + bytes([5, 7, 3, 9, 0x10, 0])
        + DEVICE[2:]
        + bytes([5, 4, 0, 2, 0])
        + struct.pack(">HHB", maker, maker, 1)
    )


OPEN = (
    message(0, 0, 1, b"\1" + bytes.fromhex("00007530")),
    message(1, 0, 1, b"\1" + bytes.fromhex("0000ea60")),
)
DYNAMIC = f32(12.0) + b"\x20" + f32(50.0) + b"\x06" + f32(1.5)
TALK = [
    (CLIENT, OPEN[0]),
    (SERVER, OPEN[1]),
    (CLIENT, ask(0, sequence=2, address=b"\0")),
    (SERVER, reply(0, identity(), sequence=2, address=b"\0")),
    (CLIENT, ask(3)),
    (SERVER, reply(3, DYNAMIC)),
    (CLIENT, message(0, 2, 4)),
    (SERVER, message(1, 2, 4)),
    (CLIENT, message(0, 1, 5)),
    (SERVER, message(1, 1, 5)),
]
