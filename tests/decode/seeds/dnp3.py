"""IEEE 1815: polls of classes, a control that is selected and operated, an unsolicited response, link status."""

from __future__ import annotations

import struct

from decode.seeds import Seed

MASTER, OUTSTATION = 1, 10
_TIME = (1_732_623_330_250).to_bytes(6, "little")


def _crc(octets: bytes) -> bytes:
    value = 0
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA6BC if value & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def _frame(control: int, data: bytes = b"") -> bytes:
    ends = (OUTSTATION, MASTER) if control & 0x80 else (MASTER, OUTSTATION)
    head = struct.pack("<BBBBHH", 0x05, 0x64, 5 + len(data), control, *ends)
    blocks = [data[at : at + 16] for at in range(0, len(data), 16)]
    return head + _crc(head) + b"".join(block + _crc(block) for block in blocks)


def _asked(sequence: int, function: int, objects: bytes = b"") -> tuple[int, bytes]:
    return 0, _frame(0xC4, bytes((0xC0 | sequence, 0xC0 | sequence, function)) + objects)


def _answered(sequence: int, objects: bytes = b"", *, iin: int = 0) -> tuple[int, bytes]:
    return 1, _frame(0x44, bytes((0xC0 | sequence, 0xC0 | sequence, 129)) + struct.pack("<H", iin) + objects)


def _told(sequence: int, objects: bytes) -> tuple[int, bytes]:
    return 1, _frame(0x44, bytes((0xC0 | sequence, 0xF0 | sequence, 130, 0, 0)) + objects)


_CLASSES = bytes.fromhex("3c0206 3c0306 3c0406 3c0106")
_STATIC = bytes.fromhex("01020000028101 01 1e01 0000 0101 05000000 01feffffff".replace(" ", ""))
_EVENTS = bytes.fromhex("02021701 0381".replace(" ", "")) + _TIME


def _relay(status: int) -> bytes:
    return bytes.fromhex("0c01170105") + struct.pack("<BBIIB", 0x41, 1, 100, 0, status)


_POLLED = (
    _asked(1, 1, _CLASSES),
    _answered(1, _EVENTS + _STATIC),
    _asked(2, 1, b"\x1e\x00\x06"),
    _answered(2, iin=0x200),
)
_CONTROLLED = (
    _asked(3, 3, _relay(0)),
    _answered(3, _relay(0)),
    _asked(4, 4, _relay(0)),
    _answered(4, _relay(7)),
)
_WATCHED = (
    (0, _frame(0xC9)),
    (1, _frame(0x0B)),
    _asked(5, 20, b"\x3c\x02\x06"),
    _answered(5),
    _told(1, _EVENTS),
)

SEEDS = (
    Seed(name="polled", transport="tcp", port=20000, messages=_POLLED),
    Seed(name="controlled", transport="tcp", port=20000, messages=_CONTROLLED),
    Seed(name="watched", transport="tcp", port=20000, messages=_WATCHED),
    Seed(name="datagrams", transport="udp", port=20000, messages=(*_POLLED, *_CONTROLLED)),
)
