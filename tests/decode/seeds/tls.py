"""RFC 5246 and RFC 8446: a handshake with a certificate, one of version 1.3, a fatal alert."""

from __future__ import annotations

import base64
import struct

from decode.seeds import Seed

CERTIFICATE = base64.b64decode(
    "MIIBFzCBv6ADAgECAgEHMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC3BsYy5leGFtcGxlMB4XDTIwMDEwMTAwMDAwMFoXDTIwMTIz"
    "MTAwMDAwMFowFjEUMBIGA1UEAwwLcGxjLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARjQXG8NY+aN2kz4SkgG2Uo"
    "viijj2I4cMwMyCD4abgUt2OIr0UASEq6AVqmcs6m683qwi7VP6lFr1kbZTMEfImsMAoGCCqGSM49BAMCA0cAMEQCIFczuVB9uRWs"
    "gDnU9SwjU+/ieHamvNwmWJUY0hA/H57MAiBbJy1esxelpjFto31IRBzOBOvwXjWMlYWfBFIRq4gj7g=="
)
"""Self-signed for plc.example, made for this file; nobody has its key."""

_WHY = "everything behind the handshake is encrypted"


def _record(kind: int, fragment: bytes) -> bytes:
    return struct.pack(">BHH", kind, 0x0303, len(fragment)) + fragment


def _handshake(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def _vector(octets: bytes, width: int = 2) -> bytes:
    return len(octets).to_bytes(width, "big") + octets


def _words(*numbers: int) -> bytes:
    return b"".join(n.to_bytes(2, "big") for n in numbers)


def _extension(kind: int, content: bytes) -> bytes:
    return _words(kind) + _vector(content)


def _client(*extensions: bytes) -> bytes:
    suites = _vector(_words(0x0A0A, 0x1301, 0xC02F, 0x0035))
    body = _words(0x0303) + bytes(32) + b"\0" + suites + b"\x01\0" + _vector(b"".join(extensions))
    return _record(22, _handshake(1, body))


def _server(suite: int, *extensions: bytes) -> bytes:
    body = _words(0x0303) + bytes(32) + b"\0" + _words(suite) + b"\0" + _vector(b"".join(extensions))
    return _handshake(2, body)


_NAMED = _extension(0, _vector(b"\0" + _vector(b"plc.example")))
_VERSIONS = _extension(43, _vector(_words(0x0A0A, 0x0304, 0x0303), 1))
_ALPN = _extension(16, _vector(_vector(b"http/1.1", 1)))
_FLIGHT = _server(0xC02F) + _handshake(11, _vector(_vector(CERTIFICATE, 3), 3)) + _handshake(14, b"")
_CHANGE, _DATA = _record(20, b"\x01"), _record(23, b"\xaa" * 16)

SEEDS = (
    Seed(
        name="version-1.2",
        transport="tcp",
        port=443,
        no_join=_WHY,
        messages=(
            (0, _client(_NAMED, _ALPN)),
            (1, _record(22, _FLIGHT[:100])),
            (1, _record(22, _FLIGHT[100:])),
            (0, _CHANGE),
            (0, _record(22, b"\x14\x99\x99\x99secret")),
            (1, _CHANGE),
            (1, _DATA),
            (0, _DATA),
        ),
    ),
    Seed(
        name="version-1.3",
        transport="tcp",
        port=443,
        no_join=_WHY,
        messages=(
            (0, _client(_NAMED, _VERSIONS)),
            (1, _record(22, _server(0x1301, _extension(43, _words(0x0304))))),
            (1, _CHANGE),
            (1, _DATA),
            (0, _DATA),
        ),
    ),
    Seed(
        name="refused",
        transport="tcp",
        port=443,
        no_join=_WHY,
        messages=((0, _client(_NAMED)), (1, _record(21, b"\x02\x28"))),
    ),
)
