"""Modbus/TCP: requests, and a server over an image of process variables.

Source: MODBUS Application Protocol Specification V1.1b3; MODBUS Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from interlock.plant.protocols.session import Crashed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.process.tags import State

__all__ = ["Identity", "ModbusServer", "Point", "adu", "read", "registers_of", "write_coil", "write_register"]

Table = Literal["coil", "discrete", "holding", "input"]
_READS: Final = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3
_LONGEST: Final = 254
"""Octets behind the length field that a request may have."""

_BUFFER: Final = 260
RESTART_S: Final = 90.0
"""What a fragile machine has room for, and until its watchdog has started it again."""

_WINDOW: Final = 64
"""Addresses of a table that exist, whether a variable stands there or not."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a tag stands in a server's tables. A register holds round(value * scale), 16 bits, two's complement."""

    tag: str
    table: Table
    address: int
    scale: float = 1.0

    def encode(self, value: float) -> int:
        """As a register or a bit holds it."""
        return round(value * self.scale) & 0xFFFF

    def decode(self, register: int) -> float:
        """The value that a register or a bit means."""
        return (
            register - 0x10000 if register & 0x8000 and self.table in ("holding", "input") else register
        ) / self.scale


@dataclass(frozen=True, slots=True)
class Identity:
    """Objects 0 to 2 of read device identification (43/14)."""

    vendor: str
    product: str
    revision: str


def adu(transaction: int, unit: int, pdu: bytes) -> bytes:
    """A PDU behind its MBAP header."""
    return struct.pack("!HHHB", transaction & 0xFFFF, 0, len(pdu) + 1, unit) + pdu


def read(function: int, address: int, count: int) -> bytes:
    """Functions 1 to 4."""
    return struct.pack("!BHH", function, address, count)


def write_register(address: int, value: int) -> bytes:
    """Function 6."""
    return struct.pack("!BHH", 6, address, value & 0xFFFF)


def write_coil(address: int, *, on: bool) -> bytes:
    """Function 5."""
    return struct.pack("!BHH", 5, address, 0xFF00 if on else 0)


def registers_of(answer: bytes) -> tuple[int, ...]:
    """Registers in an answer (ADU) to functions 3 and 4. Raises ValueError where it is none, or an exception."""
    if len(answer) < 9 or answer[7] not in (3, 4) or len(answer) < 9 + answer[8]:
        raise ValueError(f"no registers in the answer: {answer[:12].hex()}")
    return struct.unpack_from(f"!{answer[8] // 2}H", answer, 9)


class _Refused(Exception):  # noqa: N818 (an answer, no error of ours)
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def overruns(octets: bytes) -> bool:
    """Whether what has come is longer than a fragile machine's buffer, into which it copies before it looks."""
    return len(octets) > _BUFFER and int.from_bytes(octets[4:6], "big") > _LONGEST


