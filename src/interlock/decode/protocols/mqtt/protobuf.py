"""Fields of a protocol buffer, one after the other: a bounded reader that knows no schema.

    | key: number << 3 or wire type, varint | value |
    wire types: 0 varint, 1 eight octets, 2 length and octets, 5 four octets

Source: Protocol Buffers, Encoding.
"""

from __future__ import annotations

from interlock.errors import DecodeError

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "fields"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(octets):
    """Yield (number, wire type, value) in wire order: an integer, or the octets of a length-delimited field.

    Raises DecodeError("payload-malformed") where a field passes the end or has a wire type that is not used.
    """
    at, end = 0, len(octets)
    while at < end:
        key = octets[at]
        at += 1
        if key >= 0x80:  # most varints have one octet
            key, at = _varint(octets, at - 1, end)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(octets, at, end)
        elif kind == BYTES:
            size, at = _varint(octets, at, end)
            if size > end - at:
                raise DecodeError("payload-malformed", at)
            value = octets[at : at + size]
            at += size
        elif kind in (FIXED32, FIXED64):
            size = 8 if kind == FIXED64 else 4
            if size > end - at:
                raise DecodeError("payload-malformed", at)
            value = int.from_bytes(octets[at : at + size], "little")
            at += size
        else:
            raise DecodeError("payload-malformed", at)
        yield key >> 3, kind, value


def _varint(octets, at, end):
    value = shift = 0
    while at < end and shift < 70:
        octet = octets[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise DecodeError("payload-malformed", at)
