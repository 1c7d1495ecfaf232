"""D301401X012 and its form over IP: signals read by name and address, one written, two answers in one datagram."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed


def _message(kind: int, sequence: int, seen: int, *parts: bytes) -> bytes:
    head = struct.pack("<HHHII", 14, len(parts), kind, sequence, seen)
    return head + b"".join(struct.pack("<I", len(part) + 4) + part for part in parts)


def request(sequence: int, rdb: bytes, *, service: int = 0xA0, kind: int = 6) -> bytes:
    return _message(kind, sequence, 7, b"\x0c" + struct.pack("<IBB", sequence, service, 0) + rdb)


def part(sequence: int, error: int, number: int, data: bytes = b"") -> bytes:
    return b"\x0c" + struct.pack("<IBB", sequence, error, number) + data


def answer(*parts: bytes, kind: int = 5) -> bytes:
    return _message(kind, 8, 1, *parts)


def poll() -> bytes:
    return _message(0, 0, 8)


def by_name(*names: bytes) -> bytes:
    return bytes((4, 3, 0xD0, 1, 15, len(names))) + b"".join(name + b"\0" for name in names)


def logical(value: int, address: int) -> bytes:
    return bytes((0, value)) + struct.pack("<H", address) + b"\x24\x77"


def analog(value: float, address: int) -> bytes:
    return b"\x02" + struct.pack("<fH", value, address) + b"\x24\x77"


WRITE = bytes((0x80, 0x24, 0x77, 15, 1)) + struct.pack("<HB", 0x11, 9)
ADDRESSES = bytes((0, 3, 0xD0, 1, 0x24, 0x77, 15, 2)) + struct.pack("<HH", 0x11, 0x12)


def serial(address: int, target: int, sequence: int, source: int, data: bytes) -> bytes:
    """One frame; its check is not looked at."""
    inside = bytes((address, 1)) + struct.pack("<BHBB", target, sequence, source, 0) + data
    return b"\x10\x02" + inside.replace(b"\x10", b"\x10\x10") + b"\x10\x03\xaa\xbb"


TALK: tuple[Message, ...] = (
    (0, request(19331, by_name(b"@GV.PUMP", b"@GV.LEVEL"))),
    (1, answer(part(19331, 0, 2, logical(1, 0x11) + analog(2.5, 0x12)))),
    (0, poll()),
    (0, request(19332, ADDRESSES)),
    (0, request(19333, WRITE)),
    (1, answer(part(19332, 0, 2, logical(0, 0x11) + logical(1, 0x12)), part(19333, 0, 0))),
    (0, request(19334, bytes((0x0C, 1, 0x40, 15, 3, 0)))),
    (1, answer(part(19334, 0x40, 0))),
)
LINE: tuple[Message, ...] = (
    (0, serial(5, 0xA0, 700, 3, by_name(b"FLOW.1."))),
    (1, serial(5, 3, 700, 0xA0, b"\0\1" + analog(16.0, 0x1010))),
    (0, b"\x10\x02\x05\x02\x85\x00\x10\x03\xaa\xbb"),
    (0, serial(5, 0xA1, 701, 3, struct.pack("<H", 0x0101))),
    (1, serial(5, 3, 701, 0xA1, b"\0\0")),
)

SEEDS = (
    Seed(name="datagrams", transport="udp", port=1234, client_port=1234, messages=TALK),
    Seed(name="line", transport="tcp", port=1234, messages=LINE),
)
