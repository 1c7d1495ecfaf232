"""MC protocol frames written down octet by octet, after the manuals SH-080956ENG and SH-080008ENG."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER

ROUTE = b"\x00\xff\xff\x03\x00"
D, M, X, W = 0xA8, 0x90, 0x9C, 0xB4


def ask(
    command: int, data: bytes = b"", sub: int = 0, *, serial: int | None = None, route: bytes = ROUTE
) -> bytes:
    body = struct.pack("<HHH", 16, command, sub) + data
    head = b"\x50\x00" if serial is None else b"\x54\x00" + struct.pack("<HH", serial, 0)
    return head + route + struct.pack("<H", len(body)) + body


def reply(data: bytes = b"", *, end: int = 0, serial: int | None = None, route: bytes = ROUTE) -> bytes:
    body = struct.pack("<H", end) + data
    head = b"\xd0\x00" if serial is None else b"\xd4\x00" + struct.pack("<HH", serial, 0)
    return head + route + struct.pack("<H", len(body)) + body


def device(code: int, number: int) -> bytes:
    return struct.pack("<I", code << 24 | number)


def points(code: int, number: int, count: int) -> bytes:
    return device(code, number) + struct.pack("<H", count)


def asked_in_characters(command: int, sub: int, data: str) -> bytes:
    body = f"0010{command:04X}{sub:04X}{data}"
    return f"500000FF03FF00{len(body):04X}{body}".encode()


def answered_in_characters(data: str, end: int = 0) -> bytes:
    body = f"{end:04X}{data}"
    return f"D00000FF03FF00{len(body):04X}{body}".encode()


TALK = [
    (CLIENT, ask(0x0101)),
    (SERVER, reply(b"Q03UDVCPU".ljust(16) + b"\x66\x03")),
    (CLIENT, ask(0x0401, points(D, 100, 2))),
    (SERVER, reply(b"\x01\x00\xff\xff")),
    (CLIENT, ask(0x0401, points(M, 20, 3), 1)),
    (SERVER, reply(b"\x10\x10")),
    (CLIENT, ask(0x1401, points(D, 7, 1) + b"\x2a\x00")),
    (SERVER, reply()),
    (CLIENT, ask(0x1002, b"\x01\x00")),
    (SERVER, reply(b"\x00\xff\xff\x03\x00" + struct.pack("<HH", 0x1002, 0), end=0x4013)),
]


CHARACTERS = [
    (CLIENT, asked_in_characters(0x0401, 0, "D*0001000002")),
    (SERVER, answered_in_characters("1234FFFF")),
    (CLIENT, asked_in_characters(0x0401, 1, "X*00001F0003")),
    (SERVER, answered_in_characters("101")),
    (CLIENT, asked_in_characters(0x0101, 0, "")),
    (SERVER, answered_in_characters("FX5U-32MT/ES    4A29")),
    (CLIENT, asked_in_characters(0x1401, 0, "W*0000100001BEEF")),
    (SERVER, answered_in_characters("", end=0xC059)),
]

OLD = [
    (CLIENT, b"\x01\xff\x0a\x00" + struct.pack("<IHBB", 100, 0x4420, 2, 0)),
    (SERVER, b"\x81\x00\x34\x12\x78\x56"),
    (CLIENT, b"\x00\xff\x0a\x00" + struct.pack("<IHBB", 100, 0x4D20, 3, 0)),
    (SERVER, b"\x80\x00\x10\x10"),
    (CLIENT, b"\x03\xff\x0a\x00" + struct.pack("<IHBB", 5, 0x4420, 1, 0) + b"\x07\x00"),
    (SERVER, b"\x83\x5b\x10\x00"),
    (CLIENT, b"\x14\xff\x0a\x00"),
    (SERVER, b"\x94\x00"),
]


def melsoft(function: int, data: bytes, *, back: bool = False) -> bytes:
    inner = bytes([0x9C if back else 0x1C, 0x0A, 0x18 if back else 0x16, 0x14])
    inner += bytes((0x18 if back else 0x16) - 2) + struct.pack(">H", function) + data
    first = b"\xd7\x01" if back else b"\x57\x01"
    route = bytes.fromhex("0000001111070000ffff030000fe030000")
    return first + route + struct.pack("<H", len(inner)) + inner
