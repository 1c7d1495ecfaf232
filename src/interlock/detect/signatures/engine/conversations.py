"""What the engine remembers of conversations from batch to batch: each stream's end, who has spoken, and how much.

Each side of a conversation has a place in columns, found by its key. Ends of streams stand behind each other in one
array; once that is full, those that nobody needs any more are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.signatures.engine.gathering import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = ["KEPT", "Conversations", "keys_of"]

KEPT: Final = 512
"""Octets of a stream that are kept, so that what lies across two stretches is seen."""
_MOST: Final = 16_384
_FIRST: Final = 1 << 16
_FAR: Final = 1 << 44
"""More octets than a side sends."""


def keys_of(flows: NDArray[np.int64], to_server: NDArray[np.bool_]) -> NDArray[np.int64]:
    """One number for each side of a conversation."""
    keys: NDArray[np.int64] = flows * 2 + to_server
    return keys


class Conversations:
    """Keyed by flow, and whether it is the client that speaks. Bounded: those silent for longest go first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._keys = np.zeros(0, np.int64)
        self._places = np.zeros(0, np.int64)
        names = ("sent", "end", "begin", "length", "heard")
        self._columns = {name: np.zeros(most, np.int64) for name in names}
        self._octets = np.zeros(_FIRST, np.uint8)
        self._used = 0
        self._turn = 0
        self._free = np.arange(most)[::-1]
        self._batch: tuple[NDArray[np.int64], NDArray[np.int64]] = (self._keys, self._keys)
        self._sorted: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]] | None = None

    def tails(
        self, keys: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """What is kept of the octets before these places of streams, behind each other, and where each begins.

        Nothing where others are missing between.
        """
        places = self._find(keys)
        known = self._columns
        goes_on = (places >= 0) & (known["end"][places] == offsets)
        lengths = np.where(goes_on, known["length"][places], 0).astype(np.int32)
        octets, bounds = gather(self._octets, np.where(goes_on, known["begin"][places], 0), lengths)
        return octets, bounds

    def keep(
        self,
        keys: NDArray[np.int64],
        ends: NDArray[np.int64],
        octets: NDArray[np.uint8],
        bounds: NDArray[np.int64],
    ) -> None:
        """The last octets of streams up to now, as tails gives them; ends: octets of each stream up to there."""
        if len(keys) > self._most:
            first = len(keys) - self._most
            keys, ends, bounds = keys[first:], ends[first:], bounds[first:]
            octets, bounds = octets[bounds[0] :], bounds - bounds[0]
        places = self._made(keys)
        known = self._columns
        lengths = np.diff(bounds)
        known["end"][places] = ends
        known["length"][places] = 0
        self._make_room(len(octets))
        self._octets[self._used : self._used + len(octets)] = octets
        known["begin"][places] = self._used + bounds[:-1]
        known["length"][places] = lengths
        self._used += len(octets)

    def begin(self, batch: Batch, lengths: NDArray[np.int64]) -> None:
        """Look at a batch; lengths: of each row's octets."""
        keys = keys_of(batch.integers("flow"), batch.among("direction", ("to_server",)))
        self._batch = keys, batch.integers("offset") + lengths
        self._sorted = None

    def end(self) -> None:
        """The batch is over."""
        keys, _, sent = self._order()
        if not len(keys):
            return
        last = np.append(np.flatnonzero(np.diff(keys)), len(keys) - 1)
        keys, sent = keys[last][-self._most :], sent[last][-self._most :]
        places = self._made(keys)
        self._columns["sent"][places] = np.maximum(self._columns["sent"][places], sent)

    def octets(self, flow: int, row: int, *, to_server: bool) -> int | None:
        """Octets that a side has sent up to a row of this batch; None where it has not spoken."""
        key = keys_of(np.array([flow]), np.array([to_server]))
        place = int(self._find(key)[0])
        before = int(self._columns["sent"][place]) if place >= 0 else None
        keys, rows, sent = self._order()
        first, behind = np.searchsorted(keys, key[0], "left"), np.searchsorted(keys, key[0], "right")
        at = int(first + np.searchsorted(rows[first:behind], row, "right"))
        return before if at == first else max(int(sent[at - 1]), before or 0)

    def _order(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The batch by its sides: keys, rows, and the most that was sent up to each."""
        if self._sorted is None:
            keys, ends = self._batch
            rows = np.argsort(keys, kind="stable")
            keys = keys[rows]
            lifts = np.cumsum(np.diff(keys, prepend=keys[:1]) != 0) * _FAR
            self._sorted = keys, rows, np.maximum.accumulate(ends[rows] + lifts) - lifts
        return self._sorted

    def _find(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each side's columns are; -1 where nothing is known of it."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._places[at], -1)

    def _made(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same of distinct keys, with places for those that are new. keys: as many as there are places, at most."""
        self._turn += 1
        places = self._find(keys)
        fresh = np.flatnonzero(places < 0)
        self._columns["heard"][places[places >= 0]] = self._turn
        if len(fresh):
            if len(fresh) > len(self._free):
                self._forget(len(fresh) - len(self._free), len(keys) - len(fresh))
            places[fresh] = self._free[len(self._free) - len(fresh) :]
            self._free = self._free[: len(self._free) - len(fresh)]
            for name, column in self._columns.items():
                column[places[fresh]] = {"end": -1, "heard": self._turn}.get(name, 0)
            order = np.argsort(keys[fresh])
            at = np.searchsorted(self._keys, keys[fresh][order])
            self._keys = np.insert(self._keys, at, keys[fresh][order])
            self._places = np.insert(self._places, at, places[fresh][order])
        return places

    def _forget(self, needed: int, heard: int) -> None:
        """Give up those silent for longest: as many as are needed, and some more, but none of those just heard."""
        order = np.argsort(self._columns["heard"][self._places], kind="stable")
        gone = order[: max(needed, min(self._most // 8, len(order) - heard))]
        self._free = np.concatenate((self._free, self._places[gone]))
        self._keys, self._places = np.delete(self._keys, gone), np.delete(self._places, gone)

    def _make_room(self, more: int) -> None:
        """Room for more octets: first by leaving out what was kept of sides that have sent more since."""
        if self._used + more <= len(self._octets):
            return
        known, places = self._columns, self._places
        lengths = known["length"][places].astype(np.int32)
        octets, bounds = gather(self._octets, known["begin"][places], lengths)
        known["begin"][places] = bounds[:-1]
        self._octets = np.zeros(max(_FIRST, 2 * (len(octets) + more)), np.uint8)
        self._octets[: len(octets)] = octets
        self._used = len(octets)
