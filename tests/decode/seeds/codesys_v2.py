"""Digital Bond's Basecamp tools: a controller identified, its program stopped, a boot project written, a file read."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed


def plain(body: bytes, order: str = "<") -> bytes:
    return b"\xbb\xbb" + struct.pack(f"{order}I", len(body)) + body


def block(body: bytes) -> bytes:
    """24 octets before the service, the length of what follows at octet 4."""
    return b"\xcc\xcc\x01\0" + struct.pack("<H10x4s4s", len(body), b"\1\0\0\0", b"\x23\x10\0\0") + body


PAUSE = b"\x66\x66\x01" + bytes(13) + b"\1\0\0\0\6\0\0\0"


def browser(command: bytes) -> bytes:
    return b"\x92\0\0\0\0" + command + b"\0"


def writes(name: bytes, data: bytes) -> bytes:
    return b"\x2f\x01\0" + struct.pack(">H", len(name) + len(data) + 2) + b"\0" + name + b"\0\xcd" + data


def reads(name: bytes) -> bytes:
    return b"\x31\0" + struct.pack("<H", len(name) + 1) + name + b"\0"


IDENTITY = plain(
    bytes(58) + b"Nucleus PLUS".ljust(32, b"\0") + b"Ver. 1.11".ljust(32, b"\0") + b"3S PLC".ljust(32, b"\0")
)

TALK: tuple[Message, ...] = (
    (0, plain(b"\1")),
    (1, IDENTITY),
    (0, plain(browser(b"stopprg"))),
    (1, plain(b"\x92\0\0\4ok")),
    (0, plain(writes(b"DEFAULT.PRG", b"\0" * 40))),
    (1, plain(b"\0\0")),
    (0, plain(b"\x30\0\x02\0ab")),
    (1, plain(b"\0\0")),
    (0, block(reads(b"log.txt"))),
    (1, block(b"\x31\0\x01\0" + bytes(30))),
    (1, PAUSE),
    (0, PAUSE),
    (0, block(b"\x32")),
    (1, block(b"\x32\0\0\0" + bytes(30))),
)

SEEDS = (
    Seed(name="little", transport="tcp", port=2455, messages=TALK,
         no_join="an answer's further blocks show themselves by a request that was seen"),
    Seed(name="big", transport="tcp", port=1200, messages=(
        (0, plain(b"\1", ">")), (1, b"\xbb\xbb" + struct.pack(">I", len(IDENTITY) - 6) + IDENTITY[6:]),
        (0, plain(browser(b"setpwd secret"), ">")), (1, plain(b"\0", ">")),
    ), no_join="an answer's further blocks show themselves by a request that was seen"),
)  # fmt: skip
