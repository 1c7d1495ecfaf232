"""TriStation messages, built after the published analyses."""

from __future__ import annotations

import struct

__all__ = ["answer", "command", "envelope", "status"]


def envelope(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<BBH", kind, 0, len(body)) + body + b"\xab\xcd"


def _message(path: int, number: int, sequence: int, data: bytes) -> bytes:
    head = struct.pack("<BBBBHHH", path, 2, number, sequence, 0, 0, 10 + len(data))
    return envelope(5, head + data)


def command(number: int, data: bytes = b"", *, sequence: int = 1) -> bytes:
    return _message(0, number, sequence, data)


def answer(number: int, data: bytes = b"", *, sequence: int = 1) -> bytes:
    return _message(1, number, sequence, data)


def status(key: int, run: int, project: bytes = b"REACTOR1") -> bytes:
    """Data of a Get CP status response."""
    return bytes(7) + bytes((key, run)) + bytes(57) + project.ljust(10, b"\0") + bytes(8)
