"""FSoE (Fail Safe over EtherCAT): safety PDUs in process data, told by how they begin and keep counting.

    | command 1 | data 1, CRC 2 | connection id 2 |  or  | command 1 | (data 2, CRC 2) once or more | connection id 2 |

A single PDU proves nothing: its CRC counts in what came before. Two things no other data does: the same connection id
goes from Session over Connection or Parameter to ProcessData; and while the data stays, the CRC changes with every
PDU, since a sequence number is in it. Source: ETG.5100 (IEC 61784-3-12), clauses 7.1 (PDU), 7.2 (states).
"""

from __future__ import annotations

from typing import Final

__all__ = ["COMMANDS", "FSOE", "FsoeWatch", "is_candidate"]

FSOE: Final = "FSoE"
COMMANDS: Final = {
    0x2A: "Reset",
    0x4E: "Session",
    0x64: "Connection",
    0x52: "Parameter",
    0x36: "ProcessData",
    0x08: "FailSafeData",
}
_BUILDING: Final = frozenset({0x4E, 0x64, 0x52})
_RUNNING: Final = frozenset({0x36, 0x08})
_BEATS: Final = 8
"""PDUs with other CRCs over the same data that prove it."""
_MAX_PLACES: Final = 1024


def is_candidate(octets: bytes) -> bool:
    """Whether these octets of process data have the form of one safety PDU (all of them, no more)."""
    size = len(octets)
    if (size != 6 and (size < 7 or size % 4 != 3)) or octets[0] not in COMMANDS:
        return False
    return octets[-2:] not in (b"\0\0", b"\xff\xff") or octets[0] == 0x2A


class FsoeWatch:
    """Judges places in process data: a key for each place (device and offset, say), bounded, the oldest forgotten."""

    def __init__(self) -> None:
        self._places: dict[object, _Place] = {}

    def seen(self, place: object, octets: bytes) -> str | None:
        """What proves FSoE at this place, told once when it is proven; None until then and ever after.

        octets: process data of the place as it is now; also called where nothing changed.
        """
        if not is_candidate(octets):
            self._places.pop(place, None)
            return None
        known = self._places.get(place)
        if known is None:
            if len(self._places) >= _MAX_PLACES:
                del self._places[next(iter(self._places))]
            known = self._places[place] = _Place()
        if known.proven:
            return None
        basis = known.step(octets)
        known.proven = basis is not None
        return basis


class _Place:
    __slots__ = ("beats", "built", "connection", "data", "last", "proven")

    def __init__(self) -> None:
        self.proven = False
        self.built: set[int] = set()
        self.connection = b""
        self.data = b""
        self.last = b""
        self.beats = 0

    def step(self, octets: bytes) -> str | None:
        if octets == self.last:
            return None
        command, connection = octets[0], octets[-2:]
        if connection != self.connection or command == 0x2A:
            self.built, self.connection, self.beats = set(), connection, 0
        self.last = octets
        if command in _BUILDING:
            self.built.add(command)
        if command in _RUNNING and len(self.built) > 1:
            return "built up from Session to data"
        data, crcs = _split(octets)
        self.beats = self.beats + 1 if command in _RUNNING and data == self.data and crcs else 0
        self.data = data
        return "CRC counts over still data" if self.beats >= _BEATS else None


def _split(octets: bytes) -> tuple[bytes, bytes]:
    """Command and data, and the CRCs, of a PDU."""
    if len(octets) == 6:
        return octets[:2], octets[2:4]
    body = octets[1:-2]
    data = b"".join(body[at : at + 2] for at in range(0, len(body), 4))
    return octets[:1] + data, b"".join(body[at + 2 : at + 4] for at in range(0, len(body), 4))
