"""Octets of MQTT and Sparkplug B, built after their specifications."""

from __future__ import annotations

import struct

__all__ = [
    "connack", "connect", "metric", "packet", "payload", "publish", "subscribe", "tagged", "text", "varint",
]  # fmt: skip


def varint(number: int) -> bytes:
    """A variable byte integer (MQTT) or varint (protocol buffers): they are the same."""
    made = b""
    while True:
        number, low = number >> 7, number & 0x7F
        made += bytes([low | (0x80 if number else 0)])
        if not number:
            return made


def text(value: str | bytes) -> bytes:
    octets = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(octets)) + octets


def packet(first: int, body: bytes = b"") -> bytes:
    return bytes([first]) + varint(len(body)) + body


def connect(
    client: str,
    *,
    version: int = 4,
    user: str | None = None,
    password: bytes | None = None,
    will: tuple[str, bytes] | None = None,
    properties: bytes = b"",
) -> bytes:
    name = text("MQIsdp" if version == 3 else "MQTT")
    flags = 2 | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    flags |= 0x2C if will else 0
    body = name + bytes([version, flags]) + struct.pack(">H", 60)
    body += varint(len(properties)) + properties if version == 5 else b""
    body += text(client)
    if will:
        body += (b"\0" if version == 5 else b"") + text(will[0]) + text(will[1])
    body += b"" if user is None else text(user)
    return packet(0x10, body + (b"" if password is None else text(password)))


def connack(reason: int = 0, properties: bytes | None = None) -> bytes:
    rest = b"" if properties is None else varint(len(properties)) + properties
    return packet(0x20, bytes([0, reason]) + rest)


def publish(
    topic: str,
    message: bytes,
    *,
    qos: int = 0,
    number: int = 0,
    properties: bytes | None = None,
    more: int = 0,
) -> bytes:
    body = text(topic) + (struct.pack(">H", number) if qos else b"")
    body += b"" if properties is None else varint(len(properties)) + properties
    return packet(0x30 | qos << 1 | more, body + message)


def subscribe(number: int, *filters: str, properties: bytes | None = None) -> bytes:
    body = struct.pack(">H", number) + (b"" if properties is None else varint(len(properties)) + properties)
    return packet(0x82, body + b"".join(text(f) + b"\1" for f in filters))


def tagged(number: int, value: float | str | bytes, *, single: bool = False) -> bytes:
    """One field of a protocol buffer: varint, octets, or for a float eight octets (single: four)."""
    if isinstance(value, float):
        kind, octets = (5, struct.pack("<f", value)) if single else (1, struct.pack("<d", value))
        return varint(number << 3 | kind) + octets
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    octets = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(octets)) + octets


def metric(
    value: bytes = b"", *, name: str = "", alias: int | None = None, kind: int = 0, more: bytes = b""
) -> bytes:
    """A metric; value: the field that holds it, already tagged."""
    made = tagged(1, name) if name else b""
    made += b"" if alias is None else tagged(2, alias)
    return made + (tagged(4, kind) if kind else b"") + more + value


def payload(*metrics: bytes, time: int = 1_700_000_000_000, sequence: int = 0) -> bytes:
    return tagged(1, time) + b"".join(tagged(2, m) for m in metrics) + tagged(3, sequence)
