"""ClientHello and ServerHello: what they offer and choose, and a client's fingerprints JA3 and JA4.

Source: RFC 8446 clauses 4.1 and 4.2, RFC 5246 clause 7.4.1, RFC 6066 clause 3, RFC 7301, RFC 8701 (GREASE);
JA3 as published by Salesforce, JA4 (client) as published by FoxIO under BSD-3-Clause.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from interlock.decode.protocols.tls.reader import Reader, numbers
from interlock.errors import DecodeError

__all__ = [
    "RETRY_RANDOM",
    "ClientHello",
    "ServerHello",
    "ja3",
    "ja3_of",
    "ja3_text",
    "ja3s_text",
    "ja4",
    "read_client_hello",
    "read_server_hello",
    "read_ssl2_hello",
    "version_name",
]

SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES, ALPN, VERSIONS = 0, 10, 11, 13, 16, 43
MAX_EXTENSIONS = 512
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446 4.1.3)."""

_VERSIONS = {0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv1.0", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2",
             0x0304: "TLSv1.3"}  # fmt: skip
_JA4_VERSIONS = {0x0002: "s2", 0x0300: "s3", 0x0301: "10", 0x0302: "11", 0x0303: "12", 0x0304: "13"}


@dataclass(slots=True)
class ClientHello:
    """What a client offers. extensions: types in their order; versions: of supported_versions."""

    version: int
    suites: tuple[int, ...]
    extensions: tuple[int, ...] = ()
    server_name: str | None = None
    groups: tuple[int, ...] = ()
    point_formats: tuple[int, ...] = ()
    signatures: tuple[int, ...] = ()
    protocols: tuple[bytes, ...] = ()
    versions: tuple[int, ...] = ()

    def highest(self) -> int:
        """The highest version offered."""
        return max((v for v in self.versions if not _grease(v)), default=self.version)


@dataclass(slots=True)
class ServerHello:
    """What a server chose. retry: it asks for another ClientHello. legacy_version: what its own field says."""

    version: int
    suite: int
    retry: bool
    extensions: dict[int, bytes] = field(default_factory=dict)
    legacy_version: int = 0


def version_name(version: int) -> str:
    """`TLSv1.2` for 0x0303; drafts of 1.3 by their number; others `0xabcd`."""
    if version >> 8 == 0x7F:
        return f"TLSv1.3 draft {version & 0xFF}"
    return _VERSIONS.get(version, f"0x{version:04x}")


def read_client_hello(body: bytes) -> ClientHello:
    """Read a handshake message of type 1 without its header. Raises DecodeError."""
    reader = Reader(body)
    version = reader.number(2)
    reader.take(32)
    reader.vector(1)
    suites = numbers(reader.vector(2))
    reader.vector(1)
    hello = ClientHello(version, suites)
    if reader.left() >= 2:
        found = _extensions(reader.vector(2))
        hello.extensions = tuple(kind for kind, _ in found)
        _understand(hello, dict(reversed(found)))
    return hello


def _extensions(octets: bytes) -> list[tuple[int, bytes]]:
    reader = Reader(octets)
    found: list[tuple[int, bytes]] = []
    while reader.left() >= 4:
        if len(found) == MAX_EXTENSIONS:
            raise DecodeError("too-many-extensions", reader.at)
        kind = reader.number(2)
        found.append((kind, reader.vector(2)))
    return found


def _understand(hello: ClientHello, extensions: dict[int, bytes]) -> None:
    if SERVER_NAME in extensions:
        hello.server_name = _server_name(extensions[SERVER_NAME])
    hello.groups = numbers(_inner(extensions, GROUPS, 2))
    hello.point_formats = tuple(_inner(extensions, POINT_FORMATS, 1))
    hello.signatures = numbers(_inner(extensions, SIGNATURES, 2))
    hello.versions = numbers(_inner(extensions, VERSIONS, 1))
    reader, offered = Reader(_inner(extensions, ALPN, 2)), []
    while reader.left():
        offered.append(reader.vector(1))
    hello.protocols = tuple(offered)


def _inner(extensions: dict[int, bytes], kind: int, width: int) -> bytes:
    octets = extensions.get(kind)
    return Reader(octets).vector(width) if octets else b""


