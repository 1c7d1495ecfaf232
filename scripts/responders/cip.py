"""EtherNet/IP encapsulation and CIP messages, as far as the demo plant speaks them (ODVA volumes 1 and 2).

encapsulation: command u16, length u16, session u32, status u32, sender context 8 octets, options u32
CIP request:   service u8, path words u8, path, data     CIP answer: service|0x80 u8, 0, status, 0, data
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

PORT, IO_PORT = 44818, 2222
LIST_SERVICES, LIST_IDENTITY, REGISTER, UNREGISTER, SEND_RR, SEND_UNIT = 0x04, 0x63, 0x65, 0x66, 0x6F, 0x70
GET_ALL, GET_SINGLE, MULTIPLE, READ_TAG, WRITE_TAG = 0x01, 0x0E, 0x0A, 0x4C, 0x4D
FORWARD_OPEN, FORWARD_CLOSE, UNCONNECTED_SEND = 0x54, 0x4E, 0x52
NULL, CONNECTED_ADDRESS, CONNECTED, UNCONNECTED, SEQUENCED = 0x00, 0xA1, 0xB1, 0xB2, 0x8002
DINT, REAL = 0xC4, 0xCA
_HEADER = struct.Struct("<HHII8sI")


@dataclass
class Encapsulated:
    """One encapsulation message."""

    command: int
    session: int
    body: bytes
    context: bytes = bytes(8)
    status: int = 0

    def octets(self) -> bytes:
        """Write it."""
        return (
            _HEADER.pack(self.command, len(self.body), self.session, self.status, self.context, 0) + self.body
        )

    @classmethod
    def cut(cls, octets: bytes) -> tuple[Encapsulated | None, bytes]:
        """Take the first whole message off a stream, if there is one."""
        if len(octets) < _HEADER.size:
            return None, octets
        command, length, session, status, context, _ = _HEADER.unpack_from(octets)
        end = _HEADER.size + length
        if len(octets) < end:
            return None, octets
        return cls(command, session, octets[_HEADER.size : end], context, status), octets[end:]


@dataclass(frozen=True)
class Identity:
    """The identity object (class 1)."""

    vendor: int
    device_type: int
    product_code: int
    revision: tuple[int, int]
    serial: int
    name: str

    def attributes(self) -> bytes:
        """Attributes 1 to 7 in order, as Get_Attributes_All gives them."""
        fixed = struct.pack(
            "<HHHBBHI", self.vendor, self.device_type, self.product_code, *self.revision, 0x0060, self.serial
        )
        return fixed + bytes([len(self.name)]) + self.name.encode()

    def listed(self, address: bytes) -> bytes:
        """The body of a ListIdentity answer."""
        item = struct.pack("<H", 1) + struct.pack(">HH4s8x", 2, PORT, address) + self.attributes() + b"\x03"
        return struct.pack("<HHH", 1, 0x0C, len(item)) + item


def items(*pairs: tuple[int, bytes]) -> bytes:
    """The common packet format: a count, then type, length and octets of each item."""
    return struct.pack("<H", len(pairs)) + b"".join(struct.pack("<HH", t, len(o)) + o for t, o in pairs)


def split_items(octets: bytes) -> list[tuple[int, bytes]]:
    """Take a common packet format apart."""
    found, at = [], 2
    for _ in range(struct.unpack_from("<H", octets)[0]):
        kind, length = struct.unpack_from("<HH", octets, at)
        found.append((kind, octets[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def request(service: int, path: bytes, data: bytes = b"") -> bytes:
    """One CIP request."""
    return bytes([service, len(path) // 2]) + path + data


def split_request(octets: bytes) -> tuple[int, bytes, bytes]:
    """Service, path and data of a CIP request."""
    end = 2 + 2 * octets[1]
    return octets[0], octets[2:end], octets[end:]


def object_path(class_id: int, instance: int, attribute: int | None = None) -> bytes:
    """The path of an object, of one attribute if asked."""
    path = bytes([0x20, class_id, 0x24, instance])
    return path if attribute is None else path + bytes([0x30, attribute])


def tag_path(name: str) -> bytes:
    """The path of a tag by its name."""
    octets = name.encode()
    return bytes([0x91, len(octets)]) + octets + bytes(len(octets) % 2)


def through_slot(slot: int, message: bytes) -> bytes:
    """Wrap a request for the controller in a slot of the backplane (Unconnected_Send)."""
    body = struct.pack("<BBH", 5, 157, len(message)) + message + bytes(len(message) % 2)
    return request(UNCONNECTED_SEND, object_path(6, 1), body + bytes([1, 0, 1, slot]))


def many(requests: list[bytes]) -> bytes:
    """A Multiple Service Packet."""
    return request(MULTIPLE, object_path(2, 1), bundle(requests))


def bundle(messages: list[bytes]) -> bytes:
    """Count, offsets and messages, as both directions of a Multiple Service Packet carry them."""
    offsets, at = [], 2 + 2 * len(messages)
    for message in messages:
        offsets.append(at)
        at += len(message)
    return struct.pack(f"<{1 + len(messages)}H", len(messages), *offsets) + b"".join(messages)


def unbundle(octets: bytes) -> list[bytes]:
    """The messages of a Multiple Service Packet."""
    count = struct.unpack_from("<H", octets)[0]
    offsets = [*struct.unpack_from(f"<{count}H", octets, 2), len(octets)]
    return [octets[a:b] for a, b in itertools.pairwise(offsets)]
