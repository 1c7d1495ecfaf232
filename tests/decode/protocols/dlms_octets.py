"""Octets of DLMS/COSEM, built from IEC 62056-5-3 (APDUs), 62056-46 (HDLC) and 62056-47 (wrapper)."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER

__all__ = [
    "LONG", "PORT", "SESSION", "aare", "aarq", "act", "ask", "attribute", "command", "get", "got", "hdlc", "response",
    "say", "set_one", "wrapped",
]  # fmt: skip

PORT = 4059
SAP, METER = 16, 1


def fcs(octets: bytes) -> bytes:
    """CRC-16/X.25, bit by bit from its polynomial x^16 + x^12 + x^5 + 1 (ISO/IEC 13239)."""
    remainder = 0xFFFF
    for octet in octets:
        for bit in range(8):
            mixed = (remainder ^ octet >> bit) & 1
            remainder >>= 1
            if mixed:
                remainder ^= 0x8408
    return struct.pack("<H", remainder ^ 0xFFFF)


def hdlc(
    side: int, control: int, information: bytes = b"", *, more: bool = False, server: bytes = b"\x03"
) -> bytes:
    """One frame between client 16 and a server (IEC 62056-46, 6.4)."""
    client = bytes((SAP << 1 | 1,))
    ends = server + client if side == CLIENT else client + server
    size = 2 + len(ends) + 1 + (2 + len(information) if information else 0) + 2
    head = struct.pack(">H", 0xA000 | 0x0800 * more | size) + ends + bytes((control,))
    if information:
        head += fcs(head) + information
    return b"\x7e" + head + fcs(head) + b"\x7e"


def command(number: int, apdu: bytes, **more: object) -> tuple[int, bytes]:
    return CLIENT, hdlc(CLIENT, 0x10 | number << 1, b"\xe6\xe6\x00" + apdu, **more)  # type: ignore[arg-type]


def response(number: int, apdu: bytes, **more: object) -> tuple[int, bytes]:
    return SERVER, hdlc(SERVER, 0x10 | number << 1, b"\xe6\xe7\x00" + apdu, **more)  # type: ignore[arg-type]


def wrapped(side: int, apdu: bytes, *, server: int = METER) -> tuple[int, bytes]:
    source, target = (SAP, server) if side == CLIENT else (server, SAP)
    return side, struct.pack(">HHHH", 1, source, target, len(apdu)) + apdu


def ask(apdu: bytes) -> tuple[int, bytes]:
    return wrapped(CLIENT, apdu)


def say(apdu: bytes) -> tuple[int, bytes]:
    return wrapped(SERVER, apdu)


def obis(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


def attribute(kind: int, name: str, number: int) -> bytes:
    return struct.pack(">H", kind) + obis(name) + bytes((number,))


def set_one(kind: int, name: str, number: int, data: bytes) -> bytes:
    return b"\xc1\x01\xc1" + attribute(kind, name, number) + b"\x00" + data


def act(kind: int, name: str, method: int, data: bytes = b"") -> bytes:
    return b"\xc3\x01\xc1" + attribute(kind, name, method) + (b"\x01" + data if data else b"\x00")


def get(kind: int, name: str, number: int, invoke: int = 1) -> bytes:
    return bytes((0xC0, 1, 0xC0 | invoke)) + attribute(kind, name, number) + b"\x00"


def got(data: bytes, invoke: int = 1) -> bytes:
    return bytes((0xC4, 1, 0xC0 | invoke, 0)) + data


def aarq(mechanism: int, secret: bytes = b"") -> bytes:
    name = b"\x60\x85\x74\x05\x08"
    content = b"\xa1\x09\x06\x07" + name + b"\x01\x01"
    content += b"\x8a\x02\x07\x80\x8b\x07" + name + bytes((2, mechanism))
    content += bytes((0xAC, len(secret) + 2, 0x80, len(secret))) + secret
    content += bytes.fromhex("be10040e01000000065f1f0400007e1fffff")
    return bytes((0x60, len(content))) + content


def aare(result: int, diagnostic: int, title: bytes = b"") -> bytes:
    content = b"\xa1\x09\x06\x07\x60\x85\x74\x05\x08\x01\x01" + bytes((0xA2, 3, 2, 1, result))
    content += bytes((0xA3, 5, 0xA1, 3, 2, 1, diagnostic))
    if title:
        content += bytes((0xA4, len(title) + 2, 4, len(title))) + title
    return bytes((0x61, len(content))) + content


LONG = got(b"\x09\x78" + bytes(range(120)))
SESSION = [
    (CLIENT, hdlc(CLIENT, 0x93)),
    (SERVER, hdlc(SERVER, 0x73, bytes.fromhex("818012050180060180070400000001080400000001"))),
    command(0, aarq(1, b"12345678")),
    response(0, aare(0, 0)),
    command(1, get(1, "0.0.96.1.9.255", 2)),
    (SERVER, hdlc(SERVER, 0x32 & ~0x1E | 1 << 1, b"\xe6\xe7\x00" + LONG[:40], more=True)),
    (CLIENT, hdlc(CLIENT, 0x51)),
    (SERVER, hdlc(SERVER, 0x10 | 2 << 1, LONG[40:100], more=True)),
    (SERVER, hdlc(SERVER, 0x10 | 3 << 1, LONG[100:])),
    (CLIENT, hdlc(CLIENT, 0x53)),
    (SERVER, hdlc(SERVER, 0x73)),
]
