"""S7 communication written down octet by octet: what the tests of S7comm send."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from decode.feed import CLIENT, SERVER, tcp

if TYPE_CHECKING:
    from collections.abc import Sequence

JOB, ACK, ACK_DATA, USERDATA = 1, 2, 3, 7
CONNECT = bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102")
CONFIRM = bytes.fromhex("0300001611d00001000100c0010ac1020100c2020102")


def tpkt(tpdu: bytes) -> bytes:
    return struct.pack(">BBH", 3, 0, 4 + len(tpdu)) + tpdu


def dt(payload: bytes, *, last: bool = True) -> bytes:
    return tpkt(b"\x02\xf0" + (b"\x80" if last else b"\x00") + payload)


def pdu(
    rosctr: int, reference: int, parameters: bytes = b"", data: bytes = b"", error: int | None = None
) -> bytes:
    head = struct.pack(">BBHHHH", 0x32, rosctr, 0, reference, len(parameters), len(data))
    if rosctr in (ACK, ACK_DATA):
        head += struct.pack(">H", error or 0)
    return head + parameters + data


def job(reference: int, parameters: bytes, data: bytes = b"") -> bytes:
    return dt(pdu(JOB, reference, parameters, data))


def ack(reference: int, parameters: bytes = b"", data: bytes = b"", error: int = 0) -> bytes:
    return dt(pdu(ACK_DATA, reference, parameters, data, error))


def s7any(kind: int, count: int, area: int, address: int, db: int = 0) -> bytes:
    return struct.pack(">BBBBHHB", 0x12, 10, 0x10, kind, count, db, area) + address.to_bytes(3, "big")


def item(size: int, octets: bytes, code: int = 0xFF, length: int | None = None) -> bytes:
    bits = size in (3, 4, 5)
    return (
        struct.pack(
            ">BBH", code, size, (len(octets) * 8 if bits else len(octets)) if length is None else length
        )
        + octets
    )


def read(reference: int, *specifications: bytes) -> bytes:
    return job(reference, bytes([4, len(specifications)]) + b"".join(specifications))


def read_answer(reference: int, *items: bytes) -> bytes:
    return ack(reference, bytes([4, len(items)]), padded(items))


def padded(items: Sequence[bytes]) -> bytes:
    return b"".join(i + b"\0" * (len(i) % 2) for i in items[:-1]) + (items[-1] if items else b"")


def service(reference: int, name: str, parameters: bytes = b"") -> bytes:
    """A job that invokes a service by its name."""
    head = b"\x28" + bytes(6) + b"\xfd" + struct.pack(">H", len(parameters))
    return job(reference, head + parameters + bytes((len(name),)) + name.encode())


def userdata(
    method: int,
    function: int,
    octets: bytes | None = None,
    *,
    reference: int = 1,
    sequence: int = 0,
    part: int = 0,
    last: int = 0,
    error: int = 0,
    code: int = 0xFF,
) -> bytes:
    group, sub = function >> 8, function & 255
    head = bytes([0, 1, 0x12, 4, 0x11, method << 6 | group, sub, sequence])
    if method != 1:
        head = bytes([0, 1, 0x12, 8, 0x12, method << 6 | group, sub, sequence, part, last]) + struct.pack(
            ">H", error
        )
    data = (
        struct.pack(">BBH", 0x0A, 0, 0)
        if octets is None
        else struct.pack(">BBH", code, 9, len(octets)) + octets
    )
    return dt(pdu(USERDATA, reference, head, data))


def ask(function: int, octets: bytes | None = None, **more: Any) -> bytes:
    return userdata(1, function, octets, **more)


def reply(function: int, octets: bytes | None = None, **more: Any) -> bytes:
    return userdata(2, function, octets, **more)


def push(function: int, octets: bytes | None = None, **more: Any) -> bytes:
    return userdata(0, function, octets, **more)


def talk(*payloads: bytes | tuple[int, bytes], **more: Any) -> dict[str, list[dict[str, Any]]]:
    """Decode payloads, the client's and the server's by turns; a pair says whose it is."""
    sides = [p if isinstance(p, tuple) else (k % 2, p) for k, p in enumerate(payloads)]
    return tcp(sides, port=102, **more)


def one(rows: list[dict[str, Any]], *columns: str) -> tuple[Any, ...]:
    """The columns of the only row."""
    assert len(rows) == 1, rows
    return tuple(rows[0][c] for c in columns)


__all__ = [
    "CLIENT",
    "CONFIRM",
    "CONNECT",
    "SERVER",
    "ack",
    "ask",
    "dt",
    "item",
    "job",
    "one",
    "padded",
    "pdu",
    "push",
    "read",
    "read_answer",
    "reply",
    "s7any",
    "service",
    "talk",
    "tpkt",
    "userdata",
]
