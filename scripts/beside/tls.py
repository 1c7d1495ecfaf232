"""TLS 1.2 that holds what a rule asks: a hello with a name, and a certificate with names, a number and octets."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["exchange"]

_CERTIFICATE: Final = frozenset({"tls.certs", "tls.cert_subject", "tls.cert_issuer", "tls.cert_serial"})
_COMMON_NAME: Final = "CN"
_NAMES: Final = {
    _COMMON_NAME: "550403", "C": "550406", "L": "550407", "ST": "550408", "O": "55040a", "OU": "55040b",
    "emailAddress": "2a864886f70d010901",
}  # fmt: skip
_SIGNED: Final = "2a864886f70d01010b"
_KEY: Final = "2a864886f70d010101"
_RANDOM: Final = bytes(range(32))


def exchange(buffers: Mapping[str, tuple[bytes, ...]], *, asks: bool) -> list[tuple[bool, bytes]]:
    """Whether the server sends it, and octets."""
    sent = [(False, _hello(b"".join(buffers.get("tls.sni", ())) or b"example.com"))]
    if not asks or _CERTIFICATE & buffers.keys():
        octets = _certificate(buffers)
        listed = len(octets).to_bytes(3, "big") + octets
        hello = b"\x03\x03" + _RANDOM + b"\0\xc0\x2f\0" + struct.pack(">HHHB", 5, 0xFF01, 1, 0)
        chain = len(listed).to_bytes(3, "big") + listed
        sent.append((True, _record(2, hello) + _record(11, chain) + _record(14, b"")))
    return sent


def _record(kind: int, octets: bytes) -> bytes:
    head = b"\x16\x03\x03" + struct.pack(">H", len(octets) + 4)
    return head + bytes((kind,)) + len(octets).to_bytes(3, "big") + octets


def _hello(name: bytes) -> bytes:
    more = struct.pack(">HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    more += struct.pack(">HHHHH", 10, 6, 4, 29, 23) + struct.pack(">HH", 11, 2) + b"\x01\0"
    ciphers = struct.pack(">H", 4) + b"\xc0\x2f\x00\x9c"
    return _record(
        1, b"\x03\x03" + _RANDOM + b"\0" + ciphers + b"\x01\0" + struct.pack(">H", len(more)) + more
    )


def _certificate(buffers: Mapping[str, tuple[bytes, ...]]) -> bytes:
    """X.509 (RFC 5280 clause 4.1) with a key and a signature that are none."""
    subject, issuer, extra = (
        b"".join(buffers.get(name, ())) for name in ("tls.cert_subject", "tls.cert_issuer", "tls.certs")
    )
    digits = b"".join(buffers.get("tls.cert_serial", ())).replace(b":", b"").decode("latin-1")
    serial = bytes.fromhex(digits) if digits and not set(digits) - set("0123456789ABCDEFabcdef") else b"\1"
    signed = _der(0x30, _oid(_SIGNED), _der(5))
    number = _der(0x30, _der(2, b"\0" + b"\xab" * 128), _der(2, b"\1\0\1"))
    key = _der(0x30, _der(0x30, _oid(_KEY), _der(5)), _der(3, b"\0" + number))
    valid = _der(0x30, _der(0x17, b"200101000000Z"), _der(0x17, b"300101000000Z"))
    more = _der(0xA3, _der(0x30, _der(0x30, _oid("551d11"), _der(4, extra)))) if extra else b""
    about = (
        _der(0xA0, _der(2, b"\2")),
        _der(2, serial),
        signed,
        _name(issuer),
        valid,
        _name(subject),
        key,
        more,
    )
    return _der(0x30, _der(0x30, *about), signed, _der(3, b"\0" + b"\xcd" * 128))


def _name(octets: bytes) -> bytes:
    """A distinguished name of `CN=a, O=b`; what has no such form is a common name."""
    parts = []
    for part in (octets.decode("latin-1") or "CN=x").split(", "):
        kind, _, value = part.partition("=")
        known = kind in _NAMES
        text = _der(19 if kind == "C" else 12, (value if known else part).encode("latin-1"))
        parts.append(_der(0x31, _der(0x30, _oid(_NAMES[kind if known else _COMMON_NAME]), text)))
    return _der(0x30, *parts)


def _oid(digits: str) -> bytes:
    return _der(6, bytes.fromhex(digits))


def _der(tag: int, *parts: bytes) -> bytes:
    octets = b"".join(parts)
    size = len(octets)
    if size < 128:
        return bytes((tag, size)) + octets
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(long))) + long + octets
