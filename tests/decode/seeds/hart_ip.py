"""HCF SPEC-085: a session, an identity, process variables, a refusal, over UDP and TCP."""

from __future__ import annotations

import struct
from functools import reduce

from decode.seeds import Message, Seed

DEVICE = bytes.fromhex("11260a1b2c")


def _message(kind: int, number: int, sequence: int, body: bytes, status: int = 0) -> bytes:
    return struct.pack(">BBBBHH", 1, kind, number, status, sequence, 8 + len(body)) + body


def _frame(delimiter: int, address: bytes, command: int, data: bytes) -> bytes:
    octets = bytes((delimiter,)) + address + bytes((command, len(data))) + data
    return octets + bytes((reduce(int.__xor__, octets),))


def _ask(command: int, data: bytes = b"", *, sequence: int, address: bytes = DEVICE) -> Message:
    return 0, _message(0, 3, sequence, _frame(0x82 if len(address) > 1 else 0x02, address, command, data))


def _reply(
    command: int, data: bytes = b"", *, sequence: int, code: int = 0, address: bytes = DEVICE
) -> Message:
    delimiter = 0x86 if len(address) > 1 else 0x06
    return 1, _message(1, 3, sequence, _frame(delimiter, address, command, bytes((code, 0)) + data))


_IDENTITY = bytes((254,)) + struct.pack(">H", 0x1126) + bytes((5, 7, 3, 9, 0x10, 0)) + DEVICE[2:] + bytes(
    (5, 4, 0, 2, 0)
) + struct.pack(">HHB", 17, 17, 1)  # fmt: skip
_VARIABLES = struct.pack(">fBfBf", 12.5, 57, 3.25, 32, 21.5)
_TALK: tuple[Message, ...] = (
    (0, _message(0, 0, 1, struct.pack(">BI", 1, 60_000))),
    (1, _message(1, 0, 1, struct.pack(">BI", 1, 60_000))),
    _ask(0, sequence=2, address=b"\x80"),
    _reply(0, _IDENTITY, sequence=2, address=b"\x80"),
    _ask(3, sequence=3),
    _reply(3, _VARIABLES, sequence=3),
    _ask(35, struct.pack(">Bff", 32, 100.0, 0.0), sequence=4),
    _reply(35, sequence=4, code=7),
    (0, _message(0, 2, 5, b"")),
    (1, _message(1, 2, 5, b"")),
    (0, _message(0, 1, 6, b"")),
    (1, _message(1, 1, 6, b"")),
)

SEEDS = (
    Seed(name="datagrams", transport="udp", port=5094, messages=_TALK),
    Seed(name="stream", transport="tcp", port=5094, messages=_TALK),
)
