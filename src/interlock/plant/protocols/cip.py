"""EtherNet/IP with CIP: requests, and a controller whose tags are an image's process variables.

Source: ODVA, The CIP Networks Library, volume 1 (CIP) and volume 2 (EtherNet/IP adaptation).

    encapsulation: command u16, length u16, session u32, status u32, sender context 8 octets, options u32
    CIP request:   service u8, path words u8, path, data     CIP answer: service|0x80 u8, 0, status, 0, data
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.process.tags import State

__all__ = [
    "CipServer",
    "Identity",
    "bundle",
    "encapsulate",
    "many",
    "mode_change",
    "object_path",
    "read_tag",
    "reals_of",
    "register",
    "request",
    "session_of",
    "tag_path",
    "unbundle",
    "unconnected",
    "write_tag",
]  # fmt: skip

LIST_SERVICES: Final = 0x04
LIST_IDENTITY: Final = 0x63
REGISTER: Final = 0x65
UNREGISTER: Final = 0x66
SEND_RR: Final = 0x6F
GET_ALL: Final = 0x01
RESET: Final = 0x05
START: Final = 0x06
STOP: Final = 0x07
MULTIPLE: Final = 0x0A
GET_SINGLE: Final = 0x0E
READ_TAG: Final = 0x4C
WRITE_TAG: Final = 0x4D
REAL: Final = 0xCA
_UNCONNECTED: Final = 0xB2
_SERVICE_UNKNOWN: Final = 0x08
_PATH_UNKNOWN: Final = 0x05
_TOO_LITTLE: Final = 0x13
_HEADER: Final = struct.Struct("<HHII8sI")
_LONGEST: Final = 4096
_CONTROLLER: Final = 0x8E


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity object (class 1)."""

    vendor: int
    device_type: int
    product_code: int
    revision: tuple[int, int]
    serial: int
    name: str

    def attributes(self) -> bytes:
        """Attributes 1 to 7, in order."""
        numbers = (self.vendor, self.device_type, self.product_code, *self.revision, 0x0060, self.serial)
        name = self.name.encode("ascii")
        return struct.pack("<HHHBBHI", *numbers) + bytes((len(name),)) + name

    def listed(self, address: bytes) -> bytes:
        """Body of an answer to ListIdentity. address: the device's own, 4 octets."""
        item = struct.pack("<H", 1) + struct.pack(">HH4s8x", 2, 44818, address) + self.attributes() + b"\x03"
        return struct.pack("<HHH", 1, 0x0C, len(item)) + item


def encapsulate(
    command: int, session: int, body: bytes = b"", context: bytes = bytes(8), status: int = 0
) -> bytes:
    """One encapsulation message."""
    return _HEADER.pack(command, len(body), session, status, context, 0) + body


def register() -> bytes:
    """RegisterSession, protocol version 1."""
    return encapsulate(REGISTER, 0, struct.pack("<HH", 1, 0))


def session_of(answer: bytes) -> int:
    """Session handle of an answer."""
    return int(struct.unpack_from("<I", answer, 4)[0])


def unconnected(session: int, message: bytes, number: int = 0) -> bytes:
    """SendRRData with one CIP message."""
    return encapsulate(SEND_RR, session, _packed(message), number.to_bytes(8, "little"))


def _packed(message: bytes) -> bytes:
    return struct.pack("<IHHHHHH", 0, 0, 2, 0, 0, _UNCONNECTED, len(message)) + message


