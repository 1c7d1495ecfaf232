"""Asked: what pending rows add to a cause until their operations have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.columns import FEW
from interlock.detect.tally import Key, Room, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = ["MOST_EACH", "MOST_OPEN", "Asked"]

MOST_OPEN: Final = 4_096
"""Operations remembered; past it the oldest ones are, and count when their final rows come."""
MOST_EACH: Final = 32
"""Of one cause: so many raise it, and a flood of them buys no time."""
_MOST_WORDS: Final = 50_000

Mark = tuple[int, int]
"""Flow and operation: several decoders number their operations alike."""


class Asked:
    """Operations that were asked and have not ended, by the causes that they touch.

    What they add stands beside a detector's tallies and is dropped when their final rows come, which are counted as
    if nothing had gone before: an answer may mend any column of its request, and in the end all counts are right.
    """

    def __init__(self) -> None:
        self._causes: dict[Mark, list[Key]] = {}
        self._parts: dict[Key, dict[Mark, Tally]] = {}
        self._room = Room(_MOST_WORDS)

    @property
    def room(self) -> Room:
        """What its tallies share."""
        return self._room

    def __len__(self) -> int:
        """How many operations are open."""
        return len(self._causes)

    def __contains__(self, key: Key) -> bool:
        return key in self._parts

    def __iter__(self) -> Iterator[Key]:
        """Give the causes, in no order."""
        return iter(self._parts)

    def of(self, key: Key) -> Iterable[Tally]:
        """Give what each open operation adds to a cause."""
        return self._parts.get(key, {}).values()

    def open(self, key: Key, batch: Batch, rows: NDArray[Any]) -> Iterator[tuple[Tally, NDArray[Any]]]:
        """Give a tally for each operation of these pending rows, and its rows, to be counted there."""
        for row, mark in zip(rows.tolist(), _marks(batch, rows), strict=True):
            tally = self._part(key, mark)
            if tally is not None:
                yield tally, rows[rows == row]

    def _part(self, key: Key, mark: Mark) -> Tally | None:
        parts = self._parts.get(key, {})
        if mark in parts:
            return parts[mark]
        if len(parts) >= MOST_EACH:
            return None
        while mark not in self._causes and len(self._causes) >= MOST_OPEN:
            self._drop(next(iter(self._causes)))
        self._causes.setdefault(mark, []).append(key)
        return self._parts.setdefault(key, {}).setdefault(mark, Tally(self._room))

    def settle(self, batch: Batch) -> set[Key]:
        """Drop what final rows of operations end; give the causes that they touched."""
        touched: set[Key] = set()
        if self._causes and not batch.waits:
            ended = ~batch.among("outcome", ("pending",))
            if len(batch) > FEW:  # numbers first: most rows answer what nobody is asked about here
                asked = np.fromiter((operation for _, operation in self._causes), np.int64, len(self._causes))
                ended &= np.isin(batch.integers("operation"), asked)
            for mark in self._causes.keys() & set(_marks(batch, ended.nonzero()[0])):
                touched.update(self._drop(mark))
        return touched

    def drop_where(self, gone: Callable[[Key], bool]) -> None:
        """Drop the operations of which a cause is no longer judged."""
        for mark in [mark for mark, keys in self._causes.items() if any(map(gone, keys))]:
            self._drop(mark)

    def _drop(self, mark: Mark) -> list[Key]:
        keys = self._causes.pop(mark)
        for key in keys:
            tally = self._parts[key].pop(mark)
            tally.leave(self._room)
            if not self._parts[key]:
                del self._parts[key]
        return keys

    def state(self) -> list[Any]:
        """As JSON values."""
        return [
            [*mark, [[list(key), self._parts[key][mark].state()] for key in keys]]
            for mark, keys in self._causes.items()
        ]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        when = self._room.when
        self._causes, self._parts, self._room = {}, {}, Room(_MOST_WORDS)
        self._room.when = when
        for flow, operation, parts in state:
            mark = (int(flow), int(operation))
            for words, tally in parts:
                key = tuple(str(word) for word in words)
                self._causes.setdefault(mark, []).append(key)
                self._parts.setdefault(key, {})[mark] = Tally.of(tally, self._room)
                self._room.left -= sum(len(kind) for kind in self._parts[key][mark].words.values())


def _marks(batch: Batch, rows: NDArray[Any]) -> Iterator[Mark]:
    flows, operations = batch.integers("flow")[rows].tolist(), batch.integers("operation")[rows].tolist()
    return zip(flows, operations, strict=True)
