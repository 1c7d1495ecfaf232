"""OPC UA binary over TCP, security policy None: a client's messages, and a server whose nodes are an image's tags.

Source: OPC 10000-4 (services), 10000-6 clauses 5 (encoding) and 7 (connection protocol).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.process.tags import State

__all__ = ["Client", "OpcUaServer", "doubles_of", "number_of"]

NAMESPACE: Final = 2
POLICY_NONE: Final = "http://opcfoundation.org/UA/SecurityPolicy#None"
_PROFILE: Final = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
_EPOCH_100NS: Final = 116_444_736_000_000_000
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
_ANONYMOUS: Final = 321
_USER_NAME: Final = 324
_BAD_SERVICE_UNSUPPORTED: Final = 0x800B0000
_BAD_NODE_UNKNOWN: Final = 0x80340000
_BAD_NOT_WRITABLE: Final = 0x803B0000
_BAD_SESSION_ID: Final = 0x80250000
_BAD_IDENTITY_REJECTED: Final = 0x80210000
_MOST_ITEMS: Final = 200


def text(value: str | None) -> bytes:
    """A String."""
    if value is None:
        return b"\xff\xff\xff\xff"
    octets = value.encode("utf-8")
    return struct.pack("<i", len(octets)) + octets


def _localized(value: str) -> bytes:
    return b"\x02" + text(value)


def _type_id(number: int) -> bytes:
    return struct.pack("<BBH", 1, 0, number)


def node(name: str, namespace: int = NAMESPACE) -> bytes:
    """A NodeId with a string identifier."""
    return struct.pack("<BH", 3, namespace) + text(name)


class _Reader:
    """Reads a message's fields. Raises ValueError where it ends early."""

    def __init__(self, octets: bytes, at: int = 0) -> None:
        self.octets = octets
        self.at = at

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.octets):
            raise ValueError("a message that ends early")
        self.at += count
        return self.octets[self.at - count : self.at]

    def number(self, form: str) -> int:
        return int(struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0])

    def text(self) -> str:
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


def number_of(message: bytes) -> int:
    """Type of a service message (Read is 631); 0 where it is none."""
    return (
        int(struct.unpack_from("<H", message, 26)[0]) if len(message) >= 28 and message[:3] == b"MSG" else 0
    )


def doubles_of(message: bytes) -> tuple[float, ...]:
    """Values of a read response. Raises ValueError where it is none, or a value is missing."""
    if number_of(message) != READ + 3:
        raise ValueError(f"no read response: type {number_of(message)}")
    reader = _Reader(message, 28)
    reader.take(16)
    reader.take(1)
    reader.take(4)
    reader.take(3)
    found = []
    for _ in range(min(reader.number("i"), _MOST_ITEMS)):
        mask = reader.number("B")
        if not mask & 1 or reader.number("B") != DOUBLE:
            raise ValueError("a value that is missing")
        found.append(float(struct.unpack("<d", reader.take(8))[0]))
        reader.take((4 if mask & 2 else 0) + (8 if mask & 4 else 0) + (8 if mask & 8 else 0))
    return tuple(found)


class _Channel:
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


class Client:
    """A client's side: messages in the order in which they are asked for. now: 100 ns since 1601, for time stamps."""

    def __init__(self, url: str, name: str, now: Callable[[], int]) -> None:
        self._url = url
        self._name = name
        self._now = now
        self._channel = _Channel()
        self._requests = 0
        self._token = b"\0\0"

    def hello(self) -> bytes:
        """HEL."""
        body = struct.pack("<IIIII", 0, 65536, 65536, 0, 0) + text(self._url)
        return b"HELF" + struct.pack("<I", 8 + len(body)) + body

    def open(self) -> bytes:
        """OpenSecureChannel, an hour."""
        self._requests += 1
        body = (
            _type_id(OPEN_CHANNEL)
            + self._header()
            + struct.pack("<III", 0, 0, 1)
            + text(None)
            + struct.pack("<I", 3_600_000)
        )
        return self._channel.message(
            b"OPN", self._requests, body, text(POLICY_NONE) + text(None) + text(None)
        )

    def opened(self, message: bytes) -> None:
        """Take channel and token from the answer. Raises ValueError where it is none."""
        reader = _Reader(message, 8)
        if message[:3] != b"OPN":
            raise ValueError("no secure channel")
        reader.take(4)
        for _ in range(3):
            reader.text()
        reader.take(8 + 4 + 16 + 1 + 4 + 3 + 4)
        self._channel.channel, self._channel.token = reader.number("I"), reader.number("I")

    def ask(self, number: int, body: bytes) -> bytes:
        """Any service."""
        self._requests += 1
        return self._channel.service(self._requests, _type_id(number) + self._header() + body)

    def get_endpoints(self) -> bytes:
        """GetEndpoints."""
        return self.ask(GET_ENDPOINTS, text(self._url) + struct.pack("<ii", 0, 0))

    def create_session(self) -> bytes:
        """CreateSession."""
        application = (
            text(f"urn:{self._name}") + text("urn:practice") + _localized(self._name) + struct.pack("<I", 1)
        )
        described = application + text(None) + text(None) + struct.pack("<i", 0)
        rest = text(None) + text(self._url) + text(self._name) + text(None) + text(None)
        return self.ask(CREATE_SESSION, described + rest + struct.pack("<dI", 1_200_000.0, 65536))

    def created(self, message: bytes) -> None:
        """Take the authentication token from the answer. Raises ValueError where it is none."""
        if number_of(message) != CREATE_SESSION + 3:
            raise ValueError(f"no session: type {number_of(message)}")
        reader = _Reader(message, 28)
        reader.take(24)
        reader.node()
        begin = reader.at
        reader.node()
        self._token = message[begin : reader.at]

    def activate_session(self, user: str | None = None, password: str = "") -> bytes:
        """ActivateSession, anonymous where there is no user."""
        nothing = text(None) + text(None) + struct.pack("<ii", 0, 0)
        if user is None:
            kind, token = _ANONYMOUS, text("anonymous")
        else:
            kind, token = _USER_NAME, text("username") + text(user) + text(password) + text(None)
        extension = _type_id(kind) + b"\x01" + struct.pack("<i", len(token)) + token
        return self.ask(ACTIVATE_SESSION, nothing + extension + text(None) + text(None))

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


