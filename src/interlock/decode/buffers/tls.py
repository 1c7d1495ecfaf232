"""TLS handshakes as buffers: what hellos ask and choose, their fingerprints, and the server's certificates.

    record    | type 1 | version 2 | length 2 | fragment … |
    handshake | type 1 | length 3 | body … |

Source: RFC 8446, RFC 5246; names as in the Suricata user guide, TLS and JA keywords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.x509 import certificate_buffers, certificate_dates
from interlock.decode.protocols.tls.hello import (
    SERVER_NAME,
    ja3_of,
    ja3_text,
    ja3s_text,
    ja4,
    read_client_hello,
    read_server_hello,
)
from interlock.decode.protocols.tls.reader import Reader as Vectors
from interlock.errors import DecodeError
from interlock.records.buffers import CHUNKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.buffers.sink import Sink

__all__ = ["TlsReader"]

HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 20, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
MAX_HANDSHAKE: Final = 65_536
MOST_CERTIFICATES: Final = 16
_HEADER, _LONGEST = 5, 18_432
_STATES: Final = {1: b"client_hello", 2: b"server_hello", 12: b"server_keyx", 16: b"client_keyx"}
"""Handshake type → Suricata's word."""
_ALPN: Final = 16
_RANDOM: Final = slice(2, 34)
_RECORDS: Final = "tls.records"
_OF_CERTIFICATES: Final = ("tls.cert_", "tls.subjectaltname")
_VERSIONS: Final = {0x0300: b"SSLv3", 0x0301: b"1.0", 0x0302: b"1.1", 0x0303: b"1.2", 0x0304: b"1.3"}


class TlsReader:
    """One connection, up to where each side begins to encrypt."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = [b"", b""]
        self._parts = [b"", b""]
        self._over = [False, False]
        self._changed = [False, False]
        self._count = 0
        self._sent = [b"", b""]
        self._made = self._heard = False
        self._told: set[tuple[int, int]] = set()

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        sink = self._sink
        if octets and not self._heard and CHUNKED in sink.asked and sink.opened and sink.serves(side):
            return False  # Suricata reads no further where the server of an opened connection is heard first
        self._heard |= bool(octets)
        if lost:
            self._over[side] = True
        if not self._over[side]:
            self._read(side, octets)
        return not all(self._over)

    def end(self) -> None:
        """See Reader.end."""

    def _read(self, side: int, octets: bytes) -> None:
        """With what the octets complete goes, where somebody asks for it, all that its side has sent until then."""
        self._made = False
        if _RECORDS in self._sink.asked:
            self._sent[side] += octets[: MAX_HANDSHAKE - len(self._sent[side])]
        self._records(side, self._held[side] + octets)
        if self._made:
            self._sink.put(side, max(self._count, 1), _RECORDS, self._sent[side])
        if self._over[side]:
            self._sent[side] = b""

    def _records(self, side: int, data: bytes) -> None:
        at = 0
        while len(data) - at >= _HEADER and not self._over[side]:
            kind, size = data[at], int.from_bytes(data[at + 3 : at + 5], "big")
            if kind in (CHANGE_CIPHER_SPEC, APPLICATION_DATA) or data[at + 1] != 3 or size > _LONGEST:
                self._over[side] = True
                self._enciphers(side, kind)
                break
            if len(data) - at - _HEADER < size:
                break
            if kind == HANDSHAKE:
                self._handshake(side, data[at + _HEADER : at + _HEADER + size])
            at += _HEADER + size
        self._held[side] = b"" if self._over[side] else data[at:]

    def _enciphers(self, side: int, kind: int) -> None:
        """From data on, or where both have changed their ciphers, rules about octets have nothing to look at."""
        self._changed[side] |= kind == CHANGE_CIPHER_SPEC
        if kind == APPLICATION_DATA or all(self._changed):
            self._sink.seal()

    def _handshake(self, side: int, octets: bytes) -> None:
        data = self._parts[side] + octets
        at = 0
        while len(data) - at >= 4:
            size = int.from_bytes(data[at + 1 : at + 4], "big")
            if size > MAX_HANDSHAKE:
                self._over[side] = True
                return
            if len(data) - at - 4 < size:
                break
            try:
                self._one(side, data[at], data[at + 4 : at + 4 + size])
            except DecodeError:
                self._over[side] = True  # its decoder says so
                return
            at += 4 + size
        self._parts[side] = data[at:]

    def _one(self, side: int, kind: int, body: bytes) -> None:
        if kind == CLIENT_HELLO:
            self._count += 1
        made: Iterator[tuple[str, bytes]] = iter(())
        if kind in (CLIENT_HELLO, SERVER_HELLO) and len(body) >= _RANDOM.stop:
            # | version 2 | random 32 | … (RFC 8446 clause 4.1)
            for name, octets in (("", body[_RANDOM]), ("_time", body[2:6]), ("_bytes", body[6:34])):
                self._sink.put(side, max(self._count, 1), f"tls.random{name}", octets)
        if (side, kind) in self._told:
            pass  # Suricata keeps what came first of a side's hellos and certificates (src/app-layer-ssl.c)
        elif kind == CLIENT_HELLO:
            made = _client(body, asked=CHUNKED in self._sink.asked)
        elif kind == SERVER_HELLO:
            made = _server(body)
        elif kind == CERTIFICATE:
            made = self._certificates(body)
        if kind != SERVER_HELLO:
            self._told.add((side, kind))
        self._made = True
        if kind in _STATES:
            self._sink.put(side, max(self._count, 1), "tls.state", _STATES[kind])
        for buffer, octets in made:
            self._sink.put(side, max(self._count, 1), buffer, octets)

    def _certificates(self, body: bytes) -> Iterator[tuple[str, bytes]]:
        """| all 3 | size 3 | DER … | … |; the first is the server's own (RFC 5246 clause 7.4.2)."""
        chain = Vectors(Vectors(body).vector(3))
        number = 0
        while number < MOST_CERTIFICATES and chain.left() >= 3:
            octets = chain.vector(3)
            yield "tls.certs", octets
            if not number and any(name.startswith(_OF_CERTIFICATES) for name in self._sink.asked):
                yield from certificate_buffers(octets)
                yield from certificate_dates(octets, self._sink.moment.time)
            number += 1
        yield "tls.cert_chain_len", str(number).encode()


