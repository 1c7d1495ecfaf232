"""Which frames of a cause are named: the first ones, and of all the others a sample that is spread evenly."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRST_FRAMES", "MAX_FRAMES", "NamedFrames", "Store", "marks_of"]

FIRST_FRAMES: Final = 20
MAX_FRAMES: Final = 512
"""Frames named of a cause and source, all of them where there are no more."""
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
    marks = frames.astype(np.uint64)
    marks = (marks ^ (marks >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    marks = (marks ^ (marks >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return marks ^ (marks >> np.uint64(31))


class NamedFrames:
    """Frame numbers of one source. What is kept depends on which frames there were, not on their order.

    first: the smallest, rising. The sample: the frames with the least marks; past `limit` none is taken any more.
    """

    __slots__ = ("_sample", "first", "limit")

    def __init__(self) -> None:
        self.first: list[int] = []
        self.limit = _OPEN
        self._sample: Frames = _NONE

    def __len__(self) -> int:
        """How many places of a store it takes."""
        return len(self._sample)

    def add(self, frames: Frames, store: Store | None = None) -> None:
        """Take in more; 0 stands for none. store: what bounds the samples of a detector together."""
        if not len(self._sample):
            # Sorting a few in Python is quicker than numpy's set-up; many are made distinct by numpy first.
            few = frames if len(frames) <= 4 * FIRST_FRAMES else np.unique(frames)
            every = sorted({*self.first, *few.tolist()} - {0})
            self.first = every[:FIRST_FRAMES]
            if len(every) > FIRST_FRAMES:
                self._draw(np.array(every, np.int64), store)
            return
        if len(frames) and int(frames.min()) < self.first[-1]:
            some = np.unique(frames)[: FIRST_FRAMES + 1]
            self.first = sorted({*self.first, *some.tolist()} - {0})[:FIRST_FRAMES]
        self._draw(frames, store)

    def _draw(self, frames: Frames, store: Store | None) -> None:
        lower = frames[marks_of(frames) < self.limit]
        if not len(lower):
            return
        pool = np.union1d(self._sample, lower[lower > 0])
        most = _SAMPLE
        if store is not None:
            most = min(most, len(self._sample) + store.left)
            store.left -= min(len(pool), most) - len(self._sample)
        marks = marks_of(pool)
        if len(pool) > most:
            kept = np.sort(np.argpartition(marks, most)[:most])
            pool, marks = pool[kept], marks[kept]
        self._sample = pool
        if len(pool) >= most:
            self.limit = marks.max() if most else np.uint64(0)

    def told(self) -> tuple[int, ...]:
        """All that are kept, rising; at most MAX_FRAMES."""
        if not len(self._sample):
            return tuple(self.first)
        return tuple(sorted({*self.first, *self._sample.tolist()}))