def _server_name(octets: bytes) -> str | None:
    """The first host name of the list."""
    reader = Reader(octets)
    if reader.left() < 2:
        return None
    entries = Reader(reader.vector(2))
    while entries.left() >= 3:
        kind, name = entries.number(1), entries.vector(2)
        if kind == 0:
            return name.decode("ascii", "backslashreplace")[:255]
    return None


def read_ssl2_hello(message: bytes) -> ClientHello:
    """Read a ClientHello in SSL 2.0's form: | length 2 | 1 | version 2 | three lengths 2 | specs of 3 … |."""
    reader = Reader(message, 3)
    version, size = reader.number(2), reader.number(2)
    reader.take(4)
    specs = reader.take(size)
    suites = [int.from_bytes(specs[k : k + 3], "big") for k in range(0, len(specs) - 2, 3)]
    return ClientHello(version, tuple(s for s in suites if s <= 0xFFFF))


def read_server_hello(body: bytes) -> ServerHello:
    """Read a handshake message of type 2 without its header. Raises DecodeError."""
    reader = Reader(body)
    legacy, random = reader.number(2), reader.take(32)
    version = legacy
    reader.vector(1)
    suite = reader.number(2)
    reader.take(1)
    extensions = dict(_extensions(reader.vector(2))) if reader.left() >= 2 else {}
    chosen = extensions.get(VERSIONS, b"")
    if len(chosen) == 2:
        version = int.from_bytes(chosen, "big")
    return ServerHello(version, suite, random == RETRY_RANDOM, extensions, legacy)


def _grease(number: int) -> bool:
    """RFC 8701: 0x0A0A, 0x1A1A, … 0xFAFA mean nothing."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def ja3(hello: ClientHello) -> str:
    """MD5 of `ja3_text`."""
    return ja3_of(ja3_text(hello))


def ja3_text(hello: ClientHello) -> str:
    """Version, suites, extensions, groups and point formats, decimal, without GREASE."""
    lists = (hello.suites, hello.extensions, hello.groups, hello.point_formats)
    parts = ["-".join(str(n) for n in numbers_ if not _grease(n)) for numbers_ in lists]
    return ",".join([str(hello.version), *parts])


def ja3s_text(hello: ServerHello) -> str:
    """The version in the ServerHello's own field, suite and extensions, decimal (JA3S)."""
    extensions = "-".join(str(n) for n in hello.extensions if not _grease(n))
    return f"{hello.legacy_version},{hello.suite},{extensions}"


def ja3_of(text: str) -> str:
    """The fingerprint that a text of JA3 or JA3S stands for: its MD5, hexadecimal."""
    return hashlib.md5(text.encode("ascii"), usedforsecurity=False).hexdigest()


def ja4(hello: ClientHello) -> str:
    """JA4_a (transport, version, SNI, counts, ALPN), JA4_b (suites sorted), JA4_c (extensions sorted, signatures)."""
    suites = sorted(f"{n:04x}" for n in hello.suites if not _grease(n))
    kinds = [n for n in hello.extensions if not _grease(n)]
    version = _JA4_VERSIONS.get(hello.highest(), "00")
    named = "d" if SERVER_NAME in kinds else "i"
    first = f"t{version}{named}{min(len(suites), 99):02d}{min(len(kinds), 99):02d}{_alpn(hello.protocols)}"
    shown = ",".join(sorted(f"{n:04x}" for n in kinds if n not in (SERVER_NAME, ALPN)))
    signatures = ",".join(f"{n:04x}" for n in hello.signatures if not _grease(n))
    last = _digest(f"{shown}_{signatures}" if signatures else shown) if kinds else "0" * 12
    return f"{first}_{_digest(','.join(suites)) if suites else '0' * 12}_{last}"


def _alpn(protocols: tuple[bytes, ...]) -> str:
    """First and last character of the first protocol; of its hexadecimal form where they are not alphanumeric."""
    if not protocols or not protocols[0]:
        return "00"
    first = protocols[0]
    ends = first[:1] + first[-1:]
    if ends.isalnum():
        return ends.decode("ascii")
    shown = first.hex()
    return shown[0] + shown[-1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]
