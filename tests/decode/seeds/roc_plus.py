"""D301180X012: a host logs in, reads and writes a ROC800, an alarm is signalled, a request is refused."""

from __future__ import annotations

from decode.seeds import Message, Seed

HOST, ROC = bytes((240, 240)), bytes((1, 2))


def check(octets: bytes) -> bytes:
    """CRC-16, polynomial 0x8005 reversed, low octet first (clause 1.2)."""
    value = 0
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def asked(opcode: int, data: bytes = b"") -> bytes:
    head = ROC + HOST + bytes((opcode, len(data))) + data
    return head + check(head)


def answered(opcode: int, data: bytes = b"") -> bytes:
    head = HOST + ROC + bytes((opcode, len(data))) + data
    return head + check(head)


LOGIN = asked(17, b"LOI" + (1000).to_bytes(2, "little") + b"\x05")
SYSTEM = answered(6, bytes((1, 2, 0, 2, 1, 1, 1)) + bytes(11) + b"\x06" + bytes(range(196)))
OPEN = asked(203, b"\x01\x01" + b"/flash/data".ljust(100, b"\0") + b"log.txt".ljust(25, b"\0"))

TALK: tuple[Message, ...] = (
    (0, LOGIN),
    (1, answered(17)),
    (0, asked(6)),
    (1, SYSTEM),
    (0, asked(180, b"\x02" + bytes((91, 0, 2)) + bytes((103, 1, 3)))),
    (1, answered(180, b"\x02" + bytes((91, 0, 2)) + b"Station".ljust(20) + bytes((103, 1, 3)) + bytes(4))),
    (0, asked(181, b"\x01" + bytes((101, 0, 4)) + b"\x01")),
    (1, answered(181)),
    (0, asked(8, bytes((30, 45, 12, 15, 3)) + (2026).to_bytes(2, "little"))),
    (1, answered(8)),
    (0, OPEN),
    (1, answered(203, b"\x01\x07\x00\x00\x00")),
    (0, asked(166, bytes((200, 0, 1, 0)) + b"\x01")),
    (1, answered(255, bytes((4, 6)))),
    (1, answered(224, b"\x02\x00")),
    (0, asked(224)),
    (0, asked(225, b"\x02\x00")),
    (1, answered(225)),
)

SEEDS = (
    Seed(name="stream", transport="tcp", port=4000, messages=TALK),
    Seed(name="datagrams", transport="udp", port=4000, messages=TALK),
)
