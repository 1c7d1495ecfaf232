"""The few encodings of ASN.1's basic rules that GOOSE and SNMP need (ITU-T X.690)."""

from __future__ import annotations

import struct

__all__ = ["integer", "object_id", "read", "real", "tagged", "unsigned"]


def tagged(tag: int, octets: bytes) -> bytes:
    """Tag, length, contents; at most 65,535 octets."""
    size = len(octets)
    if size < 0x80:
        return bytes((tag, size)) + octets
    return (
        bytes((tag, 0x81, size)) + octets if size < 0x100 else struct.pack("!BBH", tag, 0x82, size) + octets
    )


def integer(tag: int, value: int) -> bytes:
    """A signed whole number in as few octets as it takes."""
    width = (value if value >= 0 else ~value).bit_length() // 8 + 1  # room for the sign
    return tagged(tag, value.to_bytes(width, "big", signed=True))


def unsigned(tag: int, value: int) -> bytes:
    """A whole number from 0."""
    return integer(tag, value)


def real(tag: int, value: float) -> bytes:
    """A single-precision number as IEC 61850-8-1 writes it: 8 bits of exponent, then IEEE 754."""
    return tagged(tag, b"\x08" + struct.pack("!f", value))


def object_id(dotted: str) -> bytes:
    """An object identifier."""
    first, second, *rest = map(int, dotted.split("."))
    octets = bytearray((first * 40 + second,))
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        octets += bytes(reversed(groups))
    return tagged(0x06, bytes(octets))


def read(octets: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Tag, contents and where the next one begins. Raises ValueError where it ends early."""
    if at + 2 > len(octets):
        raise ValueError("an element that ends early")
    tag, size, begin = octets[at], octets[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7F
        size, begin = int.from_bytes(octets[begin : begin + width], "big"), begin + width
    if begin + size > len(octets):
        raise ValueError("an element that ends early")
    return tag, octets[begin : begin + size], begin + size