def request(service: int, path: bytes, data: bytes = b"") -> bytes:
    """One CIP request."""
    return bytes((service, len(path) // 2)) + path + data


def object_path(class_id: int, instance: int, attribute: int | None = None) -> bytes:
    """Path of an object, or of one of its attributes."""
    path = bytes((0x20, class_id, 0x24, instance))
    return path if attribute is None else path + bytes((0x30, attribute))


def tag_path(name: str) -> bytes:
    """Path of a tag by its name."""
    octets = name.encode("ascii")
    return bytes((0x91, len(octets))) + octets + bytes(len(octets) % 2)


def read_tag(name: str) -> bytes:
    """Read one element of a tag."""
    return request(READ_TAG, tag_path(name), struct.pack("<H", 1))


def write_tag(name: str, value: float) -> bytes:
    """Write one REAL."""
    return request(WRITE_TAG, tag_path(name), struct.pack("<HHf", REAL, 1, value))


def mode_change(*, running: bool) -> bytes:
    """Start or stop the program of a controller; the class is the one that the makers' own tool addresses."""
    return request(START if running else STOP, object_path(_CONTROLLER, 1))


def many(requests: Sequence[bytes]) -> bytes:
    """A Multiple Service Packet."""
    return request(MULTIPLE, object_path(2, 1), bundle(requests))


def bundle(messages: Sequence[bytes]) -> bytes:
    """Count, offsets and messages, as both directions of a Multiple Service Packet carry them."""
    ends = itertools.accumulate((len(m) for m in messages), initial=2 + 2 * len(messages))
    offsets = list(ends)[:-1]
    return struct.pack(f"<{1 + len(messages)}H", len(messages), *offsets) + b"".join(messages)


def unbundle(octets: bytes) -> list[bytes]:
    """The messages of a Multiple Service Packet."""
    count = struct.unpack_from("<H", octets)[0]
    offsets = [*struct.unpack_from(f"<{count}H", octets, 2), len(octets)]
    return [octets[a:b] for a, b in itertools.pairwise(offsets)]


def reals_of(answer: bytes) -> tuple[float, ...]:
    """Values in the answer to a Multiple Service Packet of read_tag. Raises ValueError where one was refused."""
    try:
        message = answer[40:]
        if message[0] != MULTIPLE | 0x80 or message[2]:
            raise ValueError(f"no tags in the answer: {message[:8].hex()}")
        found = []
        for each in unbundle(message[4:]):
            if each[2]:
                raise ValueError(f"tag refused with {each[2]:#x}")
            found.append(struct.unpack_from("<f", each, 6)[0])
        return tuple(found)
    except (IndexError, struct.error) as error:
        raise ValueError("an answer that ends early") from error


class CipServer:
    """A controller with named tags, all REAL.

    tags: name → tag of the image. wrote: told the tag and the value of every accepted write. reset: told of a reset.
    ran: told whether the program runs. objects: class → what answers its services, beside the ones here.
    """

    def __init__(
        self,
        image: State,
        tags: dict[str, str],
        identity: Identity,
        address: bytes,
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
        reset: Callable[[], None] = lambda: None,
        ran: Callable[[bool], None] = lambda _running: None,
        objects: Mapping[int, Callable[[int, bytes], tuple[int, bytes]]] | None = None,
    ) -> None:
        self.identity = identity
        self.address = address
        self._image = image
        self._tags = tags
        self._wrote = wrote
        self._reset = reset
        self._ran = ran
        self._objects = objects or {}
        self._sessions = 0

    def open(self) -> _Connection:
        """See Service."""
        self._sessions += 1
        return _Connection(self, 0x11020000 + self._sessions)

    def answer(self, message: bytes) -> bytes:
        """The answer to one CIP request."""
        try:
            service, end = message[0], 2 + 2 * message[1]
            status, body = self._serve(service, message[2:end], message[end:])
        except (IndexError, struct.error):
            status, body = _TOO_LITTLE, b""
        return bytes((message[0] | 0x80, 0, status, 0)) + body

    def _serve(self, service: int, path: bytes, data: bytes) -> tuple[int, bytes]:
        if service == MULTIPLE and path == object_path(2, 1):
            return 0, bundle([self.answer(one) for one in unbundle(data)])
        if path[:4] == object_path(1, 1):
            return self._identify(service, path)
        if path[:4] == object_path(_CONTROLLER, 1) and service in (START, STOP):
            self._ran(service == START)
            return 0, b""
        if path[:1] == b"\x20" and len(path) >= 4 and path[1] in self._objects:
            return self._objects[path[1]](service, data)
        if path[:1] == b"\x91":
            return self._tag(service, path[2 : 2 + path[1]].decode("ascii", "replace"), data)
        return _PATH_UNKNOWN, b""

    def _identify(self, service: int, path: bytes) -> tuple[int, bytes]:
        if service == GET_ALL:
            return 0, self.identity.attributes()
        if service == RESET:
            self._reset()
            return 0, b""
        if service == GET_SINGLE and path[4:] == b"\x30\x07":
            name = self.identity.name.encode("ascii")
            return 0, bytes((len(name),)) + name
        return _SERVICE_UNKNOWN, b""

    def _tag(self, service: int, name: str, data: bytes) -> tuple[int, bytes]:
        tag = self._tags.get(name)
        if tag is None:
            return _PATH_UNKNOWN, b""
        if service == READ_TAG:
            return 0, struct.pack("<Hf", REAL, self._image[tag])
        if service == WRITE_TAG:
            value = struct.unpack_from("<f", data, 4)[0]
            self._wrote(tag, value)
            self._image[tag] = value
            return 0, b""
        return _SERVICE_UNKNOWN, b""


class _Connection:
    def __init__(self, server: CipServer, session: int) -> None:
        self._server = server
        self._session = session
        self._rest = b""

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't EtherNet/IP: the server closes."""
        self._rest += octets
        answers = []
        while len(self._rest) >= _HEADER.size:
            command, length, session, _, context, _ = _HEADER.unpack_from(self._rest)
            if length > _LONGEST:
                raise ValueError("not an encapsulation header")
            end = _HEADER.size + length
            if len(self._rest) < end:
                break
            body, self._rest = self._rest[_HEADER.size : end], self._rest[end:]
            answers += self._one(command, session, body, context)
        return answers

    def _one(self, command: int, session: int, body: bytes, context: bytes) -> list[bytes]:
        if command == REGISTER:
            return [encapsulate(command, self._session, body, context)]
        if command == LIST_IDENTITY:
            return [
                encapsulate(command, session, self._server.identity.listed(self._server.address), context)
            ]
        if command == SEND_RR and len(body) >= 18 and session == self._session:
            return [encapsulate(command, session, _packed(self._server.answer(body[16:])), context)]
        if command == UNREGISTER:
            return []
        return [encapsulate(command, session, b"", context, 0x01 if command != SEND_RR else 0x64)]
