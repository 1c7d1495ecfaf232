"""DNP3 over TCP: a master's requests, and an outstation over an image of process variables.

Source: IEEE 1815-2012 clauses 4 (application), 8 (transport), 9 (link), annex A (objects).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.process.tags import State

__all__ = [
    "COLD_RESTART", "DIRECT_OPERATE", "OPERATE", "SELECT", "Analog", "Binary", "Outstation", "analogs_of", "binary_of",
    "control",
    "request",
]  # fmt: skip

CONFIRM: Final = 0
READ: Final = 1
WRITE: Final = 2
SELECT: Final = 3
OPERATE: Final = 4
DIRECT_OPERATE: Final = 5
COLD_RESTART: Final = 13
RESPONSE: Final = 0x81
LATCH_ON: Final = 3
LATCH_OFF: Final = 4
CLASS_0: Final = b"\x3c\x01\x06"
CLASS_123: Final = b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06"
_NO_FUNCTION: Final = 0x01
_UNKNOWN_OBJECT: Final = 0x02
_DEVICE_RESTART: Final = 0x80
_NOT_SUPPORTED: Final = 4
_NO_SELECT: Final = 2


@dataclass(frozen=True, slots=True)
class Analog:
    """A tag as a single-precision analog input (group 30 variation 5)."""

    tag: str
    index: int


@dataclass(frozen=True, slots=True)
class Binary:
    """A tag as a binary output: status in group 10, commanded through group 12."""

    tag: str
    index: int


def _crc_table() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        crc = octet
        for _ in range(8):
            crc = crc >> 1 ^ 0xA6BC if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


def _checked(block: bytes) -> bytes:
    """A block with its check (clause 9.2.6)."""
    crc = 0
    for octet in block:
        crc = crc >> 8 ^ _CRC[(crc ^ octet) & 0xFF]
    return block + (~crc & 0xFFFF).to_bytes(2, "little")


def link_frame(control_octet: int, target: int, source: int, user: bytes) -> bytes:
    """A link frame. user: at most 250 octets."""
    head = struct.pack("<BBBBHH", 0x05, 0x64, 5 + len(user), control_octet, target, source)
    return _checked(head) + b"".join(_checked(user[at : at + 16]) for at in range(0, len(user), 16))


def linked(length: int, octets: bytes) -> bytes:
    """A link header with any length, its CRC right, and what follows it."""
    return _checked(b"\x05\x64" + bytes((length, 0xC4)) + struct.pack("<HH", 10, 1)) + octets


def user_data(frame: bytes) -> bytes:
    """What a frame carries, without checks."""
    octets = frame[10:]
    return b"".join(octets[at : at + 16] for at in range(0, len(octets), 18))[: frame[2] - 5]


def request(
    sequence: int, function: int, objects: bytes = b"", *, master: int = 1, outstation: int = 10
) -> bytes:
    """A request in one fragment and one segment."""
    fragment = bytes((0xC0 | sequence & 15, function)) + objects
    return link_frame(0xC4, outstation, master, bytes((0xC0 | sequence & 0x3F,)) + fragment)


def control(index: int, *, on: bool) -> bytes:
    """Objects of select, operate and direct operate: one control relay output block (group 12 variation 1)."""
    return struct.pack("<BBBBBBBIIB", 12, 1, 0x17, 1, index, LATCH_ON if on else LATCH_OFF, 1, 100, 100, 0)


def analogs_of(frame: bytes) -> dict[int, float]:
    """Index → value of the analog inputs in a response; empty where it has none."""
    octets = user_data(frame)
    at = octets.find(b"\x1e\x05\x00")
    if at < 0:
        return {}
    first, last = octets[at + 3], octets[at + 4]
    return {k: struct.unpack_from("<f", octets, at + 6 + 5 * (k - first))[0] for k in range(first, last + 1)}


def binary_of(frame: bytes, index: int) -> bool | None:
    """State of a binary output in a response; None where it does not say."""
    octets = user_data(frame)
    at = octets.find(b"\x0a\x02\x00")
    if at < 0 or not octets[at + 3] <= index <= octets[at + 4]:
        return None
    return bool(octets[at + 5 + index - octets[at + 3]] & 0x80)


class Outstation:
    """A remote station. wrote: told the tag and the value of every accepted control; restarted: told of a restart."""

    def __init__(
        self,
        image: State,
        analogs: Sequence[Analog],
        binaries: Sequence[Binary],
        address: int = 10,
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
        restarted: Callable[[], None] = lambda: None,
    ) -> None:
        self.image = image
        self.analogs = tuple(sorted(analogs, key=lambda a: a.index))
        self.binaries = {b.index: b for b in binaries}
        self.address = address
        self.wrote = wrote
        self.restarted = restarted
        self.indications = _DEVICE_RESTART

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self)


class _Connection:
    def __init__(self, station: Outstation) -> None:
        self._station = station
        self._rest = b""
        self._selected = b""
        self._transport = 0

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't DNP3: the station closes."""
        self._rest += octets
        answers: list[bytes] = []
        while len(self._rest) >= 10:
            if self._rest[:2] != b"\x05\x64" or self._rest[2] < 5:
                raise ValueError("not a DNP3 link header")
            user = self._rest[2] - 5
            length = 10 + user + 2 * -(-user // 16)
            if len(self._rest) < length:
                break
            frame, self._rest = self._rest[:length], self._rest[length:]
            answers += self._one(frame)
        return answers

    def _one(self, frame: bytes) -> list[bytes]:
        target, source = struct.unpack_from("<HH", frame, 4)
        octets = user_data(frame)
        if target != self._station.address or len(octets) < 3 or octets[2] == CONFIRM:
            return []
        sequence, function, objects = octets[1] & 15, octets[2], octets[3:]
        second, told = self._answer(function, objects)
        indications = bytes((self._station.indications, second))
        fragment = bytes((0xC0 | sequence, RESPONSE)) + indications + told
        self._transport = (self._transport + 1) & 0x3F
        return [link_frame(0x44, source, target, bytes((0xC0 | self._transport,)) + fragment)]

    def _answer(self, function: int, objects: bytes) -> tuple[int, bytes]:
        """Second octet of internal indications, and objects."""
        if function == READ:
            return 0, self._static() if CLASS_0 in objects else b""
        if function == WRITE:
            if objects[:2] == b"\x50\x01":  # the master has noticed the restart
                self._station.indications &= ~_DEVICE_RESTART
            return (0, b"") if objects[:2] in (b"\x50\x01", b"\x32\x01") else (_UNKNOWN_OBJECT, b"")
        if function in (SELECT, OPERATE, DIRECT_OPERATE):
            return self._control(function, objects)
        if function == COLD_RESTART:
            self._station.restarted()
            self._station.indications |= _DEVICE_RESTART
            return 0, b"\x34\x01\x07\x01" + (5).to_bytes(2, "little")
        return _NO_FUNCTION, b""

    def _static(self) -> bytes:
        station = self._station
        told = b""
        if station.binaries:
            states = [
                0x01 | (int(station.image[b.tag]) & 1) << 7 for _, b in sorted(station.binaries.items())
            ]
            told += struct.pack("<BBBBB", 10, 2, 0, min(station.binaries), max(station.binaries)) + bytes(
                states
            )
        if station.analogs:
            told += struct.pack("<BBBBB", 30, 5, 0, station.analogs[0].index, station.analogs[-1].index)
            told += b"".join(struct.pack("<Bf", 1, station.image[a.tag]) for a in station.analogs)
        return told

    def _control(self, function: int, objects: bytes) -> tuple[int, bytes]:
        if len(objects) < 16 or objects[:4] != b"\x0c\x01\x17\x01":
            return _UNKNOWN_OBJECT, b""
        binary = self._station.binaries.get(objects[4])
        status = 0
        if binary is None:
            status = _NOT_SUPPORTED
        elif function == SELECT:
            self._selected = objects
        elif function == OPERATE and self._selected != objects:
            status = _NO_SELECT
        else:
            value = 1.0 if objects[5] & 0x0F == LATCH_ON else 0.0
            self._station.wrote(binary.tag, value)
            self._station.image[binary.tag] = value
        return 0, objects[:15] + bytes((status,))
