"""TLS as it looks from outside: version 1.2, ECDHE by X25519, a server's certificate in clear, then opaque records.

    client: ClientHello                                  → server: ServerHello, Certificate, ServerKeyExchange, Done
    client: ClientKeyExchange, ChangeCipherSpec, Finished → server: ChangeCipherSpec, Finished; then application data

The living plant's is the interpreter's own (plant/living/desktop_tls.py). The twin's, here, has the same messages and
lengths and is equal for equal seeds; it keeps nothing secret.
Source: RFC 5246, RFC 8422, RFC 5288 (lengths of AES-GCM).
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.plant.draws import Draws

__all__ = ["TlsClient", "TlsServer", "TwinTlsClient", "TwinTlsServer", "records"]

_CHANGE, _HANDSHAKE, _DATA = 20, 22, 23
_SUITES: Final = (0xC02F, 0xC030, 0xC027, 0xC028, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035)
_TAG: Final = 16
_NONCE: Final = 8
_MOST: Final = 16384
_FINISHED: Final = 16
_SIGNATURE: Final = 256


class TlsClient(Protocol):
    """A client's side of one connection."""

    def begin(self) -> bytes:
        """Its first flight."""
        ...

    def take(self, octets: bytes) -> bytes:
        """Its next flight, to what the server said; nothing once both agree. Raises ValueError where they don't."""
        ...

    def seal(self, octets: bytes) -> bytes:
        """Application data, as records."""
        ...


class TlsServer(Protocol):
    """A server's side of one connection."""

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """What to say to what came, and application data that was in it. Raises ValueError where it is no TLS."""
        ...

    def seal(self, octets: bytes) -> bytes:
        """Application data, as records."""
        ...


