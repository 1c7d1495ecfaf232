"""Connection-oriented DCE/RPC with NDR parameters, built after C706 12.6 and 14, MS-RPCE 2.2.2 and MS-DCOM 2.2.13."""

from __future__ import annotations

import struct
from uuid import UUID

__all__ = [
    "CONTEXT",
    "NDR",
    "NDR64",
    "OBJECT",
    "answered",
    "bind",
    "bound",
    "call",
    "counted",
    "fault",
    "nothing",
    "packet",
    "refused",
    "string",
    "that",
    "this",
    "unique",
]

NDR = "8a885d04-1ceb-11c9-9fe8-08002b104860"
NDR64 = "71710533-beba-4937-8319-b5dbef9ccc36"
FIRST, LAST, OBJECT = 1, 2, 0x80
CONTEXT = 0
_TOKEN_CONTEXT = 79231
"""auth_context_id: any number will do."""


def _uuid(text: str, order: str) -> bytes:
    return UUID(text).bytes_le if order == "<" else UUID(text).bytes


def packet(
    kind: int,
    number: int,
    body: bytes,
    *,
    order: str = "<",
    flags: int = FIRST | LAST,
    token: bytes = b"",
    level: int = 2,
) -> bytes:
    """A packet (12.6.3.1) with its authentication trailer, if there is a token. order: `<` or `>`."""
    trailer = b""
    if token:
        padding = -len(body) % 4
        trailer = bytes(padding) + struct.pack(f"{order}BBBBI", 10, level, padding, 0, _TOKEN_CONTEXT) + token
    whole = 16 + len(body) + len(trailer)
    representation = bytes((0x10 if order == "<" else 0, 0, 0, 0))
    head = struct.pack(f"{order}HHI", whole, len(token), number)
    return bytes((5, 0, kind, flags)) + representation + head + body + trailer


def bind(
    number: int,
    *interfaces: str,
    kind: int = 11,
    order: str = "<",
    transfer: str = NDR,
    token: bytes = b"",
    level: int = 2,
) -> bytes:
    """A bind (12.6.4.3) or alter_context (kind 14): contexts 0, 1 … for these interfaces, version 1.0."""
    body = struct.pack(f"{order}HHIBxH", 5840, 5840, 0, len(interfaces), 0)
    for n, interface in enumerate(interfaces):
        body += struct.pack(f"{order}HBx", n, 1) + _uuid(interface, order) + struct.pack(f"{order}HH", 1, 0)
        body += _uuid(transfer, order) + struct.pack(f"{order}HH", 2, 0)
    return packet(kind, number, body, order=order, token=token, level=level)


def bound(
    number: int, *results: int, kind: int = 12, order: str = "<", transfer: str = NDR, token: bytes = b""
) -> bytes:
    """A bind_ack (12.6.4.4) or alter_context_response (kind 15). results: 0 accepted, 2 refused by the provider."""
    address = b"135\0"
    body = struct.pack(f"{order}HHIH", 5840, 5840, 0x2F31, len(address)) + address
    body += bytes(-(16 + len(body)) % 4) + struct.pack(f"{order}BxH", len(results), 0)
    for result in results:
        syntax = transfer if not result else str(UUID(int=0))
        body += (
            struct.pack(f"{order}HH", result, bool(result))
            + _uuid(syntax, order)
            + struct.pack(f"{order}I", 2)
        )
    return packet(kind, number, body, order=order, token=token)


def refused(number: int, reason: int = 0) -> bytes:
    """A bind_nak (12.6.4.5)."""
    return packet(13, number, struct.pack("<HBBB", reason, 1, 5, 0))


def call(
    number: int,
    operation: int,
    stub: bytes,
    *,
    context: int = CONTEXT,
    order: str = "<",
    flags: int = FIRST | LAST,
    token: bytes = b"",
    level: int = 5,
    thing: str = "",
) -> bytes:
    """A request (12.6.4.9). thing: UUID of the object, for DCOM the interface pointer's."""
    body = struct.pack(f"{order}IHH", len(stub), context, operation)
    body += _uuid(thing, order) if thing else b""
    flags |= OBJECT if thing else 0
    return packet(0, number, body + stub, order=order, flags=flags, token=token, level=level)


def answered(
    number: int,
    stub: bytes,
    *,
    context: int = CONTEXT,
    order: str = "<",
    flags: int = FIRST | LAST,
    token: bytes = b"",
    level: int = 5,
) -> bytes:
    """A response (12.6.4.10)."""
    body = struct.pack(f"{order}IHBx", len(stub), context, 0)
    return packet(2, number, body + stub, order=order, flags=flags, token=token, level=level)


def fault(number: int, status: int) -> bytes:
    """A fault (12.6.4.7)."""
    return packet(3, number, struct.pack("<IHBBII", 32, 0, 0, 0, status, 0))


def string(words: str, order: str = "<") -> bytes:
    """A conformant and varying string, padded to four octets (14.3.4)."""
    octets = (words + "\0").encode("utf-16-le" if order == "<" else "utf-16-be")
    count = len(words) + 1
    return struct.pack(f"{order}III", count, 0, count) + octets + bytes(-len(octets) % 4)


def unique(words: str | None) -> bytes:
    """A pointer to a string, or a null pointer."""
    return bytes(4) if words is None else struct.pack("<I", 0x20000) + string(words)


def counted(words: str) -> bytes:
    """An RPC_UNICODE_STRING (MS-DTYP 2.3.10)."""
    size = 2 * len(words) + 2
    return struct.pack("<HHI", size, size, 0x20000) + string(words)


def this() -> bytes:
    """ORPCTHIS (MS-DCOM 2.2.13.3)."""
    return struct.pack("<HHII", 5, 7, 0, 0) + bytes(range(16)) + bytes(4)


def that() -> bytes:
    """ORPCTHAT (MS-DCOM 2.2.13.4)."""
    return bytes(8)


def nothing() -> bytes:
    """A result that says success."""
    return bytes(4)
