"""Octets of BACnet, built from ANSI/ASHRAE 135: link layer, network layer, APDUs, tags."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER, Rows, udp

__all__ = [
    "CLIENT",
    "SERVER",
    "ack",
    "app",
    "bvlc",
    "closing",
    "confirmed",
    "ctx",
    "enumerated",
    "error",
    "ip",
    "npdu",
    "object_id",
    "one",
    "opening",
    "real",
    "simple",
    "string",
    "talk",
    "unconfirmed",
    "unsigned",
]

PORT = 47808


def bvlc(function: int, content: bytes = b"", kind: int = 0x81) -> bytes:
    """Annex J.2: type, function, length."""
    return struct.pack(">BBH", kind, function, 4 + len(content)) + content


def npdu(
    apdu: bytes,
    *,
    destination: tuple[int, bytes] | None = None,
    source: tuple[int, bytes] | None = None,
    message: int | None = None,
) -> bytes:
    """Clause 6.2.2: version, control, addresses, hop count."""
    control = 0x20 * (destination is not None) | 0x08 * (source is not None) | 0x80 * (message is not None)
    head = bytes((1, control))
    for end in (destination, source):
        if end is not None:
            head += struct.pack(">HB", end[0], len(end[1])) + end[1]
    if destination is not None:
        head += b"\xff"
    return head + (b"" if message is None else bytes((message,))) + apdu


def ip(apdu: bytes, **network: object) -> bytes:
    """An Original-Unicast-NPDU."""
    return bvlc(0x0A, npdu(apdu, **network))  # type: ignore[arg-type]


def confirmed(invoke: int, service: int, parameters: bytes = b"") -> bytes:
    return bytes((0, 5, invoke, service)) + parameters


def unconfirmed(service: int, parameters: bytes = b"") -> bytes:
    return bytes((0x10, service)) + parameters


def simple(invoke: int, service: int) -> bytes:
    return bytes((0x20, invoke, service))


def ack(invoke: int, service: int, parameters: bytes) -> bytes:
    return bytes((0x30, invoke, service)) + parameters


def error(invoke: int, service: int, kind: int, code: int) -> bytes:
    return bytes((0x50, invoke, service)) + enumerated(kind) + enumerated(code)


def _tag(number: int, cls: int, content: bytes) -> bytes:
    length = len(content)
    head = bytes((number << 4 | cls << 3 | min(length, 5),))
    if length >= 254:
        return head + struct.pack(">BH", 254, length) + content
    return head + (bytes((length,)) if length >= 5 else b"") + content


def app(number: int, content: bytes) -> bytes:
    """An application-tagged element (20.2.1)."""
    return _tag(number, 0, content)


def ctx(number: int, content: bytes | int) -> bytes:
    """A context-tagged element; an integer takes as few octets as it needs."""
    if isinstance(content, int):
        content = content.to_bytes(max(1, (content.bit_length() + 7) // 8), "big")
    return _tag(number, 1, content)


def opening(number: int) -> bytes:
    return bytes((number << 4 | 0x0E,))


def closing(number: int) -> bytes:
    return bytes((number << 4 | 0x0F,))


def object_id(kind: int, instance: int) -> bytes:
    return struct.pack(">I", kind << 22 | instance)


def real(number: float) -> bytes:
    return app(4, struct.pack(">f", number))


def unsigned(number: int) -> bytes:
    return app(2, number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))


def enumerated(number: int) -> bytes:
    return app(9, number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))


def string(text: str) -> bytes:
    return app(7, b"\x00" + text.encode())


def talk(*messages: tuple[int, bytes], port: int = PORT, client_port: int = 50000) -> Rows:
    """Decode datagrams between one client and one server."""
    return udp(messages, port=port, client_port=client_port)


def one(rows: list[dict[str, object]], *columns: str) -> tuple[object, ...]:
    """These columns of the only row."""
    (row,) = rows
    return tuple(row[c] for c in columns)
