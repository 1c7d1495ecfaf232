"""DCE/RPC, connection-oriented, little endian: calls and answers as named pipes carry them, and strings in NDR.

Source: C706 chapter 12 (PDUs) and 14 (NDR); MS-RPCE 2.2.2.

    version 5 | minor 0 | type | flags 3 | representation 10 00 00 00 | length 2 | authentication 2 | call 4 | body
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import Final

__all__ = [
    "Arguments",
    "Call",
    "Interface",
    "accept",
    "bind",
    "call",
    "call_of",
    "fault",
    "reference",
    "result_of",
    "returned",
    "text",
]

_REQUEST, _RESPONSE, _FAULT, _BIND, _BIND_ACK = 0, 2, 3, 11, 12
_HEADER: Final = struct.Struct("<BBBB4sHHI")
_NDR: Final = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
_LONGEST: Final = 4280
_NO_SUCH_CALL: Final = 0x1C010002


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface by its number and version, and the pipe it is reached by."""

    number: uuid.UUID
    version: int
    pipe: str

    @property
    def syntax(self) -> bytes:
        """As a bind names it."""
        return self.number.bytes_le + struct.pack("<I", self.version)


@dataclass(frozen=True, slots=True)
class Call:
    """A message that came: its type (0 request, 2 response, 11 bind, 12 accepted), number, operation, arguments."""

    kind: int
    number: int
    operation: int
    stub: bytes


def _pdu(kind: int, number: int, body: bytes) -> bytes:
    return _HEADER.pack(5, 0, kind, 3, b"\x10\0\0\0", _HEADER.size + len(body), 0, number) + body


def bind(number: int, interface: Interface) -> bytes:
    """Ask to speak an interface, encoded as NDR."""
    context = struct.pack("<HBB", 0, 1, 0) + interface.syntax + _NDR
    return _pdu(_BIND, number, struct.pack("<HHIB3x", _LONGEST, _LONGEST, 0, 1) + context)


def accept(number: int, interface: Interface) -> bytes:
    """The answer to a bind: accepted."""
    address = f"\\pipe\\{interface.pipe}\0".encode("ascii")
    named = struct.pack("<H", len(address)) + address
    named += bytes(-len(named) % 4)
    body = struct.pack("<HHI", _LONGEST, _LONGEST, 0x5A10) + named + struct.pack("<B3xHH", 1, 0, 0) + _NDR
    return _pdu(_BIND_ACK, number, body)


def call(number: int, operation: int, stub: bytes) -> bytes:
    """One request."""
    return _pdu(_REQUEST, number, struct.pack("<IHH", len(stub), 0, operation) + stub)


def returned(number: int, stub: bytes) -> bytes:
    """One response."""
    return _pdu(_RESPONSE, number, struct.pack("<IHBB", len(stub), 0, 0, 0) + stub)


def fault(number: int) -> bytes:
    """There is no such operation."""
    return _pdu(_FAULT, number, struct.pack("<IHBBI4x", 0, 0, 0, 0, _NO_SUCH_CALL))


def call_of(octets: bytes) -> Call:
    """The one whole message in a pipe's octets. Raises ValueError where it is none."""
    if len(octets) < _HEADER.size + 8:
        raise ValueError("no call")
    version, _, kind, _, _, length, _, number = _HEADER.unpack_from(octets)
    if version != 5 or length > len(octets):
        raise ValueError("no call")
    operation = struct.unpack_from("<H", octets, 22)[0] if kind == _REQUEST else 0
    return Call(kind, number, operation, octets[24:length])


def result_of(octets: bytes) -> bytes:
    """What a response carries. Raises ValueError where it is none, or a fault."""
    answer = call_of(octets)
    if answer.kind != _RESPONSE:
        raise ValueError(f"no response: type {answer.kind}")
    return answer.stub


def text(value: str) -> bytes:
    """A conformant varying string with its end, as a reference points to it; aligned to four octets."""
    count = len(value) + 1
    octets = struct.pack("<III", count, 0, count) + (value + "\0").encode("utf-16-le")
    return octets + bytes(-len(octets) % 4)


def reference(value: str | None, number: int = 0x00020000) -> bytes:
    """A unique pointer and the string behind it; None: a null pointer."""
    return bytes(4) if value is None else struct.pack("<I", number) + text(value)


class Arguments:
    """Reads a call's arguments in order. Raises ValueError where they end early."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many octets."""
        if count < 0 or self._at + count > len(self._octets):
            raise ValueError("arguments that end early")
        self._at += count
        return self._octets[self._at - count : self._at]

    def number(self) -> int:
        """An unsigned long."""
        return int(struct.unpack("<I", self.take(4))[0])

    def text(self) -> str:
        """What `text` writes."""
        self.take(8)
        value = self.take(2 * self.number()).decode("utf-16-le", "replace")
        self.take(min(-self._at % 4, len(self._octets) - self._at))
        return value.rstrip("\0")

    def unique(self) -> str | None:
        """What `reference` writes."""
        return self.text() if self.number() else None
