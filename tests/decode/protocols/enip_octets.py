"""EtherNet/IP and CIP written down octet by octet: what the tests of both send."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from decode.feed import CLIENT, SERVER, tcp

if TYPE_CHECKING:
    from collections.abc import Sequence

PORT = 44818
SESSION = 0x11020100
CONNECTION_MANAGER = bytes.fromhex("20062401")
MESSAGE_ROUTER = bytes.fromhex("20022401")
IDENTITY = bytes.fromhex("20012401")
BACKPLANE_0 = bytes.fromhex("0100")
TO_TARGET, TO_ORIGINATOR = 0x00A1B2C3, 0x80FE0028


def enip(
    command: int,
    data: bytes = b"",
    *,
    session: int = SESSION,
    status: int = 0,
    context: bytes = b"",
    options: int = 0,
) -> bytes:
    head = struct.pack("<HHII", command, len(data), session, status)
    return head + context.ljust(8, b"\0") + struct.pack("<I", options) + data


def items(*pairs: tuple[int, bytes]) -> bytes:
    return struct.pack("<H", len(pairs)) + b"".join(struct.pack("<HH", k, len(d)) + d for k, d in pairs)


def unconnected(message: bytes, *, context: bytes = b"ctx", status: int = 0) -> bytes:
    return enip(0x6F, bytes(6) + items((0, b""), (0xB2, message)), context=context, status=status)


def connected(message: bytes, sequence: int = 1, connection: int = TO_TARGET) -> bytes:
    data = items((0xA1, struct.pack("<I", connection)), (0xB1, struct.pack("<H", sequence) + message))
    return enip(0x70, bytes(6) + data)


def request(service: int, path: bytes, data: bytes = b"") -> bytes:
    assert len(path) % 2 == 0
    return bytes([service, len(path) // 2]) + path + data


def reply(service: int, data: bytes = b"", status: int = 0, extended: Sequence[int] = ()) -> bytes:
    words = b"".join(struct.pack("<H", word) for word in extended)
    return bytes([service | 0x80, 0, status, len(extended)]) + words + data


def packet(*messages: bytes) -> bytes:
    """The data of a Multiple Service Packet, request or answer."""
    at, offsets = 2 + 2 * len(messages), []
    for message in messages:
        offsets.append(at)
        at += len(message)
    return struct.pack(f"<{len(messages) + 1}H", len(messages), *offsets) + b"".join(messages)


def multiple(*requests: bytes) -> bytes:
    return request(0x0A, MESSAGE_ROUTER, packet(*requests))


def routed(message: bytes, route: bytes = BACKPLANE_0) -> bytes:
    """An Unconnected Send of a message along a route."""
    pad = b"\0" if len(message) % 2 else b""
    inside = struct.pack("<BBH", 7, 249, len(message)) + message + pad + bytes([len(route) // 2, 0]) + route
    return request(0x52, CONNECTION_MANAGER, inside)


def tag(name: str) -> bytes:
    """A tag's path: `Program:Main.Counts[3]`."""
    path = b""
    for part in name.split("."):
        symbol, _, index = part.partition("[")
        text = symbol.encode()
        path += bytes([0x91, len(text)]) + text + (b"\0" if len(text) % 2 else b"")
        for number in index.rstrip("]").split(",") if index else ():
            path += bytes([0x28, int(number)])
    return path


def logical(class_id: int, instance: int | None = None, attribute: int | None = None) -> bytes:
    path = b""
    for segment, value in ((0x20, class_id), (0x24, instance), (0x30, attribute)):
        if value is not None:
            path += bytes([segment, value]) if value < 256 else struct.pack("<BBH", segment + 1, 0, value)
    return path


def forward_open(
    path: bytes, *, transport: int = 0xA3, serial: int = 7, large: bool = False, doublings: int = 1,
    intervals: tuple[int, int] = (8000000, 4000000), kinds: tuple[int, int] = (2, 2),
) -> bytes:  # fmt: skip
    """kinds: 0 for a way that nothing goes, 1 multicast, 2 from point to point."""
    data = struct.pack("<BBIIHHIB3x", 7, 249, 0, TO_ORIGINATOR, serial, 0x4D, 0x2FD52563, doublings)
    for interval, kind in zip(intervals, kinds, strict=True):
        parameters = kind << 29 | 0x020001F4 if large else kind << 13 | 0x03F4
        data += struct.pack("<I", interval) + struct.pack("<I" if large else "<H", parameters)
    data += bytes([transport, len(path) // 2]) + path
    return request(0x5B if large else 0x54, CONNECTION_MANAGER, data)


def opened(*, serial: int = 7, large: bool = False) -> bytes:
    data = struct.pack("<IIHHIIIBx", TO_TARGET, TO_ORIGINATOR, serial, 0x4D, 0x2FD52563, 8000000, 4000000, 0)
    return reply(0x5B if large else 0x54, data)


def forward_close(path: bytes, serial: int = 7) -> bytes:
    data = struct.pack("<BBHHIBx", 7, 249, serial, 0x4D, 0x2FD52563, len(path) // 2) + path
    return request(0x4E, CONNECTION_MANAGER, data)


def closed(serial: int = 7) -> bytes:
    return reply(0x4E, struct.pack("<HHIBx", serial, 0x4D, 0x2FD52563, 0))


def identity(
    name: str = "1756-L61/B", *, vendor: int = 1, kind: int = 14, code: int = 54, serial: int = 0x0051823F
) -> bytes:
    head = struct.pack("<HHHBBHI", vendor, kind, code, 20, 11, 0x3060, serial)
    return head + bytes([len(name)]) + name.encode()


def list_identity(name: str = "1756-ENBT/A", address: bytes = bytes([10, 0, 0, 2])) -> bytes:
    where = struct.pack(">HH", 2, PORT) + address + bytes(8)
    return items((0x0C, b"\1\0" + where + identity(name, kind=12, code=58, serial=0x00524D8E) + b"\3"))


def implicit(connection: int, data: bytes = b"\1\0\0\0", sequence: int = 1) -> bytes:
    return items((0x8002, struct.pack("<II", connection, sequence)), (0xB1, data))


def talk(*payloads: bytes | tuple[int, bytes], port: int = PORT) -> dict[str, list[dict[str, Any]]]:
    """Decode a conversation in which client and server take turns, unless a payload says who sends it."""
    told = [p if isinstance(p, tuple) else ((CLIENT, SERVER)[i % 2], p) for i, p in enumerate(payloads)]
    return tcp(told, port=port)


def one(rows: list[dict[str, Any]], *columns: str) -> tuple[Any, ...]:
    assert len(rows) == 1, rows
    return tuple(rows[0][column] for column in columns)
