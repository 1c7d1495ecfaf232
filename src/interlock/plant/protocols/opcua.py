"""OPC UA binary over TCP, policies Basic256Sha256 and None: a server whose nodes are an image's tags.

Source: OPC 10000-4 (services), 10000-6.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.opcua_security import POLICY, RSA_SHA256
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
    octet_string,
    text,
    type_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.process.tags import State
    from interlock.plant.protocols.opcua_security import Guard

__all__ = ["OpcUaServer"]

_PROFILE: Final = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
_BAD_POLICY_REJECTED: Final = 0x80550000
_BAD_SECURITY_CHECKS_FAILED: Final = 0x80130000
_BAD_SERVICE_UNSUPPORTED: Final = 0x800B0000
_BAD_NODE_UNKNOWN: Final = 0x80340000
_BAD_NOT_WRITABLE: Final = 0x803B0000
_BAD_SESSION_ID: Final = 0x80250000
_BAD_IDENTITY_REJECTED: Final = 0x80210000


class OpcUaServer:
    """A server. nodes: node name → tag; writable: names that clients may write.

    users: user → password of those who may write; anonymous sessions may read. wrote: told of every accepted write.
    guards: its side of conversations with each client that it trusts; where there is none it offers None alone.
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
        guards: Sequence[Guard] = (),
    ) -> None:
        self.image = image
        self.nodes = nodes
        self.writable = writable
        self.url = url
        self.now = now
        self.users = users or {}
        self.wrote = wrote
        self.guards = tuple(guards)
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
        self._nonce = self._asked = b""
        self._tags: tuple[str | None, ...] = ()
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
        if kind == b"OPN":
            return [self._open(message)]
        reader = Reader(self._channel.clear(message), 12)
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

    def _open(self, message: bytes) -> bytes:
        channel, reader = self._channel, Reader(message, 12)
        policy, sender = reader.text(), reader.octets_of()
        if policy == POLICY:
            trusted = next((g for g in self._server.guards if g.peer == sender), None)
            if trusted is None:
                return _error(_BAD_SECURITY_CHECKS_FAILED)
            channel.guard = trusted
        elif policy != POLICY_NONE or channel.guard is not None:
            return _error(_BAD_POLICY_REJECTED)
        reader = Reader(channel.clear(message), 12)
        for _ in range(3):
            reader.octets_of()
        reader.take(4)
        request = reader.number("I")
        reader.node()
        _, handle = reader.request_header()
        reader.take(12)
        theirs, ours = reader.octets_of(), channel.guard.nonce() if channel.guard else b""
        channel.channel, channel.token = self._number, channel.token + 1
        header = struct.pack("<qIIB", self._server.now(), handle, 0, 0) + struct.pack("<i", -1) + b"\0\0\0"
        token = struct.pack("<IIqI", channel.channel, channel.token, self._server.now(), 3_600_000)
        body = type_id(OPEN_CHANNEL + 3) + header + struct.pack("<I", 0) + token
        answer = channel.opening(request, body + (octet_string(ours) if ours else text(None)))
        channel.agree(ours, theirs)
        return answer

    def _endpoint(self, policy: str) -> bytes:
        """A description: signed and encrypted where the policy is another one than None."""
        bare = policy == POLICY_NONE
        certificate = text(None) if bare else octet_string(self._server.guards[0].certificate)
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
        policies = (POLICY, POLICY_NONE) if self._server.guards else (POLICY_NONE,)
        return struct.pack("<i", len(policies)) + b"".join(map(self._endpoint, policies))

    def _endpoints(self, _reader: Reader) -> bytes:
        return self._listed()

    def _create(self, reader: Reader) -> bytes:
        guard = self._channel.guard
        self._nonce = bytes((self._number + 37 * k) & 0xFF for k in range(32))
        certificate = signature = text(None)
        algorithm = text(None)
        if guard is not None:
            self._nonce, certificate = guard.nonce(), octet_string(guard.certificate)
            signature = octet_string(guard.sign(guard.peer + _client_nonce(reader)))
            algorithm = text(RSA_SHA256)
        body = self._session + self._token + struct.pack("<d", 1_200_000.0)
        body += octet_string(self._nonce) + certificate + self._listed() + struct.pack("<i", 0)
        return body + algorithm + signature + struct.pack("<I", 65536)

    def _activate(self, reader: Reader) -> bytes:
        reader.text()
        signature, guard = reader.octets_of(), self._channel.guard
        if guard is not None:
            guard.check(guard.certificate + self._nonce, signature)
        for _ in range(max(0, reader.number("i")) + max(0, reader.number("i"))):
            reader.text()
        kind = int(reader.node())
        reader.take(5)
        reader.text()
        if kind == USER_NAME:
            user, password = reader.text(), reader.octets_of()
            if reader.text() and guard is not None:
                password = guard.decipher(password)[4 : -len(self._nonce)]
            known = self._server.users.get(user)
            self._active = self._may_write = known is not None and known.encode("utf-8") == password
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
        asked, results, now = reader.octets[reader.at :], b"", self._server.now()
        if asked != self._asked:  # polls ask the same again and again
            self._asked, self._tags = asked, self._read_tags(reader)
        for tag in self._tags:
            if tag is None:
                results += struct.pack("<BI", 2, _BAD_NODE_UNKNOWN)
            else:
                results += struct.pack("<BBdq", 5, DOUBLE, self._server.image[tag], now)
        return struct.pack("<i", len(self._tags)) + results + struct.pack("<i", 0)

    def _read_tags(self, reader: Reader) -> tuple[str | None, ...]:
        """What is asked for; None where there is no such value."""
        reader.take(12)
        found = []
        for _ in range(min(max(reader.number("i"), 0), MOST_ITEMS)):
            name = reader.node()
            attribute = reader.number("I")
            reader.text()
            reader.take(2)
            reader.text()
            found.append(self._server.nodes.get(name) if attribute == VALUE else None)
        return tuple(found)

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


def _error(code: int) -> bytes:
    """ERR."""
    reason = struct.pack("<I", code) + text(None)
    return b"ERRF" + struct.pack("<I", 8 + len(reason)) + reason


def _client_nonce(reader: Reader) -> bytes:
    """Of a CreateSession request whose header has been read."""
    reader.text()
    reader.text()
    names = reader.number("B")
    for _ in range((names & 1) + (names >> 1 & 1)):
        reader.text()
    reader.take(4)
    reader.text()
    reader.text()
    for _ in range(max(0, reader.number("i"))):
        reader.text()
    for _ in range(3):
        reader.text()
    return reader.octets_of()
