"""Octets of BER, GOOSE and sampled values, built from their specifications."""

from __future__ import annotations

import struct

__all__ = ["ASDU", "ber", "bits", "floating", "goose", "goose_frame", "sv_frame", "tlv", "utc"]


def ber(number: int) -> bytes:
    """A length: one octet, or the long form."""
    if number < 128:
        return bytes([number])
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag: int | bytes, *parts: bytes) -> bytes:
    """An element; tag: one octet, or several as they are."""
    content = b"".join(parts)
    return (bytes([tag]) if isinstance(tag, int) else tag) + ber(len(content)) + content


def number(tag: int, value: int) -> bytes:
    """An INTEGER in as few octets as it needs."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def bits(text: str, tag: int = 0x84) -> bytes:
    """A BIT STRING from a text of 0 and 1."""
    padding = -len(text) % 8
    octets = int(text + "0" * padding, 2).to_bytes((len(text) + padding) // 8, "big") if text else b""
    return tlv(tag, bytes([padding]), octets)


def floating(value: float) -> bytes:
    """MMS floating-point: 8 bits of exponent, then IEEE 754 single."""
    return tlv(0x87, b"\x08", struct.pack(">f", value))


def utc(seconds: int, fraction: int = 0, quality: int = 0x0A, tag: int = 0x91) -> bytes:
    """UtcTime: seconds, 24 bits of a second's fraction, quality."""
    return tlv(tag, struct.pack(">I", seconds), fraction.to_bytes(3, "big"), bytes([quality]))


GOOD = bits("0" * 13)
DATA = (tlv(0x83, b"\xff"), GOOD, floating(1.5), bits("0100000000010"))


def goose(
    *data: bytes,
    reference: bytes = b"IED1LD0/LLN0$GO$gcb1",
    entries: int | None = None,
    st_num: int = 7,
    sq_num: int = 3,
    without: tuple[int, ...] = (),
    extra: bytes = b"",
) -> bytes:
    """A goosePdu. without: tags of fields to leave out."""
    fields = {
        0x80: tlv(0x80, reference),
        0x81: number(0x81, 2000),
        0x82: tlv(0x82, b"IED1LD0/LLN0$DS1"),
        0x83: tlv(0x83, b"gcb1"),
        0x84: utc(1_710_123_782, 0x800000, tag=0x84),
        0x85: number(0x85, st_num),
        0x86: number(0x86, sq_num),
        0x87: tlv(0x87, b"\x00"),
        0x88: number(0x88, 200),
        0x89: tlv(0x89, b"\x00"),
        0x8A: number(0x8A, len(data) if entries is None else entries),
        0xAB: tlv(0xAB, *data),
    }
    return tlv(0x61, *(octets for tag, octets in fields.items() if tag not in without), extra)


def goose_frame(
    apdu: bytes, *, appid: int = 0x3101, simulated: bool = False, length: int | None = None
) -> bytes:
    """What follows the ethertype."""
    said = 8 + len(apdu) if length is None else length
    return struct.pack(">HHHH", appid, said, 0x8000 if simulated else 0, 0) + apdu


def ASDU(  # noqa: N802 (the specification's word)
    identifier: bytes = b"MU01",
    count: int = 5,
    samples: bytes = b"".join(struct.pack(">iI", k - 4, 0) for k in range(8)),
    extra: bytes = b"",
) -> bytes:
    """One ASDU with its mandatory fields."""
    return tlv(
        0x30,
        tlv(0x80, identifier),
        tlv(0x82, struct.pack(">H", count)),
        tlv(0x83, struct.pack(">I", 1)),
        tlv(0x85, b"\x02"),
        extra,
        tlv(0x87, samples),
    )


def sv_frame(*asdus: bytes, said: int | None = None, appid: int = 0x4000) -> bytes:
    """What follows the ethertype: a savPdu with these ASDUs."""
    apdu = tlv(0x60, number(0x80, len(asdus) if said is None else said), tlv(0xA2, *asdus))
    return struct.pack(">HHHH", appid, 8 + len(apdu), 0, 0) + apdu
