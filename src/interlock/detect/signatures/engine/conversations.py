"""What the engine remembers of conversations from batch to batch: each stream's end, who has spoken, and how much."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = ["KEPT", "Conversations"]

KEPT: Final = 512
"""Octets of a stream that are kept, so that what lies across two stretches is seen."""
_MOST: Final = 16_384


class Conversations:
    """Keyed by flow, and whether it is the client that speaks. Bounded: the oldest goes first."""

    def __init__(self) -> None:
        self._tails: OrderedDict[tuple[int, bool], tuple[int, bytes]] = OrderedDict()
        self._octets: OrderedDict[tuple[int, bool], int] = OrderedDict()
        self._flows = self._ends = np.zeros(0, np.int64)
        self._sides = np.zeros(0, np.bool_)

    def tail(self, flow: int, offset: int, *, to_server: bool) -> bytes:
        """What is kept of the octets before this place of a stream; nothing where others are missing between."""
        end, tail = self._tails.get((flow, to_server), (0, b""))
        return tail if end == offset else b""

    def keep(self, flow: int, end: int, tail: bytes, *, to_server: bool) -> None:
        """tail: the last octets of a stream up to now; end: octets of the stream up to there."""
        _put(self._tails, (flow, to_server), (end, tail))

    def begin(self, batch: Batch, lengths: NDArray[np.int64]) -> None:
        """Look at a batch; lengths: of each row's octets."""
        self._flows = batch.integers("flow")
        self._sides = batch.among("direction", ("to_server",))
        self._ends = batch.integers("offset") + lengths

    def end(self) -> None:
        """The batch is over."""
        keys = self._flows * 2 + self._sides
        order = np.argsort(keys, kind="stable")
        firsts = np.flatnonzero(np.diff(keys[order], prepend=keys[order][:1] - 1)) if len(order) else order
        most = np.maximum.reduceat(self._ends[order], firsts) if len(order) else self._ends
        rows = zip(
            self._flows[order[firsts]].tolist(),
            self._sides[order[firsts]].tolist(),
            most.tolist(),
            strict=True,
        )
        for flow, side, octets in rows:
            _put(self._octets, (flow, side), max(octets, self._octets.get((flow, side), 0)))

    def octets(self, flow: int, row: int, *, to_server: bool) -> int | None:
        """Octets that a side has sent up to a row of this batch; None where it has not spoken."""
        here = self._ends[: row + 1][(self._flows[: row + 1] == flow) & (self._sides[: row + 1] == to_server)]
        before = self._octets.get((flow, to_server))
        if not len(here):
            return before
        return max(int(here.max()), before or 0)


def _put(kept: OrderedDict, key: tuple[int, bool], value: object) -> None:  # type: ignore[type-arg]
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _MOST:
        kept.popitem(last=False)
