"""OPC UA binary: fields, messages and the secure channel that both sides of a conversation share.

Source: OPC 10000-6 clauses 5 (encoding) and 7 (connection protocol).
"""

from __future__ import annotations

import struct
from typing import Final

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


def text(value: str | None) -> bytes:
    """A String."""
    if value is None:
        return b"\xff\xff\xff\xff"
    octets = value.encode("utf-8")
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
        length = self.number("i")
        return self.take(max(length, 0)).decode("utf-8", "replace")

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
    """Numbers of one side of a secure channel."""

    def __init__(self) -> None:
        self.channel = self.token = 0
        self.sequence = 0

    def message(self, kind: bytes, request: int, body: bytes, security: bytes) -> bytes:
        """One chunk, final."""
        self.sequence += 1
        rest = security + struct.pack("<II", self.sequence, request) + body
        return kind + b"F" + struct.pack("<II", 12 + len(rest), self.channel) + rest

    def service(self, request: int, body: bytes) -> bytes:
        """A service message."""
        return self.message(b"MSG", request, body, struct.pack("<I", self.token))
