"""OPC UA binary over TCP, policy None or Basic256Sha256: a client's messages, and what answers to them say.

Source: OPC 10000-4 (services), 10000-6.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from interlock.plant.protocols.opcua_security import CIPHER_BLOCK, OAEP, RSA_SHA256
from interlock.plant.protocols.opcua_wire import (
    ACTIVATE_SESSION,
    ANONYMOUS,
    BROWSE,
    CLOSE_CHANNEL,
    CREATE_SESSION,
    DOUBLE,
    GET_ENDPOINTS,
    MOST_ITEMS,
    OPEN_CHANNEL,
    READ,
    USER_NAME,
    VALUE,
    WRITE,
    Channel,
    Reader,
    localized,
    node,
    octet_string,
    text,
    type_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.protocols.opcua_security import Guard

__all__ = ["Client", "doubles_of", "number_of"]


def number_of(message: bytes) -> int:
    """Type of a service message (Read is 631); 0 where it is none."""
    return (
        int(struct.unpack_from("<H", message, 26)[0]) if len(message) >= 28 and message[:3] == b"MSG" else 0
    )


def doubles_of(message: bytes) -> tuple[float, ...]:
    """Values of a read response. Raises ValueError where it is none, or a value is missing."""
    if number_of(message) != READ + 3:
        raise ValueError(f"no read response: type {number_of(message)}")
    reader = Reader(message, 28)
    reader.take(16)
    reader.take(1)
    reader.take(4)
    reader.take(3)
    found = []
    for _ in range(min(reader.number("i"), MOST_ITEMS)):
        mask = reader.number("B")
        if not mask & 1 or reader.number("B") != DOUBLE:
            raise ValueError("a value that is missing")
        found.append(float(struct.unpack("<d", reader.take(8))[0]))
        reader.take((4 if mask & 2 else 0) + (8 if mask & 4 else 0) + (8 if mask & 8 else 0))
    return tuple(found)


class Client:
    """A client's side: messages in the order in which they are asked for. now: 100 ns since 1601, for time stamps.

    guard: where it speaks signed and enciphered; what it is answered then has to go through `clear` first.
    """

    def __init__(self, url: str, name: str, now: Callable[[], int], guard: Guard | None = None) -> None:
        self._url = url
        self._name = name
        self._now = now
        self._guard = guard
        self._channel = Channel(guard)
        self._requests = 0
        self._token = b"\0\0"
        self._nonce = self._server_nonce = b""

    def hello(self) -> bytes:
        """HEL."""
        body = struct.pack("<IIIII", 0, 65536, 65536, 0, 0) + text(self._url)
        return b"HELF" + struct.pack("<I", 8 + len(body)) + body

    def open(self, *, again: bool = False) -> bytes:
        """OpenSecureChannel, an hour. again: another hour, under new keys."""
        self._requests += 1
        mode, nonce = 1, text(None)
        if self._guard is not None:
            self._nonce = self._guard.nonce()
            mode, nonce = 3, octet_string(self._nonce)
        asked = struct.pack("<III", 0, again, mode) + nonce + struct.pack("<I", 3_600_000)
        return self._channel.opening(self._requests, type_id(OPEN_CHANNEL) + self._header() + asked)

    def clear(self, message: bytes) -> bytes:
        """An answer as it would be without security. Raises ValueError where the server didn't say that."""
        return self._channel.clear(message)

    def opened(self, message: bytes) -> None:
        """Take channel and token from the answer. Raises ValueError where it is none."""
        if message[:3] != b"OPN":
            raise ValueError("no secure channel")
        reader = Reader(self.clear(message), 12)
        for _ in range(3):
            reader.octets_of()
        reader.take(8 + 4 + 16 + 1 + 4 + 3 + 4)
        self._channel.channel, self._channel.token = reader.number("I"), reader.number("I")
        reader.take(12)
        self._channel.agree(self._nonce, reader.octets_of())

    def close(self) -> bytes:
        """CloseSecureChannel: nobody answers that."""
        self._requests += 1
        return self._channel.service(self._requests, type_id(CLOSE_CHANNEL) + self._header(), b"CLO")

    def ask(self, number: int, body: bytes) -> bytes:
        """Any service."""
        self._requests += 1
        return self._channel.service(self._requests, type_id(number) + self._header() + body)

    def get_endpoints(self) -> bytes:
        """GetEndpoints."""
        return self.ask(GET_ENDPOINTS, text(self._url) + struct.pack("<ii", 0, 0))

    def create_session(self) -> bytes:
        """CreateSession."""
        application = (
            text(f"urn:{self._name}") + text("urn:practice") + localized(self._name) + struct.pack("<I", 1)
        )
        described = application + text(None) + text(None) + struct.pack("<i", 0)
        rest = text(None) + text(self._url) + text(self._name)
        if self._guard is None:
            rest += text(None) + text(None)
        else:
            self._nonce = self._guard.nonce()
            rest += octet_string(self._nonce) + octet_string(self._guard.certificate)
        return self.ask(CREATE_SESSION, described + rest + struct.pack("<dI", 1_200_000.0, 65536))

    def created(self, message: bytes) -> None:
        """Take the authentication token from the answer. Raises ValueError where it is none, or not the server's."""
        message = self.clear(message)
        if number_of(message) != CREATE_SESSION + 3:
            raise ValueError(f"no session: type {number_of(message)}")
        reader = Reader(message, 28)
        reader.take(24)
        reader.node()
        begin = reader.at
        reader.node()
        self._token = message[begin : reader.at]
        reader.take(8)
        self._server_nonce = reader.octets_of()
        if self._guard is not None:
            signature = message[-4 - CIPHER_BLOCK : -4]  # behind it: the largest request, 4 octets
            self._guard.check(self._guard.certificate + self._nonce, signature)

    def activate_session(self, user: str | None = None, password: str = "") -> bytes:
        """ActivateSession, anonymous where there is no user."""
        signature = text(None) + text(None)
        if self._guard is not None:
            signed = self._guard.sign(self._guard.peer + self._server_nonce)
            signature = text(RSA_SHA256) + octet_string(signed)
        if user is None:
            kind, token = ANONYMOUS, text("anonymous")
        else:
            kind, token = USER_NAME, text("username") + text(user) + self._secret(password)
        extension = type_id(kind) + b"\x01" + octet_string(token)
        nothing = struct.pack("<ii", 0, 0)
        return self.ask(ACTIVATE_SESSION, signature + nothing + extension + text(None) + text(None))

    def _secret(self, password: str) -> bytes:
        """A password and how it is enciphered: not at all where the channel isn't (OPC 10000-4, 7.41.4)."""
        if self._guard is None:
            return text(password) + text(None)
        octets = password.encode("utf-8") + self._server_nonce
        return octet_string(self._guard.encipher(octet_string(octets))) + text(OAEP)

    def read(self, names: Sequence[str]) -> bytes:
        """Read values of nodes."""
        items = b"".join(
            node(n) + struct.pack("<I", VALUE) + text(None) + struct.pack("<H", 0) + text(None) for n in names
        )
        return self.ask(READ, struct.pack("<dIi", 0.0, 0, len(names)) + items)

    def write(self, name: str, value: float) -> bytes:
        """Write the value of a node."""
        item = node(name) + struct.pack("<I", VALUE) + text(None) + struct.pack("<BBd", 1, DOUBLE, value)
        return self.ask(WRITE, struct.pack("<i", 1) + item)

    def browse(self) -> bytes:
        """Browse the folder of objects."""
        view = b"\0\0" + struct.pack("<QI", 0, 0) + struct.pack("<I", 1000)
        described = struct.pack("<BBIBBBII", 0, 85, 0, 0, 33, 1, 0, 63)
        return self.ask(BROWSE, view + struct.pack("<i", 1) + described)

    def _header(self) -> bytes:
        stamp = struct.pack("<qII", self._now(), self._requests, 0)
        return self._token + stamp + text(None) + struct.pack("<I", 10_000) + b"\0\0\0"
