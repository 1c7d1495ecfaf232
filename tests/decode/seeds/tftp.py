"""RFC 1350 clauses 2 to 5, RFC 2347 to 2349: requests with and without options, refusals; servers stay on port 69."""

from __future__ import annotations

import struct

from decode.seeds import Seed

__all__ = ["SEEDS", "ack", "block", "error", "options", "request"]


def request(opcode: int, name: bytes, mode: bytes = b"octet", **more: int) -> bytes:
    asked = b"".join(b"%s\0%d\0" % (k.encode(), v) for k, v in more.items())
    return struct.pack(">H", opcode) + name + b"\0" + mode + b"\0" + asked


def block(number: int, octets: bytes) -> bytes:
    return struct.pack(">HH", 3, number & 0xFFFF) + octets


def ack(number: int) -> bytes:
    return struct.pack(">HH", 4, number & 0xFFFF)


def error(code: int, text: bytes = b"no") -> bytes:
    return struct.pack(">HH", 5, code) + text + b"\0"


def options(**agreed: int) -> bytes:
    return b"\0\6" + b"".join(b"%s\0%d\0" % (k.encode(), v) for k, v in agreed.items())


SEEDS = (
    Seed(
        name="read",
        transport="udp",
        port=69,
        messages=((0, request(1, b"fw.bin")), (1, block(1, bytes(512))), (0, ack(1)), (1, block(2, b"end"))),
    ),
    Seed(
        name="write",
        transport="udp",
        port=69,
        messages=(
            (0, request(2, b"fw.bin", blksize=1024, tsize=3)),
            (1, options(blksize=1024, tsize=3)),
            (0, block(1, b"end")),
            (1, ack(1)),
        ),
    ),
    Seed(name="refused", transport="udp", port=69, messages=((0, request(1, b"x")), (1, error(1)))),
)
