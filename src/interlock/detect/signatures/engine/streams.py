"""What is remembered of conversations from batch to batch: how much each side has sent, and how each stream ends.

Each side of a conversation has a key; both keys of one differ in their lowest bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.signatures.engine.laying import ROOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MOST", "Streams"]

MOST: Final = 16_384
"""Streams whose ends are kept."""
_FIRST: Final = 256


class Streams:
    """Columns by key: sent (octets, -1: has not spoken), place (of what is kept, or -1), last (for `lay`).

    By place: tails (begin, length, how long the stream is then), owners (their keys), turns (when it was heard last);
    clean: the code of what its conversation met when no literal that those rules look for was in what is kept, else
    -1; kept: the octets. Bounded: whoever has been silent gives its place to those that speak.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.sent = np.zeros(0, np.int64)
        self.place = np.zeros(0, np.int32)
        self.last = np.zeros(0, np.int32)
        self.kept = np.zeros(0, np.uint8)
        self.tails = np.zeros((0, 3), np.int64)
        self.clean = np.zeros(0, np.int32)
        self._owners = np.zeros(0, np.int64)
        self._turns = np.zeros(0, np.int64)
        self._turn = 0
        self._hand = 0
        self._free: list[int] = []

    def reach(self, keys: int) -> None:
        """Have columns for so many keys."""
        more = keys - len(self.sent)
        if more > 0:
            self.sent = np.concatenate((self.sent, np.full(more, -1, np.int64)))
            self.place = np.concatenate((self.place, np.full(more, -1, np.int32)))
            self.last = np.concatenate((self.last, np.full(more, -1, np.int32)))

    def hear(self, keys: NDArray[np.int64]) -> None:
        """Give places to the streams that speak now, as far as there are any. keys: of them, any number of times."""
        self._turn += 1
        places = self.place[keys]
        self._turns[places[places >= 0]] = self._turn
        if len(places) and places.min() < 0:
            for key in sorted(set(keys[places < 0].tolist())):
                if (place := self._a_place()) < 0:
                    break
                self.place[key] = place
                self.tails[place] = 0, 0, -1
                self.clean[place] = -1
                self._owners[place], self._turns[place] = key, self._turn

    def note_found(self, keys: NDArray[np.int64]) -> None:
        """In what is kept of these a literal may be."""
        places = self.place[keys]
        self.clean[places[places >= 0]] = -1

    def forget_clean(self) -> None:
        """Other rules are looked for, or codes say something else."""
        self.clean[:] = -1

    def _a_place(self) -> int:
        """One that is free, or that of somebody silent; -1 where all of them speak now."""
        if not self._free:
            self._more()
        if self._free:
            return self._free.pop()
        for _ in range(self._most):
            self._hand = (self._hand + 1) % self._most
            if self._turns[self._hand] != self._turn:
                self.place[self._owners[self._hand]] = -1
                return self._hand
        return -1

    def _more(self) -> None:
        """Twice as many places."""
        have = len(self.tails)
        more = min(max(_FIRST, have), self._most - have)
        if more > 0:
            self.tails = np.concatenate((self.tails, np.zeros((more, 3), np.int64)))
            self.kept = np.concatenate((self.kept, np.zeros(more * ROOM, np.uint8)))
            self.clean = np.concatenate((self.clean, np.full(more, -1, np.int32)))
            self._owners = np.concatenate((self._owners, np.full(more, -1, np.int64)))
            self._turns = np.concatenate((self._turns, np.zeros(more, np.int64)))
            self._free = list(range(have + more - 1, have - 1, -1))

    def forget(self, keys: Sequence[int]) -> None:
        """These conversations are over; their keys will be another's."""
        gone = np.array([key for key in keys if key < len(self.sent)], np.int64)
        places = self.place[gone]
        self.sent[gone], self.place[gone] = -1, -1
        places = places[places >= 0]
        self._owners[places] = -1
        self._free += places.tolist()
