"""Which frames of a cause are named: the first ones, and of all the others a sample that is spread evenly."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from interlock.detect.walks import views
from interlock.records.cells import lots, sift
from interlock.records.crossing import distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FIRST_FRAMES", "MAX_FRAMES", "NamedFrames", "Store", "marks_of"]

FIRST_FRAMES: Final = 20
MAX_FRAMES: Final = 512
"""Frames named of a cause and source, all of them where there are no more."""
_ENOUGH: Final = 256
_FEW: Final = 64
_SAMPLE: Final = MAX_FRAMES - FIRST_FRAMES
_ALL_SAMPLES: Final = 400_000
_NONE: Final = np.zeros(0, np.int64)
_OPEN: Final = np.uint64(2**64 - 1)

Frames = NDArray[np.int64]
Marks = NDArray[np.uint64]


class Store:
    """How many more frames the causes of a detector can name beyond their first ones."""

    __slots__ = ("left",)

    def __init__(self, left: int = _ALL_SAMPLES) -> None:
        self.left = left


def marks_of(frames: Frames) -> Marks:
    """A number for each frame, as if drawn by lot but always the same: those with the least are kept.

    Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    """
    marks = np.empty(len(frames), np.uint64)
    lots(*views(np.ascontiguousarray(frames, np.int64), marks))
    return marks


def _rising(held: array[int]) -> Frames:
    """Each once, without those that stand for none."""
    if len(held) <= _FEW:  # quicker than numpy's set-up
        return np.array(sorted({frame for frame in held if frame > 0}), np.int64)
    frames = distinct(np.frombuffer(held, np.int64))
    return frames[np.searchsorted(frames, 1) :]


def _joined(one: Frames, other: Frames) -> Frames:
    return distinct(np.concatenate((one, other)))


class NamedFrames:
    """Frame numbers of one source. What is kept depends on which frames there were, not on their order.

    The smallest are kept, and a sample: the frames with the least marks; past a limit none is taken any more. What
    comes is held until there is enough of it, since numpy's steps cost as much for one frame as for a hundred.
    """

    __slots__ = ("_first", "_held", "_limit", "_sample", "_store")

    def __init__(self, store: Store | None = None) -> None:
        """store: what bounds the samples of a detector together."""
        self._first: Frames = _NONE
        self._sample: Frames = _NONE
        self._limit = _OPEN
        self._held = array("q")
        self._store = store

    def __len__(self) -> int:
        """How many places of the store it takes."""
        self._settle()
        return len(self._sample)

    def add(self, frames: Frames | Sequence[int]) -> None:
        """Take in more; 0 stands for none."""
        if self._limit != _OPEN and len(frames) > _FEW:
            frames = self._wanted(np.asarray(frames, np.int64))
        if isinstance(frames, np.ndarray):
            self._held.frombytes(np.ascontiguousarray(frames, np.int64).tobytes())
        else:
            self._held.extend(frames)
        if len(self._held) >= _ENOUGH:
            self._settle()

    def _settle(self) -> None:
        if not len(self._held):
            return
        held, self._held = self._held, array("q")
        if self._limit != _OPEN and len(held) > _FEW:
            held = array("q", self._wanted(np.frombuffer(held, np.int64)).tobytes())
        frames = _rising(held)
        if len(self._first) < FIRST_FRAMES or (len(frames) and frames[0] < self._first[-1]):
            every = _joined(self._first, frames) if len(self._first) else frames
            self._first = every[:FIRST_FRAMES]
            if len(self._sample) or len(every) > FIRST_FRAMES:
                self._draw(every)
        else:
            self._draw(frames)

    def _wanted(self, frames: Frames) -> Frames:
        """Of many only those that may be kept: most are not, once there is no more room, and need not be sorted."""
        last = self._first[-1] if len(self._first) else np.iinfo(np.int64).max
        kept = np.empty(len(frames), np.int64)
        return kept[: sift(*views(np.ascontiguousarray(frames)), int(last), int(self._limit), *views(kept))]

    def _draw(self, frames: Frames) -> None:
        lower = frames if self._limit == _OPEN else frames[marks_of(frames) < self._limit]
        if not len(lower):
            return
        pool = _joined(self._sample, lower)
        most, store = _SAMPLE, self._store
        if store is not None:
            most = min(most, len(self._sample) + store.left)
            store.left -= min(len(pool), most) - len(self._sample)
        marks = marks_of(pool)
        if len(pool) > most:
            kept = np.sort(np.argpartition(marks, most)[:most])
            pool, marks = pool[kept], marks[kept]
        self._sample = pool
        if len(pool) >= most:
            self._limit = marks.max() if most else np.uint64(0)

    def told(self) -> tuple[int, ...]:
        """All that are kept, rising; at most MAX_FRAMES."""
        self._settle()
        every = _joined(self._first, self._sample) if len(self._sample) else self._first
        return tuple(every.tolist())
