"""Denton et al. 2017 and public drivers: a connection opened, registers read and written, a state set, a refusal."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed

SLOT = b"\x10\x0e\0\0"


def packet(
    kind: int, sequence: int, mailbox: int, tail: bytes, *, number: int = 6, text: bytes = b""
) -> bytes:
    """tail: from octet 40 on."""
    ends = bytes(4) + SLOT if kind == 2 else SLOT + b"\x30\x3a\0\0"
    blocks = 2 if mailbox == 0x80 else 1
    head = struct.pack("<BBHH3xB7xB12xBB", kind, 0, sequence, len(text), blocks, blocks, number, mailbox)
    return (head + ends + tail).ljust(56, b"\0") + text


def asked(sequence: int, service: int, data: bytes = b"") -> bytes:
    return packet(2, sequence, 0xC0, bytes((1, 1, service)) + data)


def asked_with(sequence: int, service: int, data: bytes, text: bytes, part: int = 1) -> bytes:
    tail = b"\1\1" + struct.pack("<HI", len(text), 0) + bytes((part, 1, service)) + data
    return packet(2, sequence, 0x80, tail, number=9, text=text)


def answered(sequence: int, data: bytes = b"", *, status: int = 0, number: int = 6) -> bytes:
    return packet(
        3, sequence, 0xD4, bytes((1, 1, status, 0)) + data.ljust(6, b"\0") + bytes(6), number=number
    )


def answered_with(sequence: int, text: bytes) -> bytes:
    return packet(
        3, sequence, 0x94, b"\1\1" + struct.pack("<HI", len(text), 0) + b"\1\1" + bytes(6), text=text
    )


def refused(sequence: int, major: int, minor: int) -> bytes:
    return packet(3, sequence, 0xD1, bytes((1, 1, major, minor)))


def memory(selector: int, offset: int, count: int, data: bytes = b"") -> bytes:
    return struct.pack("<BHH", selector, offset, count) + data


OPENING = bytes(56)
OPENED = b"\1" + bytes(7) + b"\x0f" + bytes(47)

TALK: tuple[Message, ...] = (
    (0, OPENING),
    (1, OPENED),
    (0, asked(1, 0x4F, b"\1")),
    (1, answered(1)),
    (0, asked(2, 4, memory(0x08, 0, 2))),
    (1, answered(2, struct.pack("<HH", 7, 40000))),
    (0, asked(3, 4, memory(0x08, 100, 5))),
    (1, answered_with(3, struct.pack("<5H", 1, 2, 3, 4, 5))),
    (0, asked_with(4, 7, memory(0x08, 200, 2), struct.pack("<HH", 9, 10))),
    (1, answered(4, number=9)),
    (0, asked(5, 7, memory(0x0C, 3, 1, b"\x39\x05"))),
    (1, answered(5)),
    (0, asked(6, 0x23, b"\2")),
    (1, refused(6, 2, 0xF1)),
    (0, asked(7, 0x43)),
    (1, answered(7, b"\x90\x30")),
)

SEEDS = (Seed(name="stream", transport="tcp", port=18245, messages=TALK),)
