"""One source, read batch by batch: the buffer, what is carried over, and where a damaged file ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.capture import pcap, pcapng
from interlock.capture.columns import CaptureFormat, Columns, Progress
from interlock.capture.scan import MAX_BLOCK_OCTETS
from interlock.capture.streams import GZIP_MAGIC, ZSTD_MAGIC, OctetStream, RawOctets, decompressed
from interlock.errors import SourceError
from interlock.records.frames import SPILL_OCTETS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.capture.statistics import Statistics
    from interlock.records.frames import Frames

__all__ = ["Reader", "is_capture"]

_FIRST_OCTETS: Final = 1 << 16
"""The first batch is small: the first frames come soon, and peeking at a file costs little."""
_MIN_OCTETS: Final = 1 << 14
_LEAST_RECORD_OCTETS: Final = 16
_BUFFERS: Final = 2
_UNHELD: Final = 3
"""References to a buffer, as sys.getrefcount counts them, of the reader alone: its list's, a name's and the call's."""
_TEXT: Final = frozenset(range(32, 127)) | {9, 10, 13}


def is_capture(head: bytes) -> bool:
    """Whether a file (uncompressed) that begins with these four octets is a capture."""
    return head[:4] in pcap.MAGICS or head[:4] == pcapng.MAGIC


