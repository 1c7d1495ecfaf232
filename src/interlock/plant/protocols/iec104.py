"""IEC 60870-5-104: a controlling station's frames, and a controlled station over an image of process variables.

Source: IEC 60870-5-104 clauses 5 to 8, IEC 60870-5-101 clause 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.process.tags import State

__all__ = [
    "ACTIVATION",
    "CLOCK",
    "INTERROGATION",
    "SINGLE_COMMAND",
    "STARTDT",
    "TESTFR",
    "Master",
    "Measured",
    "Station",
    "Switch",
    "cp56",
    "floats_of",
    "u_frame",
]  # fmt: skip

STARTDT: Final = 0x07
TESTFR: Final = 0x43
SINGLE_POINT: Final = 1
FLOAT: Final = 13
FLOAT_TIMED: Final = 36
SINGLE_COMMAND: Final = 45
INTERROGATION: Final = 100
CLOCK: Final = 103
SPONTANEOUS: Final = 3
ACTIVATION: Final = 6
CONFIRMATION: Final = 7
TERMINATION: Final = 10
INTERROGATED: Final = 20
_UNKNOWN_TYPE: Final = 44
_UNKNOWN_CAUSE: Final = 45
_UNKNOWN_STATION: Final = 46
_UNKNOWN_OBJECT: Final = 47
_NEGATIVE: Final = 0x40
_EVERY: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Measured:
    """A tag as a short floating point number. deadband: change that is worth telling, in the tag's unit."""

    tag: str
    address: int
    deadband: float


@dataclass(frozen=True, slots=True)
class Switch:
    """A tag that is on or off: told as a single point, commanded by a single command at another address."""

    tag: str
    address: int
    command: int


def u_frame(function: int) -> bytes:
    """An unnumbered frame: STARTDT 0x07, STOPDT 0x13, TESTFR 0x43; confirmations 0x0B, 0x23, 0x83."""
    return bytes((0x68, 4, function, 0, 0, 0))


def _asdu(kind: int, cause: int, station: int, objects: Sequence[tuple[int, bytes]]) -> bytes:
    """station: common address. objects: information object address and element."""
    head = struct.pack("<BBBBH", kind, len(objects), cause, 0, station)
    return head + b"".join(address.to_bytes(3, "little") + element for address, element in objects)


class _Numbers:
    """Send and receive numbers of one side of a connection."""

    def __init__(self) -> None:
        self.sent = self.received = 0

    def numbered(self, asdu: bytes) -> bytes:
        """An I frame."""
        frame = struct.pack("<BBHH", 0x68, 4 + len(asdu), self.sent << 1, self.received << 1) + asdu
        self.sent = (self.sent + 1) & 0x7FFF
        return frame

    def count(self, frame: bytes) -> None:
        """Note what came."""
        if not frame[2] & 1:
            self.received = ((struct.unpack_from("<H", frame, 2)[0] >> 1) + 1) & 0x7FFF

    def supervisory(self) -> bytes:
        """An S frame: everything up to here has come."""
        return struct.pack("<BBHH", 0x68, 4, 1, self.received << 1)


class Master:
    """The controlling station's side of a connection: what it sends, given what it heard."""

    def __init__(self, station: int) -> None:
        self._station = station
        self._numbers = _Numbers()

    def heard(self, frames: Sequence[bytes]) -> None:
        """Count what came."""
        for frame in frames:
            self._numbers.count(frame)

    def command(self, kind: int, address: int, element: bytes, cause: int = ACTIVATION) -> bytes:
        """A command as an I frame."""
        return self._numbers.numbered(_asdu(kind, cause, self._station, [(address, element)]))

    def acknowledge(self) -> bytes:
        """An S frame."""
        return self._numbers.supervisory()


def floats_of(frames: Sequence[bytes]) -> dict[int, float]:
    """Information object address → value, of every measured value (type 13 or 36, one address each) in frames."""
    found = {}
    for frame in frames:
        if frame[2] & 1 or len(frame) < 12 or frame[6] not in (FLOAT, FLOAT_TIMED) or frame[7] & 0x80:
            continue
        size = 8 if frame[6] == FLOAT else 15
        for k in range(frame[7]):
            at = 12 + k * size
            found[int.from_bytes(frame[at : at + 3], "little")] = struct.unpack_from("<f", frame, at + 3)[0]
    return found