def records(octets: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Whole records: kind, content, and where the next one begins. Raises ValueError where there is none."""
    at = 0
    while len(octets) - at >= 5:
        kind, version, size = struct.unpack_from("!BHH", octets, at)
        if kind not in (_CHANGE, 21, _HANDSHAKE, _DATA) or version >> 8 != 3 or size > _MOST + 2048:
            raise ValueError("not a TLS record")
        if len(octets) - at - 5 < size:
            return
        at += 5 + size
        yield kind, octets[at - size : at], at


def _record(kind: int, content: bytes, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", kind, version, len(content)) + content


def _message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack("!HH", kind, len(body)) + body


def _extensions(*extensions: bytes) -> bytes:
    whole = b"".join(extensions)
    return struct.pack("!H", len(whole)) + whole


class _Sealed:
    """Both sides' stand-in for AES-128-GCM."""

    def __init__(self) -> None:
        self.key = b""
        self._count = 0

    def seal(self, octets: bytes, kind: int = _DATA) -> bytes:
        """Records that carry octets."""
        parts = [octets[at : at + _MOST] for at in range(0, len(octets), _MOST)]
        return b"".join(_record(kind, self._part(part)) for part in parts)

    def _part(self, plain: bytes) -> bytes:
        self._count += 1
        nonce = hashlib.blake2b(self._count.to_bytes(8, "big"), digest_size=_NONCE, key=self.key).digest()
        return (
            nonce + self._mixed(plain, nonce) + hashlib.blake2b(plain, digest_size=_TAG, key=nonce).digest()
        )

    def _mixed(self, octets: bytes, nonce: bytes) -> bytes:
        stream = hashlib.shake_128(self.key + nonce).digest(len(octets))
        return bytes(a ^ b for a, b in zip(octets, stream, strict=True))

    def unseal(self, content: bytes) -> bytes:
        """What a record carries. Raises ValueError where it wasn't sealed so."""
        nonce, rest, tag = content[:_NONCE], content[_NONCE:-_TAG], content[-_TAG:]
        plain = self._mixed(rest, nonce)
        if (
            len(content) < _NONCE + _TAG
            or hashlib.blake2b(plain, digest_size=_TAG, key=nonce).digest() != tag
        ):
            raise ValueError("a record that the other side has not sealed")
        return plain


class _Side:
    """What both sides do alike."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._rest = b""
        self._sealed = _Sealed()
        self._random = self._some(32)

    def _some(self, count: int) -> bytes:
        return bytes(self._draws.number(8) for _ in range(count))

    def _whole(self, octets: bytes) -> list[tuple[int, bytes]]:
        self._rest += octets
        found, end = [], 0
        for kind, content, end in records(self._rest):  # noqa: B007 (the last one counts)
            found.append((kind, content))
        self._rest = self._rest[end:]
        return found

    def _finished(self) -> bytes:
        return _record(_CHANGE, b"\1") + self._sealed.seal(self._some(_FINISHED), _HANDSHAKE)

    def seal(self, octets: bytes) -> bytes:
        """See TlsClient and TlsServer."""
        return self._sealed.seal(octets)


class TwinTlsClient(_Side):
    """See TlsClient."""

    def begin(self) -> bytes:
        """See TlsClient."""
        suites = struct.pack(f"!H{len(_SUITES)}H", 2 * len(_SUITES), *_SUITES)
        told = _extensions(
            _extension(10, struct.pack("!4H", 6, 29, 23, 24)), _extension(11, b"\x01\x00"),
            _extension(13, struct.pack("!6H", 10, 0x0804, 0x0401, 0x0403, 0x0501, 0x0201)),
            _extension(23, b""), _extension(0xFF01, b"\0"),
        )  # fmt: skip
        hello = _message(1, b"\3\3" + self._random + b"\0" + suites + b"\1\0" + told)
        return _record(_HANDSHAKE, hello, 0x0301)

    def take(self, octets: bytes) -> bytes:
        """See TlsClient."""
        found = self._whole(octets)
        if any(kind == _CHANGE for kind, _ in found):
            return b""
        hello = next((c for k, c in found if k == _HANDSHAKE and c[:1] == b"\2"), None)
        if hello is None:
            raise ValueError("the server does not go on")
        self._sealed.key = self._random + hello[6:38]
        exchange = _record(_HANDSHAKE, _message(16, b"\x20" + self._some(32)))
        return exchange + self._finished()


class TwinTlsServer(_Side):
    """See TlsServer. certificate: X.509, DER."""

    def __init__(self, draws: Draws, certificate: bytes) -> None:
        super().__init__(draws)
        self._certificate = certificate
        self._agreed = self._changed = False

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """See TlsServer."""
        said, data = b"", b""
        for kind, content in self._whole(octets):
            if kind == _HANDSHAKE and content[:1] == b"\1" and not self._sealed.key:
                self._sealed.key = content[6:38] + self._random
                said += self._hello()
            elif kind == _CHANGE:
                self._changed = True
            elif kind == _HANDSHAKE and self._changed and not self._agreed:
                self._sealed.unseal(content)
                self._agreed = True
                said += self._finished()
            elif kind == _DATA and self._agreed:
                data += self._sealed.unseal(content)
            elif kind != _HANDSHAKE or content[:1] != b"\x10":
                raise ValueError("a record that has no place here")
        return said, data

    def _hello(self) -> bytes:
        told = _extensions(_extension(11, b"\x01\x00"), _extension(23, b""), _extension(0xFF01, b"\0"))
        hello = _message(
            2, b"\3\3" + self._random + b"\x20" + self._some(32) + struct.pack("!HB", _SUITES[0], 0) + told
        )
        one = len(self._certificate).to_bytes(3, "big") + self._certificate
        chain = _message(11, len(one).to_bytes(3, "big") + one)
        exchange = (
            b"\x03\x00\x1d\x20"
            + self._some(32)
            + struct.pack("!HH", 0x0401, _SIGNATURE)
            + self._some(_SIGNATURE)
        )
        messages = (hello, chain, _message(12, exchange), _message(14, b""))
        return b"".join(_record(_HANDSHAKE, message) for message in messages)
