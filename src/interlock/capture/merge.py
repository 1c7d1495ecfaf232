"""Several sources in time order, by batches: only what lies before every source's watermark goes out.

Each open source has one batch. Its last time is its watermark: nothing earlier can come from it any more.
All frames up to the lowest watermark are put in order and handed on; sources then refill. Frames of one
time come in the order of the sources, so that the result does not depend on how batches fell. A source's own
order never changes: a frame that is earlier than one before it in its file counts as of that one's time.
A source is opened only when its first frame is due, so that a ring of a thousand files costs one buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from interlock.errors import SourceError
from interlock.records.frames import SPILL_OCTETS, Frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["MAX_OPEN", "Track", "merge"]

MAX_OPEN: Final = 128
"""Sources that may overlap at one moment; each needs a buffer and an open file."""
_LEAST_OCTETS: Final = 1 << 16
_LEAST_FRAMES: Final = 256


class Track(Protocol):
    """A source as merge sees it. `first`: its first frame's time, UTC ns, or any time before that."""

    first: int

    def batch(self, octets_limit: int, frames_limit: int) -> Frames | None:
        """Return the next frames, about this many at most; None at the end, and from then on."""
        ...


class _Head:
    """A source's current batch, and how much of it went out."""

    def __init__(self, track: Track, order: int) -> None:
        self.track = track
        self.order = order
        self.frames: Frames | None = None
        self.keys: NDArray[np.int64] = np.empty(0, np.int64)
        self.at = 0
        self._latest = 0

    @property
    def watermark(self) -> tuple[int, int]:
        return self._latest, self.order

    def refill(self, octets_limit: int, frames_limit: int) -> bool:
        """Load the next batch; False at the source's end."""
        self.frames = self.track.batch(octets_limit, frames_limit)
        if self.frames is None:
            return False
        self.keys = np.maximum(np.maximum.accumulate(self.frames.time), self._latest)
        self._latest = int(self.keys[-1])
        self.at = 0
        return True

    def due(self, mark: tuple[int, int]) -> int:
        """Index behind the last frame that lies at or before `mark`, as (time, order)."""
        time, order = mark
        return int(np.searchsorted(self.keys, time, side="right" if self.order <= order else "left"))


class _Piece:
    """Frames at..stop of a head."""

    def __init__(self, head: _Head, stop: int) -> None:
        assert head.frames is not None
        self.frames = head.frames
        self.keys = head.keys[head.at : stop]
        self.rows = slice(head.at, stop)
        self.whole = head.at == 0 and stop == head.frames.n
        self.begin = int(self.frames.offset[head.at])
        self.end = int(self.frames.offset[stop - 1] + self.frames.caplen[stop - 1])


def merge(tracks: Sequence[Track], *, octets_limit: int, frames_limit: int) -> Iterator[Frames]:
    """Batches in time order; equal times in the order of `tracks`.

    A batch of which only one source has frames passes through as it is, uncopied.
    Raises SourceError where more than MAX_OPEN sources overlap.
    """
    waiting = sorted(((track.first, order, track) for order, track in enumerate(tracks)), key=lambda w: w[:2])
    waiting.reverse()
    heads: list[_Head] = []

    def refill(head: _Head) -> bool:
        share = max(1, len(heads))
        return head.refill(
            max(_LEAST_OCTETS, octets_limit // share), max(_LEAST_FRAMES, frames_limit // share)
        )

    while waiting or heads:
        while waiting and (not heads or waiting[-1][:2] <= min(head.watermark for head in heads)):
            _, order, track = waiting.pop()
            head = _Head(track, order)
            heads.append(head)
            if not refill(head):
                heads.remove(head)
            if len(heads) > MAX_OPEN:
                raise SourceError(
                    f"more than {MAX_OPEN} captures overlap in time; "
                    "analyze them in groups, or join some with mergecap first"
                )
            heads.sort(key=lambda head: head.order)
        if heads:
            yield _take(heads, min(head.watermark for head in heads))
            heads = [head for head in heads if head.at < len(head.keys) or refill(head)]


def _take(heads: list[_Head], mark: tuple[int, int]) -> Frames:
    """Everything at or before `mark`; at least one head reaches just there."""
    pieces = []
    for head in heads:
        stop = head.due(mark)
        if stop > head.at:
            pieces.append(_Piece(head, stop))
            head.at = stop
    if len(pieces) == 1 and pieces[0].whole:
        return pieces[0].frames
    return _join(pieces)


def _join(pieces: list[_Piece]) -> Frames:
    """One batch of all pieces in time order: octets are copied once per piece, rows are sorted."""
    used = sum(piece.end - piece.begin for piece in pieces)
    octets = np.empty(used + used // 4 + SPILL_OCTETS, np.uint8)
    offsets = []
    at = 0
    for piece in pieces:
        size = piece.end - piece.begin
        octets[at : at + size] = piece.frames.octets[piece.begin : piece.end]
        offsets.append(piece.frames.offset[piece.rows] + (at - piece.begin))
        at += size
    order = np.argsort(np.concatenate([piece.keys for piece in pieces]), kind="stable")

    def column(name: str) -> NDArray[np.generic]:
        joined: NDArray[np.generic] = np.concatenate([getattr(p.frames, name)[p.rows] for p in pieces])[order]
        return joined

    names = ("caplen", "wirelen", "time", "linktype", "source", "number")
    columns = {name: column(name) for name in names}
    return Frames(octets=octets, used=used, offset=np.concatenate(offsets)[order], **columns)  # type: ignore[arg-type]