class ModbusServer:
    """A server whose tables are an image's tags.

    wrote: told the tag and the value of every accepted write, before the image has it. fragile: a machine that copies
    a request before it looks at its length, and fails on one that is longer than any may be (see session.Crashed).
    """

    def __init__(
        self,
        image: State,
        points: Sequence[Point],
        identity: Identity,
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
        *,
        fragile: bool = False,
    ) -> None:
        self.fragile = fragile
        self._image = image
        self._identity = identity
        self._wrote = wrote
        self._points: Mapping[str, dict[int, Point]] = defaultdict(dict)
        for point in points:
            self._points[point.table][point.address] = point
        self._answers: dict[int, Callable[[int, bytes], bytes]] = {
            **dict.fromkeys((1, 2), self._bits),
            **dict.fromkeys((3, 4), self._registers),
            5: self._write_coil, 6: self._write_register, 16: self._write_registers, 43: self._identify,
        }  # fmt: skip

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self)

    def answer(self, pdu: bytes) -> bytes:
        """The response or exception PDU."""
        function = pdu[0]
        made = self._answers.get(function)
        if made is None:
            return bytes((function | 0x80, ILLEGAL_FUNCTION))
        try:
            return bytes((function,)) + made(function, pdu[1:])
        except _Refused as refused:
            return bytes((function | 0x80, refused.code))
        except struct.error:
            return bytes((function | 0x80, ILLEGAL_VALUE))

    def _value(self, table: str, address: int) -> int:
        if address >= _WINDOW:
            raise _Refused(ILLEGAL_ADDRESS)
        point = self._points[table].get(address)
        return point.encode(self._image[point.tag]) if point else 0

    def _bits(self, function: int, rest: bytes) -> bytes:
        address, count = struct.unpack("!HH", rest)
        if not 1 <= count <= 2000:
            raise _Refused(ILLEGAL_VALUE)
        table = _READS[function]
        bits = sum((self._value(table, address + k) & 1) << k for k in range(count))
        octets = bits.to_bytes(-(-count // 8), "little")
        return bytes((len(octets),)) + octets

    def _registers(self, function: int, rest: bytes) -> bytes:
        address, count = struct.unpack("!HH", rest)
        if not 1 <= count <= 125:
            raise _Refused(ILLEGAL_VALUE)
        table = _READS[function]
        values = [self._value(table, address + k) for k in range(count)]
        return struct.pack(f"!B{count}H", 2 * count, *values)

    def _write(self, table: Table, address: int, register: int) -> None:
        self._value(table, address)
        point = self._points[table].get(address)
        if point:
            value = point.decode(register)
            self._wrote(point.tag, value)
            self._image[point.tag] = value

    def _write_coil(self, _function: int, rest: bytes) -> bytes:
        address, value = struct.unpack("!HH", rest)
        if value not in (0, 0xFF00):
            raise _Refused(ILLEGAL_VALUE)
        self._write("coil", address, 1 if value else 0)
        return rest

    def _write_register(self, _function: int, rest: bytes) -> bytes:
        address, value = struct.unpack("!HH", rest)
        self._write("holding", address, value)
        return rest

    def _write_registers(self, _function: int, rest: bytes) -> bytes:
        address, count, size = struct.unpack_from("!HHB", rest)
        if size != 2 * count or len(rest) != 5 + size or not 1 <= count <= 123:
            raise _Refused(ILLEGAL_VALUE)
        for k, value in enumerate(struct.unpack_from(f"!{count}H", rest, 5)):
            self._write("holding", address + k, value)
        return rest[:4]

    def _identify(self, _function: int, rest: bytes) -> bytes:
        kind, code, first = struct.unpack("!BBB", rest)
        if kind != 14 or code not in (1, 2) or first > 2:
            raise _Refused(ILLEGAL_VALUE)
        named = (self._identity.vendor, self._identity.product, self._identity.revision)
        objects = [(k, text.encode("utf-8")) for k, text in enumerate(named) if k >= first]
        body = b"".join(struct.pack("!BB", k, len(octets)) + octets for k, octets in objects)
        return struct.pack("!BBBBBB", 14, code, 1, 0, 0, len(objects)) + body


class _Connection:
    def __init__(self, server: ModbusServer) -> None:
        self._server = server
        self._rest = b""

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't Modbus/TCP: the server closes."""
        self._rest += octets
        answers = []
        while len(self._rest) >= 8:
            transaction, protocol, length, unit = struct.unpack_from("!HHHB", self._rest)
            if self._server.fragile and overruns(self._rest):
                raise Crashed(RESTART_S)
            if protocol or not 2 <= length <= _LONGEST:
                raise ValueError("not a Modbus/TCP header")
            if len(self._rest) < 6 + length:
                break
            pdu, self._rest = self._rest[7 : 6 + length], self._rest[6 + length :]
            answers.append(adu(transaction, unit, self._server.answer(pdu)))
        return answers
