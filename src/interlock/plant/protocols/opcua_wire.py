"""OPC UA binary: fields, messages and the secure channel that both sides of a conversation share.

Source: OPC 10000-6 clauses 5 (encoding) and 7 (connection protocol).
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.opcua_security import (
    CIPHER_BLOCK,
    PLAIN_BLOCK,
    POLICY,
    SYMMETRIC_BLOCK,
    filled,
    unfilled,
)

if TYPE_CHECKING:
    from interlock.plant.protocols.opcua_security import Guard, Keys

__all__ = [
    "ACTIVATE_SESSION",
    "ANONYMOUS",
    "BROWSE",
    "CLOSE_CHANNEL",
    "CLOSE_SESSION",
    "CREATE_SESSION",
    "DOUBLE",
    "FAULT",
    "GET_ENDPOINTS",
    "MOST_ITEMS",
    "NAMESPACE",
    "OPEN_CHANNEL",
    "POLICY_NONE",
    "READ",
    "USER_NAME",
    "VALUE",
    "WRITE",
    "Channel",
    "Reader",
    "localized",
    "node",
    "octet_string",
    "text",
    "type_id",
]

NAMESPACE: Final = 2
POLICY_NONE: Final = "http://opcfoundation.org/UA/SecurityPolicy#None"
VALUE: Final = 13
DOUBLE: Final = 11
FAULT: Final = 397
GET_ENDPOINTS: Final = 428
OPEN_CHANNEL: Final = 446
CLOSE_CHANNEL: Final = 452
CREATE_SESSION: Final = 461
ACTIVATE_SESSION: Final = 467
CLOSE_SESSION: Final = 473
BROWSE: Final = 527
READ: Final = 631
WRITE: Final = 673
ANONYMOUS: Final = 321
USER_NAME: Final = 324
MOST_ITEMS: Final = 200
_DIGEST: Final = 32
"""Octets of a signature by HMAC-SHA256."""


def text(value: str | None) -> bytes:
    """A String."""
    if value is None:
        return b"\xff\xff\xff\xff"
    octets = value.encode("utf-8")
    return struct.pack("<i", len(octets)) + octets


def octet_string(octets: bytes) -> bytes:
    """A ByteString."""
    return struct.pack("<i", len(octets)) + octets


def localized(value: str) -> bytes:
    """A LocalizedText without a locale."""
    return b"\x02" + text(value)


def type_id(number: int) -> bytes:
    """The NodeId that a message begins with."""
    return struct.pack("<BBH", 1, 0, number)


def node(name: str, namespace: int = NAMESPACE) -> bytes:
    """A NodeId with a string identifier."""
    return struct.pack("<BH", 3, namespace) + text(name)


class Reader:
    """Reads a message's fields. Raises ValueError where it ends early."""

    def __init__(self, octets: bytes, at: int = 0) -> None:
        self.octets = octets
        self.at = at

    def take(self, count: int) -> bytes:
        """So many octets."""
        if count < 0 or self.at + count > len(self.octets):
            raise ValueError("a message that ends early")
        self.at += count
        return self.octets[self.at - count : self.at]

    def number(self, form: str) -> int:
        """A whole number, as struct spells its form."""
        return int(struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0])

    def text(self) -> str:
        """A String; the null string is empty."""
        return self.octets_of().decode("utf-8", "replace")

    def octets_of(self) -> bytes:
        """A ByteString; the null one is empty."""
        return self.take(max(self.number("i"), 0))

    def node(self) -> str:
        """Identifier of a NodeId as text."""
        kind = self.number("B")
        if kind == 0:
            return str(self.number("B"))
        if kind == 1:
            self.take(1)
            return str(self.number("H"))
        if kind == 2:
            self.take(2)
            return str(self.number("I"))
        if kind not in (3, 5):
            raise ValueError("a node identifier of a kind that is not spoken here")
        self.take(2)
        return self.text()

    def request_header(self) -> tuple[bytes, int]:
        """Authentication token as it stands on the wire, and the request's handle."""
        begin = self.at
        self.node()
        token = self.octets[begin : self.at]
        self.take(8)
        handle = self.number("I")
        self.take(4)
        self.text()
        self.take(4)
        self.node()
        self.take(1)
        return token, handle


class Channel:
    """One side of a secure channel. guard: by what it is secured; None: policy None, everything is said in clear."""

    def __init__(self, guard: Guard | None = None) -> None:
        self.channel = self.token = 0
        self.sequence = 0
        self.guard = guard
        self._keys: Keys | None = None

    def agree(self, ours: bytes, theirs: bytes) -> None:
        """Keys for what is said from now on, from the nonces of both openings."""
        self._keys = self.guard.agree(ours, theirs) if self.guard else None

    def opening(self, request: int, body: bytes) -> bytes:
        """OpenSecureChannel, or its answer."""
        guard = self.guard
        if guard is None:
            return self._chunk(
                b"OPN", text(POLICY_NONE) + text(None) + text(None), self._next(request) + body
            )
        thumbprint = hashlib.sha1(guard.peer, usedforsecurity=False).digest()
        security = text(POLICY) + octet_string(guard.certificate) + octet_string(thumbprint)
        plain = filled(self._next(request) + body, CIPHER_BLOCK, PLAIN_BLOCK)
        blocks = (len(plain) + CIPHER_BLOCK) // PLAIN_BLOCK
        head = self._head(b"OPN", len(security) + blocks * CIPHER_BLOCK) + security
        return head + guard.encipher(plain + guard.sign(head + plain))

    def service(self, request: int, body: bytes, kind: bytes = b"MSG") -> bytes:
        """A service message, one chunk, final."""
        token, plain = struct.pack("<I", self.token), self._next(request) + body
        if self._keys is None:
            return self._chunk(kind, token, plain)
        size = len(filled(plain, _DIGEST, SYMMETRIC_BLOCK)) + _DIGEST
        head = self._head(kind, 4 + size) + token
        return head + self._keys.seal(head, plain)

    def clear(self, message: bytes) -> bytes:
        """What the other side has said as it would be without security. Raises ValueError where it didn't say that."""
        if message[:3] == b"OPN" and self.guard is not None:
            reader = Reader(message, 12)
            reader.text()
            if reader.octets_of() != self.guard.peer:
                raise ValueError("somebody else's certificate")
            reader.octets_of()
            head, plain = message[: reader.at], self.guard.decipher(message[reader.at :])
            self.guard.check(head + plain[:-CIPHER_BLOCK], plain[-CIPHER_BLOCK:])
            return head + unfilled(plain[:-CIPHER_BLOCK])
        if self._keys is None or message[:3] not in (b"MSG", b"CLO"):
            return message
        return message[:16] + self._keys.unseal(message[:16], message[16:])

    def _next(self, request: int) -> bytes:
        self.sequence += 1
        return struct.pack("<II", self.sequence, request)

    def _head(self, kind: bytes, size: int) -> bytes:
        return kind + b"F" + struct.pack("<II", 12 + size, self.channel)

    def _chunk(self, kind: bytes, security: bytes, plain: bytes) -> bytes:
        return self._head(kind, len(security) + len(plain)) + security + plain