class Reader:
    """Turns the octets of one capture into batches of `source`, in file order.

    `octets_limit`, `frames_limit`: what a batch aims not to exceed; may be changed between batches.
    Raises SourceError, also from `batch`, where nothing (more) can be read; `statistics` stand anyway.
    """

    def __init__(
        self, raw: RawOctets, source: int, statistics: Statistics, *, octets_limit: int, frames_limit: int
    ) -> None:
        self.octets_limit = octets_limit
        self.frames_limit = frames_limit
        self.statistics = statistics
        self._raw = raw
        self._source = source
        self._stream: OctetStream = decompressed(raw)
        self._carry: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._buffers: list[NDArray[np.uint8]] = []
        self._base = 0
        self._least = 0
        self._ended = False
        self._failure: SourceError | None = None
        self._octets_per_frame = 0.0
        self._format = self._begin()

    def batch(self) -> Frames | None:
        """Return the next frames, at least one; None at the end."""
        while not self._ended:
            octets, end, at_end = self._fill(self._aim())
            columns = Columns(self._room(end))
            progress = self._format.scan(octets.data, 0, end, columns)
            self._account(progress)
            self._keep(octets, progress, end)
            self._base += progress.position
            if progress.skip:
                self._skip(progress.skip, progress.trailer)
            elif progress.damage:
                self._cut(progress.damage)
            elif at_end and progress.frames < columns.room:
                self._finish()
            if progress.frames:
                return self._frames(columns, progress, octets)
        if self._failure:
            raise self._failure
        self._require_frames()
        return None

    def close(self) -> None:
        """Give the file back to the system."""
        self._ended = True
        self._buffers.clear()
        self._carry = np.empty(0, np.uint8)
        self._raw.close()

    def _begin(self) -> CaptureFormat:
        head = np.empty(pcap.HEADER_OCTETS, np.uint8)
        count, _ = self._read(head.data, 0)
        if self._failure:
            raise self._failure
        octets = head[:count].tobytes()
        if octets[:4] in pcap.MAGICS:
            self._base = count
            return pcap.PcapFormat(octets, self._raw.name)
        if octets[:4] == pcapng.MAGIC:
            self._carry = head[:count]
            return pcapng.PcapngFormat()
        raise SourceError(f"{self._raw.name}: {_what_instead(octets, self._stream.damage)}")

    def _read(self, view: memoryview, at: int) -> tuple[int, bool]:
        """Fill view[at:]; returns how far it is filled and whether the stream ended.

        A failure ends the stream too; it is raised once the frames before it are out.
        """
        try:
            while at < len(view):
                count = self._stream.readinto(view[at:])
                if not count:
                    return at, True
                at += count
        except SourceError as error:
            self._failure = error
            return at, True
        return at, False

    def _aim(self) -> int:
        """How many octets the next batch wants: about as many as `frames_limit` frames take."""
        if not self._octets_per_frame:
            return min(self.octets_limit, _FIRST_OCTETS)
        wanted = int(self._octets_per_frame * self.frames_limit * 1.02) + _MIN_OCTETS
        return min(self.octets_limit, wanted)

    def _fill(self, aim: int) -> tuple[NDArray[np.uint8], int, bool]:
        """Fill a buffer up to `aim`, carried octets first; returns it, its fill and whether that ended.

        Where that was too little for one long record, the buffer doubles until it fits. Nothing is read while what was
        carried over is enough: batches of few frames would else carry more and more.
        """
        aim = max(aim, self._least)
        carried = min(len(self._carry), aim)
        octets = self._buffer(aim + aim // 4 + SPILL_OCTETS)
        octets[:carried] = self._carry[:carried]
        if carried == aim:
            return octets, aim, False
        end, ended = self._read(octets.data[:aim], carried)
        return octets, end, ended

    def _buffer(self, octets: int) -> NDArray[np.uint8]:
        """Room for so many: that of an earlier batch which nobody holds any more, else fresh.

        Whoever reads batch by batch holds the last one while the next is read. Pages that the system has to clear and
        to map cost as much as the octets that are read into them.
        """
        for buffer in self._buffers:
            if len(buffer) >= octets and sys.getrefcount(buffer) == _UNHELD:
                return buffer
        self._buffers = [*self._buffers, np.empty(octets, np.uint8)][-_BUFFERS:]
        return self._buffers[-1]

    def _keep(self, octets: NDArray[np.uint8], progress: Progress, end: int) -> None:
        """Carry over what was not scanned: decode writes behind a batch's frames, so that it must be elsewhere."""
        position = progress.position
        if end <= len(self._carry):
            self._carry = self._carry[position:]
        else:
            self._carry = octets[position:end].copy()
        self._least = 0 if position else min(2 * end, end + MAX_BLOCK_OCTETS)

    def _room(self, octets: int) -> int:
        return max(1, min(self.frames_limit, octets // _LEAST_RECORD_OCTETS))

    def _account(self, progress: Progress) -> None:
        self.statistics.untimed += progress.untimed
        self.statistics.dropped += progress.dropped
        if progress.frames:
            self._octets_per_frame = progress.position / progress.frames

    def _frames(self, columns: Columns, progress: Progress, octets: NDArray[np.uint8]) -> Frames:
        number = self.statistics.frames + 1
        frames = columns.frames(progress.frames, octets, progress.position, self._source, number)
        self.statistics.add(frames)
        return frames

    def _skip(self, count: int, trailer: bytes) -> None:
        """Pass over a block of `count` octets, of which those carried over are the first. trailer: its last ones."""
        begin, tail = self._base, self._carry[:count][-len(trailer) :].tobytes()
        left = max(0, count - len(self._carry))
        self._carry = self._carry[count:]
        waste = np.empty(_FIRST_OCTETS, np.uint8).data
        while left:
            passed, ended = self._read(waste[:left], 0)
            left -= passed
            tail = (tail + bytes(waste[max(0, passed - len(trailer)) : passed]))[-len(trailer) :]
            if ended and left:
                self._cut("the file ends in the middle of a block", begin)
                return
        if tail != trailer:
            self._cut(pcapng.BAD_TRAILER, begin)
            return
        self._base += count

    def _finish(self) -> None:
        self._ended = True
        if self._stream.damage:
            self._cut(self._stream.damage)
        elif len(self._carry):
            self._cut("the file ends in the middle of a packet")

    def _cut(self, reason: str, at: int | None = None) -> None:
        self._ended = True
        self.statistics.cut = self._base if at is None else at
        self.statistics.cut_reason = reason

    def _require_frames(self) -> None:
        """Raise for a source that is cut before its first frame: it is none."""
        if self.statistics.cut is not None and not self.statistics.frames:
            raise SourceError(
                f"{self._raw.name}: no packet can be read, {self.statistics.cut_reason} "
                f"(octet {self.statistics.cut}); copy or record the capture again"
            )


def _what_instead(head: bytes, damage: str) -> str:
    """Say what a file is that is no capture, and what to do."""
    if not head:
        return f"no packet can be read, {damage}; copy it again" if damage else "is empty; record it again"
    if head[:2] == GZIP_MAGIC or head[:4] == ZSTD_MAGIC:
        return "is compressed twice; uncompress it once and read that"
    if all(octet in _TEXT for octet in head):
        return "is text, not a capture; name a pcap or pcapng file"
    return (
        f"is no pcap or pcapng file (it begins with {head[:4].hex(' ')}); convert it with editcap or tshark"
    )
