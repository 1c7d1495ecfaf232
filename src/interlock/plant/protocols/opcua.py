"""OPC UA binary over TCP, security policy None: a server whose nodes are an image's tags.

Source: OPC 10000-4 (services), 10000-6.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.opcua_certificate import CERTIFICATE
from interlock.plant.protocols.opcua_wire import (
    ACTIVATE_SESSION,
    ANONYMOUS,
    BROWSE,
    CLOSE_SESSION,
    CREATE_SESSION,
    DOUBLE,
    FAULT,
    GET_ENDPOINTS,
    MOST_ITEMS,
    NAMESPACE,
    OPEN_CHANNEL,
    POLICY_NONE,
    READ,
    USER_NAME,
    VALUE,
    WRITE,
    Channel,
    Reader,
    localized,
    node,
    text,
    type_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.process.tags import State

__all__ = ["OpcUaServer"]

_PROFILE: Final = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
_POLICIES: Final = ("http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256", POLICY_NONE)
_BAD_POLICY_REJECTED: Final = 0x80550000
_BAD_SERVICE_UNSUPPORTED: Final = 0x800B0000
_BAD_NODE_UNKNOWN: Final = 0x80340000
_BAD_NOT_WRITABLE: Final = 0x803B0000
_BAD_SESSION_ID: Final = 0x80250000
_BAD_IDENTITY_REJECTED: Final = 0x80210000


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
        self._channel = Channel()
        self._session = struct.pack("<BHI", 2, 1, 1000 + number)
        self._token = struct.pack("<BHI", 2, 1, 0x51A70000 + number * 7919)
        self._active = self._may_write = False
        self._rest = b""
        self._services: dict[int, Callable[[Reader], bytes]] = {
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
        reader = Reader(message, 12)
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
        return self._channel.service(request, type_id(number) + header + body)

    def _open(self, reader: Reader) -> bytes:
        policy = reader.text()
        if policy != POLICY_NONE:  # the plant's clients hold no certificate that the server would trust
            reason = struct.pack("<I", _BAD_POLICY_REJECTED) + text(None)
            return b"ERRF" + struct.pack("<I", 8 + len(reason)) + reason
        reader.text()
        reader.text()
        reader.take(4)
        request = reader.number("I")
        reader.node()
        _, handle = reader.request_header()
        channel = self._channel
        channel.channel, channel.token = self._number, channel.token + 1
        header = struct.pack("<qIIB", self._server.now(), handle, 0, 0) + struct.pack("<i", -1) + b"\0\0\0"
        token = struct.pack("<IIqI", channel.channel, channel.token, self._server.now(), 3_600_000)
        body = type_id(OPEN_CHANNEL + 3) + header + struct.pack("<I", 0) + token + text(None)
        return channel.message(b"OPN", request, body, text(POLICY_NONE) + text(None) + text(None))

    def _endpoint(self, policy: str) -> bytes:
        """A description: signed and encrypted where the policy is another one than None."""
        bare = policy == POLICY_NONE
        certificate = text(None) if bare else struct.pack("<i", len(CERTIFICATE)) + CERTIFICATE
        mode = struct.pack("<I", 1 if bare else 3)
        application = text("urn:plc-pasteuriser") + text("urn:practice") + localized("Pasteuriser")
        application += struct.pack("<I", 0) + text(None) + text(None) + struct.pack("<i", 0)
        policies = b"".join(
            text(name) + struct.pack("<I", kind) + text(None) + text(None) + text(None)
            for name, kind in (("anonymous", 0), ("username", 1))
        )
        tokens = struct.pack("<i", 2) + policies
        level = bytes((0 if bare else 110,))
        return (
            text(self._server.url)
            + application
            + certificate
            + mode
            + text(policy)
            + tokens
            + text(_PROFILE)
            + level
        )

    def _listed(self) -> bytes:
        """All endpoints, the best first."""
        return struct.pack("<i", len(_POLICIES)) + b"".join(map(self._endpoint, _POLICIES))

    def _endpoints(self, _reader: Reader) -> bytes:
        return self._listed()

    def _create(self, _reader: Reader) -> bytes:
        nonce = struct.pack("<i", 32) + bytes((self._number + 37 * k) & 0xFF for k in range(32))
        body = self._session + self._token + struct.pack("<d", 1_200_000.0) + nonce + text(None)
        return (
            body + self._listed() + struct.pack("<i", 0) + text(None) + text(None) + struct.pack("<I", 65536)
        )

    def _activate(self, reader: Reader) -> bytes:
        reader.text()
        reader.text()
        for _ in range(max(0, reader.number("i")) + max(0, reader.number("i"))):
            reader.text()
        kind = int(reader.node())
        reader.take(5)
        reader.text()
        if kind == USER_NAME:
            user, password = reader.text(), reader.text()
            self._active = self._may_write = self._server.users.get(user) == password
        else:
            self._active, self._may_write = kind == ANONYMOUS, False
        return text(None) + struct.pack("<ii", 0, 0)

    def _close(self, _reader: Reader) -> bytes:
        self._active = False
        return b""

    def _browse(self, _reader: Reader) -> bytes:
        references = b"".join(
            struct.pack("<BBB", 0, 35, 1) + node(name) + struct.pack("<H", NAMESPACE) + text(name)
            + localized(name) + struct.pack("<I", 2) + b"\0\x3f"
            for name in self._server.nodes
        )  # fmt: skip
        return (
            struct.pack("<iI", 1, 0)
            + text(None)
            + struct.pack("<i", len(self._server.nodes))
            + references
            + struct.pack("<i", 0)
        )

    def _read(self, reader: Reader) -> bytes:
        reader.take(12)
        results = b""
        count = min(max(reader.number("i"), 0), MOST_ITEMS)
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

    def _write(self, reader: Reader) -> bytes:
        codes = []
        for _ in range(min(max(reader.number("i"), 0), MOST_ITEMS)):
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