def _client(body: bytes, *, asked: bool) -> Iterator[tuple[str, bytes]]:
    """asked: rules ask for the version of a client's hello, too: the one that it would like most."""
    try:
        hello = read_client_hello(body)
    except DecodeError:
        if name := _name_before_damage(body):
            yield "tls.sni", name
        raise
    if asked and (liked := next(filter(_VERSIONS.get, hello.versions), hello.version)) in _VERSIONS:
        yield "tls.version", _VERSIONS[liked]
    if hello.server_name:
        yield "tls.sni", hello.server_name.encode("utf-8", "backslashreplace")
    text = ja3_text(hello)
    yield "ja3.string", text.encode()
    yield "ja3.hash", ja3_of(text).encode()
    yield "ja4.hash", ja4(hello).encode()
    yield from (("tls.alpn", name) for name in hello.protocols)


def _name_before_damage(body: bytes) -> bytes:
    """The server's name in a client's hello that cannot be read whole; nothing where it is not there.

    Lengths of lists in extensions are passed over, as Suricata does (src/app-layer-ssl.c): who spoils them hides
    no name.
    """
    reader = Vectors(body, 34)
    for width in (1, 2, 1):
        reader.vector(width)
    if reader.number(2) > reader.left():
        return b""
    while reader.left() >= 4:
        kind, size = reader.number(2), reader.number(2)
        if size > reader.left():
            break
        if kind == SERVER_NAME:
            reader.take(2)
            return b"" if reader.number(1) else reader.vector(2)
        reader.take(size)
    return b""


def _server(body: bytes) -> Iterator[tuple[str, bytes]]:
    hello = read_server_hello(body)
    text = ja3s_text(hello)
    yield "ja3s.string", text.encode()
    yield "ja3s.hash", ja3_of(text).encode()
    if hello.version in _VERSIONS:
        yield "tls.version", _VERSIONS[hello.version]
    if chosen := hello.extensions.get(_ALPN):
        yield "tls.alpn", Vectors(Vectors(chosen).vector(2)).vector(1)