class OpcUaServer:
    """A server. nodes: node name → tag; writable: names that clients may write.

    users: user → password of those who may write; anonymous sessions may read. wrote: told of every accepted write.
    """

    def __init__(
        self,
        image: State,
        nodes: dict[str, str],
        writable: frozenset[str],
        url: str,
        now: Callable[[], int],
        users: dict[str, str] | None = None,
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
    ) -> None:
        self.image = image
        self.nodes = nodes
        self.writable = writable
        self.url = url
        self.now = now
        self.users = users or {}
        self.wrote = wrote
        self.channels = 0

    def open(self) -> _Connection:
        """See Service."""
        self.channels += 1
        return _Connection(self, self.channels)


class _Connection:
    def __init__(self, server: OpcUaServer, number: int) -> None:
        self._server = server
        self._number = number
        self._channel = _Channel()
        self._session = struct.pack("<BHI", 2, 1, 1000 + number)
        self._token = struct.pack("<BHI", 2, 1, 0x51A70000 + number * 7919)
        self._active = self._may_write = False
        self._rest = b""
        self._services: dict[int, Callable[[_Reader], bytes]] = {
            GET_ENDPOINTS: self._endpoints, CREATE_SESSION: self._create, ACTIVATE_SESSION: self._activate,
            CLOSE_SESSION: self._close, BROWSE: self._browse, READ: self._read, WRITE: self._write,
        }  # fmt: skip

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't OPC UA: the server closes."""
        self._rest += octets
        answers: list[bytes] = []
        while len(self._rest) >= 8:
            kind, size = self._rest[:3], struct.unpack_from("<I", self._rest, 4)[0]
            if kind not in (b"HEL", b"OPN", b"MSG", b"CLO") or not 8 <= size <= 65536:
                raise ValueError("not an OPC UA message")
            if len(self._rest) < size:
                break
            message, self._rest = self._rest[:size], self._rest[size:]
            answers += self._one(kind, message)
        return answers

    def _one(self, kind: bytes, message: bytes) -> list[bytes]:
        if kind == b"HEL":
            return [b"ACKF" + struct.pack("<IIIIII", 28, 0, 65536, 65536, 0, 0)]
        if kind == b"CLO":
            return []
        reader = _Reader(message, 12)
        if kind == b"OPN":
            return [self._open(reader)]
        reader.take(8)
        request = reader.number("I")
        number = int(reader.node())
        token, handle = reader.request_header()
        service = self._services.get(number)
        if service is None:
            return [self._answer(request, handle, FAULT, b"", _BAD_SERVICE_UNSUPPORTED)]
        if number not in (GET_ENDPOINTS, CREATE_SESSION) and token != self._token:
            return [self._answer(request, handle, FAULT, b"", _BAD_SESSION_ID)]
        if number in (READ, WRITE, BROWSE) and not self._active:
            return [self._answer(request, handle, FAULT, b"", _BAD_SESSION_ID)]
        body = service(reader)
        if number == ACTIVATE_SESSION and not self._active:
            return [self._answer(request, handle, FAULT, b"", _BAD_IDENTITY_REJECTED)]
        return [self._answer(request, handle, number + 3, body)]

    def _answer(self, request: int, handle: int, number: int, body: bytes, status: int = 0) -> bytes:
        header = (
            struct.pack("<qIIB", self._server.now(), handle, status, 0) + struct.pack("<i", -1) + b"\0\0\0"
        )
        return self._channel.service(request, _type_id(number) + header + body)

    def _open(self, reader: _Reader) -> bytes:
        for _ in range(3):
            reader.text()
        reader.take(4)
        request = reader.number("I")
        reader.node()
        _, handle = reader.request_header()
        channel = self._channel
        channel.channel, channel.token = self._number, channel.token + 1
        header = struct.pack("<qIIB", self._server.now(), handle, 0, 0) + struct.pack("<i", -1) + b"\0\0\0"
        token = struct.pack("<IIqI", channel.channel, channel.token, self._server.now(), 3_600_000)
        body = _type_id(OPEN_CHANNEL + 3) + header + struct.pack("<I", 0) + token + text(None)
        return channel.message(b"OPN", request, body, text(POLICY_NONE) + text(None) + text(None))

    def _endpoint(self) -> bytes:
        application = (
            text("urn:plc-pasteuriser")
            + text("urn:practice")
            + _localized("Pasteuriser")
            + struct.pack("<I", 0)
        )
        application += text(None) + text(None) + struct.pack("<i", 0)
        policies = b"".join(
            text(name) + struct.pack("<I", kind) + text(None) + text(None) + text(None)
            for name, kind in (("anonymous", 0), ("username", 1))
        )
        tokens = struct.pack("<i", 2) + policies
        described = (
            text(self._server.url) + application + text(None) + struct.pack("<I", 1) + text(POLICY_NONE)
        )
        return described + tokens + text(_PROFILE) + b"\0"

    def _endpoints(self, _reader: _Reader) -> bytes:
        return struct.pack("<i", 1) + self._endpoint()

    def _create(self, _reader: _Reader) -> bytes:
        nonce = struct.pack("<i", 32) + bytes((self._number + 37 * k) & 0xFF for k in range(32))
        body = self._session + self._token + struct.pack("<d", 1_200_000.0) + nonce + text(None)
        return (
            body
            + struct.pack("<i", 1)
            + self._endpoint()
            + struct.pack("<i", 0)
            + text(None)
            + text(None)
            + struct.pack("<I", 65536)
        )

    def _activate(self, reader: _Reader) -> bytes:
        reader.text()
        reader.text()
        for _ in range(max(0, reader.number("i")) + max(0, reader.number("i"))):
            reader.text()
        kind = int(reader.node())
        reader.take(5)
        reader.text()
        if kind == _USER_NAME:
            user, password = reader.text(), reader.text()
            self._active = self._may_write = self._server.users.get(user) == password
        else:
            self._active, self._may_write = kind == _ANONYMOUS, False
        return text(None) + struct.pack("<ii", 0, 0)

    def _close(self, _reader: _Reader) -> bytes:
        self._active = False
        return b""

    def _browse(self, _reader: _Reader) -> bytes:
        references = b"".join(
            struct.pack("<BBB", 0, 35, 1) + node(name) + struct.pack("<H", NAMESPACE) + text(name)
            + _localized(name) + struct.pack("<I", 2) + b"\0\x3f"
            for name in self._server.nodes
        )  # fmt: skip
        return (
            struct.pack("<iI", 1, 0)
            + text(None)
            + struct.pack("<i", len(self._server.nodes))
            + references
            + struct.pack("<i", 0)
        )

    def _read(self, reader: _Reader) -> bytes:
        reader.take(12)
        results = b""
        count = min(max(reader.number("i"), 0), _MOST_ITEMS)
        for _ in range(count):
            name = reader.node()
            attribute = reader.number("I")
            reader.text()
            reader.take(2)
            reader.text()
            tag = self._server.nodes.get(name)
            if tag is None or attribute != VALUE:
                results += struct.pack("<BI", 2, _BAD_NODE_UNKNOWN)
            else:
                results += struct.pack("<BBdq", 5, DOUBLE, self._server.image[tag], self._server.now())
        return struct.pack("<i", count) + results + struct.pack("<i", 0)

    def _write(self, reader: _Reader) -> bytes:
        codes = []
        for _ in range(min(max(reader.number("i"), 0), _MOST_ITEMS)):
            name = reader.node()
            reader.take(4)
            reader.text()
            mask, kind = reader.number("B"), reader.number("B")
            tag = self._server.nodes.get(name)
            if mask != 1 or kind != DOUBLE:
                raise ValueError("a value of a kind that is not spoken here")
            value = float(struct.unpack("<d", reader.take(8))[0])
            allowed = tag is not None and name in self._server.writable and self._may_write
            codes.append(0 if allowed else _BAD_NOT_WRITABLE)
            if allowed and tag is not None:
                self._server.wrote(tag, value)
                self._server.image[tag] = value
        return struct.pack("<i", len(codes)) + struct.pack(f"<{len(codes)}I", *codes) + struct.pack("<i", 0)
