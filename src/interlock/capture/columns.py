"""Room for one batch: the columns that a scan fills, and what a scan says when it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from interlock.records.frames import Frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CaptureFormat", "Columns", "Progress"]


class Columns:
    """Columns with room for `room` frames, as arrays and as the memoryviews that scans write through."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.offset = np.empty(room, np.int64)
        self.caplen = np.empty(room, np.int32)
        self.wirelen = np.empty(room, np.int32)
        self.time = np.empty(room, np.int64)
        self.linktype = np.empty(room, np.int32)

    def views(self, start: int) -> tuple[memoryview, memoryview, memoryview, memoryview]:
        """offset, caplen, wirelen, time from frame `start` on."""
        columns = (self.offset, self.caplen, self.wirelen, self.time)
        offset, caplen, wirelen, time = (column[start:].data for column in columns)
        return offset, caplen, wirelen, time

    def frames(self, n: int, octets: NDArray[np.uint8], used: int, source: int, number: int) -> Frames:
        """Return the first `n` rows as a batch of `source` whose first frame has this number."""
        return Frames(
            octets=octets,
            used=used,
            offset=self.offset[:n],
            caplen=self.caplen[:n],
            wirelen=self.wirelen[:n],
            time=self.time[:n],
            linktype=self.linktype[:n],
            source=np.full(n, source, np.int32),
            number=np.arange(number, number + n, dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one scan came.

    frames: rows filled. position: octet in the buffer behind what was dealt with.
    skip: octets at `position` that need not be read into the buffer; trailer: what the last of them are.
    untimed, dropped: as in Statistics.
    damage: why nothing from `position` on can be used, else empty.
    """

    frames: int
    position: int
    skip: int = 0
    trailer: bytes = b""
    untimed: int = 0
    dropped: int = 0
    damage: str = ""


class CaptureFormat(Protocol):
    """A file format: keeps what its headers say and turns octets into columns."""

    def scan(self, octets: memoryview, start: int, end: int, columns: Columns) -> Progress:
        """Fill `columns` from row 0 with what is complete in octets[start:end]."""
        ...