def cp56(now_s: float) -> bytes:
    """CP56Time2a, UTC (IEC 60870-5-101, 7.2.6.18)."""
    when = datetime.fromtimestamp(now_s, UTC)
    millis = when.second * 1000 + when.microsecond // 1000
    day = when.isoweekday() << 5 | when.day
    return struct.pack("<HBBBBB", millis, when.minute, when.hour, day, when.month, when.year % 100)


class Station:
    """A controlled station. wrote: told the tag and the value of every accepted command."""

    def __init__(
        self,
        image: State,
        common_address: int,
        measured: Sequence[Measured],
        switches: Sequence[Switch],
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
    ) -> None:
        self.image = image
        self.common_address = common_address
        self.measured = tuple(measured)
        self.switches = tuple(switches)
        self.by_command = {s.command: s for s in switches}
        self.wrote = wrote

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self)


class _Connection:
    period_s = 1.0

    def __init__(self, station: Station) -> None:
        self._station = station
        self._numbers = _Numbers()
        self._rest = b""
        self._started = False
        self._told: dict[str, float] = {}

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't 104: the station closes."""
        self._rest += octets
        answers: list[bytes] = []
        while len(self._rest) >= 6:
            if self._rest[0] != 0x68 or self._rest[1] < 4:
                raise ValueError("not an APCI")
            length = 2 + self._rest[1]
            if len(self._rest) < length:
                break
            frame, self._rest = self._rest[:length], self._rest[length:]
            answers += self._one(frame)
        return answers

    def due(self, now_s: float) -> Sequence[bytes]:
        """Measured values that changed by more than their dead band, each with its time."""
        if not self._started:
            return ()
        station, changed = self._station, []
        for each in station.measured:
            value = station.image[each.tag]
            if abs(value - self._told.get(each.tag, value + 2 * each.deadband)) > each.deadband:
                self._told[each.tag] = value
                changed.append((each.address, struct.pack("<fB", value, 0) + cp56(now_s)))
        if not changed:
            return ()
        return (self._numbers.numbered(_asdu(FLOAT_TIMED, SPONTANEOUS, station.common_address, changed)),)

    def _one(self, frame: bytes) -> list[bytes]:
        self._numbers.count(frame)
        if frame[2] & 3 == 3:
            self._started = self._started or frame[2] == STARTDT
            confirmed = {STARTDT: 0x0B, 0x13: 0x23, TESTFR: 0x83}.get(frame[2])
            return [u_frame(confirmed)] if confirmed else []
        if frame[2] & 1:
            return []
        if len(frame) < 15:
            raise ValueError("an ASDU that ends early")
        return [self._numbers.numbered(asdu) for asdu in self._asdus(frame[6:])]

    def _asdus(self, asdu: bytes) -> list[bytes]:
        """Answers to a command, as ASDUs."""
        kind, cause = asdu[0], asdu[2] & 0x3F
        station, address = struct.unpack_from("<H", asdu, 4)[0], int.from_bytes(asdu[6:9], "little")
        if station not in (self._station.common_address, _EVERY):
            return [self._echo(asdu, _UNKNOWN_STATION | _NEGATIVE)]
        if kind not in (SINGLE_COMMAND, INTERROGATION, CLOCK):
            return [self._echo(asdu, _UNKNOWN_TYPE | _NEGATIVE)]
        if cause != ACTIVATION:
            return [self._echo(asdu, _UNKNOWN_CAUSE | _NEGATIVE)]
        confirmed, ended = self._echo(asdu, CONFIRMATION), self._echo(asdu, TERMINATION)
        if kind == INTERROGATION:
            return [confirmed, *self._everything(), ended]
        if kind == CLOCK:
            return [confirmed]
        switch = self._station.by_command.get(address)
        if switch is None:
            return [self._echo(asdu, _UNKNOWN_OBJECT | _NEGATIVE)]
        if asdu[9] & 0x80:
            return [confirmed]
        value = float(asdu[9] & 1)
        self._station.wrote(switch.tag, value)
        self._station.image[switch.tag] = value
        return [confirmed, ended]

    @staticmethod
    def _echo(asdu: bytes, cause: int) -> bytes:
        return asdu[:2] + bytes((cause,)) + asdu[3:]

    def _everything(self) -> list[bytes]:
        station = self._station
        points = [(s.address, bytes((int(station.image[s.tag]) & 1,))) for s in station.switches]
        floats = [(m.address, struct.pack("<fB", station.image[m.tag], 0)) for m in station.measured]
        kinds = ((SINGLE_POINT, points), (FLOAT, floats))
        return [_asdu(kind, INTERROGATED, station.common_address, rows) for kind, rows in kinds if rows]
