"""S7comm-plus PDUs, built after its published analyses."""

from __future__ import annotations

import struct

from decode.protocols.s7_octets import dt

__all__ = ["answer", "ask", "attribute", "dint", "instance", "plus", "vlq", "wstring"]


def vlq(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


def plus(body: bytes, version: int = 2) -> bytes:
    digest = b"\x20" + bytes(32) if version == 3 else b""
    body = digest + body
    return dt(struct.pack(">BBH", 0x72, version, len(body)) + body + bytes([0x72, version, 0, 0]))


def ask(function: int, sequence: int, rest: bytes, *, session: int = 0x3C0, version: int = 2) -> bytes:
    head = struct.pack(">BHHHHIB", 0x31, 0, function, 0, sequence, session, 0x34)
    return plus(head + rest, version)


def answer(function: int, sequence: int, rest: bytes = b"\0", *, version: int = 2) -> bytes:
    return plus(struct.pack(">BHHHHB", 0x32, 0, function, 0, sequence, 0x34) + rest, version)


def wstring(text: str) -> bytes:
    return b"\0\x15" + vlq(len(text.encode())) + text.encode()


def dint(value: int) -> bytes:
    """A DInt between -64 and 63."""
    return bytes((0, 8, value & 0x7F))


def attribute(number: int, value: bytes) -> bytes:
    return b"\xa3" + vlq(number) + value


def instance(number: int, kind: int, *attributes: bytes) -> bytes:
    return b"\xa1" + struct.pack(">I", number) + vlq(kind) + b"\0\0" + b"".join(attributes) + b"\xa2"
