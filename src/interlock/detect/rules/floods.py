"""Rows cut by slot for windows that take hundreds of events: most of a flood's slots hold a row or two each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from interlock.detect.batch import summed
from interlock.detect.walks import views
from interlock.records.cells import cross, sort_out
from interlock.records.crossing import binned, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interlock.detect.batch import Batch, Summary
    from interlock.detect.rules.windows import Cell
    from interlock.detect.tally import Key

__all__ = ["Flood", "few_cells", "flood_of"]


class Flood:
    """What each group of rows (by source, realm and some columns) holds of each slot.

    keys, sources: of each group, in the order of first sight by slots. starts: where each group's cells begin, and
    where the last one's end. numbers, sums: of each cell, its slot (rising in each group) and what its rows sum up to.
    ranks: of each cell, where it stands in the order of slots, and within a slot in the order of first sight.
    """

    __slots__ = ("keys", "numbers", "ranks", "sources", "starts", "sums")

    def __init__(
        self,
        groups: Sequence[tuple[Key, str]],
        starts: list[int],
        cells: tuple[list[int], list[Summary], list[int]],
    ) -> None:
        self.keys, self.sources = [key for key, _ in groups], [source for _, source in groups]
        self.starts = starts
        self.numbers, self.sums, self.ranks = cells

    def __len__(self) -> int:
        return len(self.numbers)

    def cells(self) -> Iterable[Cell]:
        """Each cell by itself, in the order of slots."""
        found = [
            (rank, (key, number, source, summary))
            for group, (key, source) in enumerate(zip(self.keys, self.sources, strict=True))
            for rank, number, summary in self._of(group)
        ]
        found.sort(key=_first)
        return (cell for _, cell in found)

    def _of(self, group: int) -> Iterator[tuple[int, int, Summary]]:
        part = slice(self.starts[group], self.starts[group + 1])
        return zip(self.ranks[part], self.numbers[part], self.sums[part], strict=True)


def few_cells(batch: Batch, per: Sequence[str], slot_ns: int) -> Iterator[Cell]:
    """Of a few rows, what each group of them (by source, realm and `per`) holds of each slot, in the order of slots.

    Within a slot, in the order of first sight.
    """
    slots = batch.times_ns() // slot_ns
    few = batch.groups("source", "realm", *per, bins=slots, named=f"slot of {slot_ns}")
    for group, words in sorted(few, key=_slot_of):
        yield _key(words[1:-1]), words[-1], words[0] or "", few.summary(group)


def flood_of(batch: Batch, per: Sequence[str], slot_ns: int) -> Flood:
    """Cut many rows by slot, and by source, realm and `per`."""
    slots = batch.times_ns() // slot_ns
    groups = batch.groups("source", "realm", *per)
    codes, width = binned(slots)
    pairs = np.empty_like(codes)
    cross(
        *views(groups.numbers, codes), width, *views(pairs)
    )  # at most as many groups as rows, and as slots: no number overflows
    places, firsts = numbered(pairs)
    begun = slots[firsts]
    order = np.argsort(begun, kind="stable")
    ranks, seen = numbered(groups.numbers[firsts][order])
    starts, rows = np.zeros(len(seen) + 1, np.int64), np.empty_like(ranks)
    sort_out(*views(ranks, starts, rows))
    own = order[rows]
    keys = groups.keys
    sums = summed(places, batch.times_ns(), batch.frames(), len(firsts))
    return Flood(
        [(_key(keys[g][1:]), keys[g][0] or "") for g in groups.numbers[firsts[order[seen]]].tolist()],
        starts.tolist(),
        (begun[own].tolist(), [sums[place] for place in own.tolist()], rows.tolist()),
    )


def _key(words: tuple[Any, ...]) -> Key:
    return tuple([word or "" for word in words])


def _slot_of(group: tuple[int, tuple[Any, ...]]) -> int:
    return int(group[1][-1])


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]
