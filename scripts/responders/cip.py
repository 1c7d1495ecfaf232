"""EtherNet/IP encapsulation and CIP messages, as far as the demo plant speaks them (ODVA volumes 1 and 2).

encapsulation: command u16, length u16, session u32, status u32, sender context 8 octets, options u32
CIP request:   service u8, path words u8, path, data     CIP answer: service|0x80 u8, 0, status, 0, data
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from interlock.plant.protocols.cip import Identity, bundle, many, object_path, request, tag_path, unbundle

__all__ = [
    "Encapsulated", "Identity", "bundle", "items", "many", "object_path", "request", "split_items", "split_request",
    "tag_path", "through_slot", "unbundle",
]  # fmt: skip

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


def split_request(octets: bytes) -> tuple[int, bytes, bytes]:
    """Service, path and data of a CIP request."""
    end = 2 + 2 * octets[1]
    return octets[0], octets[2:end], octets[end:]


def through_slot(slot: int, message: bytes) -> bytes:
    """Wrap a request for the controller in a slot of the backplane (Unconnected_Send)."""
    body = struct.pack("<BBH", 5, 157, len(message)) + message + bytes(len(message) % 2)
    return request(UNCONNECTED_SEND, object_path(6, 1), body + bytes([1, 0, 1, slot]))
