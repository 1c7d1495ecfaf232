"""AMS/ADS packets written down octet by octet, after Beckhoff TE1000."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER

PLC, HMI = bytes([5, 13, 117, 96, 1, 1]), bytes([192, 168, 1, 99, 1, 1])
PORT = 851
UNIT = f"5.13.117.96.1.1:{PORT}"
STAMP = 133_000_000_000_000_000


def ams(
    command: int, flags: int, data: bytes, invoke: int, *, back: bool, error: int = 0, port: int = PORT
) -> bytes:
    ends = (HMI, 33000, PLC, port) if back else (PLC, port, HMI, 33000)
    head = struct.pack("<6sH6sHHHIII", *ends, command, flags, len(data), error, invoke)
    return struct.pack("<HI", 0, len(head) + len(data)) + head + data


def ask(command: int, data: bytes = b"", invoke: int = 1, *, port: int = PORT) -> bytes:
    return ams(command, 4, data, invoke, back=False, port=port)


def reply(command: int, data: bytes = b"", invoke: int = 1, *, result: int = 0, port: int = PORT) -> bytes:
    return ams(command, 5, struct.pack("<I", result) + data, invoke, back=True, port=port)


def place(group: int, offset: int, length: int) -> bytes:
    return struct.pack("<III", group, offset, length)


def held(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def read_write(group: int, offset: int, length: int, data: bytes) -> bytes:
    return struct.pack("<IIII", group, offset, length, len(data)) + data


TALK = [
    (CLIENT, ask(9, read_write(0xF003, 0, 4, b"MAIN.nSpeed\0"), 1)),
    (SERVER, reply(9, held(struct.pack("<I", 0x1A2B)), 1)),
    (CLIENT, ask(2, place(0xF005, 0x1A2B, 2), 2)),
    (SERVER, reply(2, held(b"\x10\x27"), 2)),
    (CLIENT, ask(3, place(0xF005, 0x1A2B, 2) + b"\x20\x4e", 3)),
    (SERVER, reply(3, b"", 3)),
    (CLIENT, ask(3, place(0xF006, 0, 4) + struct.pack("<I", 0x1A2B), 4)),
    (SERVER, reply(3, b"", 4)),
    (CLIENT, ask(2, place(0xF005, 0x1A2B, 2), 5)),
    (SERVER, reply(2, b"", 5, result=0x710)),
]


def datagram(service: int, tags: list[tuple[int, bytes]], *, invoke: int = 0) -> bytes:
    body = b"".join(struct.pack("<HH", tag, len(data)) + data for tag, data in tags)
    return b"\x03\x66\x14\x71" + struct.pack("<II6sHI", invoke, service, PLC, 10000, len(tags)) + body


ROUTE = datagram(
    6, [(12, b"ATTACKER\0"), (7, HMI), (13, b"Administrator\0"), (2, b"1\0"), (5, b"192.168.1.99\0")]
)
ANSWER = 1 << 31
