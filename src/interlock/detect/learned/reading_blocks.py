"""What the last readings of all objects were, in a few arrays, and how much of a block of readings was new."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.learned.places import Placed, roomy
from interlock.detect.walks import compare_blocks, views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from interlock.detect.tally import Key

    Follow = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], None]

__all__ = ["BLOCK", "MEMORY", "Blocks", "Follow", "Readers"]

BLOCK: Final = 30
"""Readings of an object that are looked at together."""
MEMORY: Final = 256
"""Readings among which one is looked for that is the same."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks that ended, each of another object. places: of these. rows: that ended them, as they were given.

    new, back, same: readings per block never seen before, seen some time before, and equal to the one before.
    """

    places: NDArray[np.int64]
    rows: NDArray[np.int64]
    new: NDArray[np.int64]
    back: NDArray[np.int64]
    same: NDArray[np.int64]


class Readers(Placed):
    """Per object: its last readings, as numbers that stand for them, and those of the block that is not full."""

    def __init__(self, most: int) -> None:
        """most: objects; more are not taken in."""
        super().__init__(most)
        self._last, self._held = np.zeros((0, MEMORY), np.uint64), np.zeros((0, BLOCK), np.uint64)
        self._known, self._count = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def make(self, key: Key) -> int:
        """Give the place of an object, new if need be; -1 where there is no room."""
        place = self._places.make(key)
        self._last, self._held, self._known, self._count = roomy(
            (self._last, self._held, self._known, self._count), place + 1, (0, 0, 0, 0)
        )
        return place

    def read(
        self,
        rows: NDArray[np.int64],
        places: NDArray[np.int64],
        hashes: NDArray[np.uint64],
        follow: Follow | None = None,
    ) -> Iterator[Blocks]:
        """Take readings, object by object; give the blocks that end, one of each object at a time.

        To be read to the end. follow: is shown rows, their places and slots, before blocks that they fill end.
        """
        starts = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
        counts = np.diff(np.append(starts, len(places)))
        slot = self._count[places] + np.arange(len(places)) - np.repeat(starts, counts)
        while len(slot):
            now = slot < BLOCK
            self._held[places[now], slot[now]] = hashes[now]
            self._count[places[now]] = slot[now] + 1
            if follow is not None:
                follow(rows[now], places[now], slot[now])
            if (full := now & (slot == BLOCK - 1)).any():
                yield self._ended(rows[full], places[full])
            rows, places, hashes, slot = rows[~now], places[~now], hashes[~now], slot[~now] - BLOCK

    def _ended(self, rows: NDArray[np.int64], places: NDArray[np.int64]) -> Blocks:
        new, same = np.empty(len(places), np.int64), np.empty(len(places), np.int64)
        compare_blocks(*views(places, self._last, self._held, self._known, new, same))
        self._count[places] = 0
        return Blocks(places, rows, new, BLOCK - new - same, same)

    @property
    def memory(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        """Per place the last readings (at the end), those of the block that is not full, and how many are known."""
        return self._last, self._held, self._known

    def begun(self, place: int) -> bool:
        """Whether an object was read since it is known."""
        return bool(self._known[place] or self._count[place])

    def state(self, key: Key) -> list[Any]:
        """Of a known object as JSON values: its last readings, and those of the block that is not full.

        Octets in base 64: half as long as numbers, of which there are hundreds for each object.
        """
        place = self._places.find(key)
        parts = self._last[place, MEMORY - int(self._known[place]) :], self._held[place, : self._count[place]]
        return [b64encode(part.astype("<u8").tobytes()).decode("ascii") for part in parts]

    def restore(self, key: Key, *state: str | list[int]) -> int:
        """Take back what `state` gave (by early versions lists); give the place.

        Raises ValueError where it is no such thing, or more than is ever remembered.
        """
        last, held = (
            np.frombuffer(b64decode(part, validate=True), "<u8")
            if isinstance(part, str)
            else np.array([int(n) for n in part], np.uint64)
            for part in state
        )
        if len(last) > MEMORY or len(held) >= BLOCK:
            raise ValueError(f"{len(last)} readings before {len(held)}: more than are remembered")
        place = self.make(key)
        if place >= 0:
            self._last[place, MEMORY - len(last) :] = last
            self._held[place, : len(held)] = held
            self._known[place], self._count[place] = len(last), len(held)
        return place
