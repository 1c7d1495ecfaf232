"""Rows cut by slot for windows that take hundreds of events: most of a flood's slots hold a row or two each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from interlock.detect.batch import summed
from interlock.detect.cells import cross
from interlock.detect.columns import FEW
from interlock.detect.crossing import binned, numbered
from interlock.detect.walks import views

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.batch import Batch
    from interlock.detect.rules.windows import Cell
    from interlock.detect.tally import Key

__all__ = ["cells"]


def cells(batch: Batch, per: Sequence[str], slot_ns: int) -> Iterator[Cell]:
    """Give what each group of rows (by source, realm and `per`) holds of each slot, in the order of slots.

    Within a slot, in the order of first sight.
    """
    slots = batch.times_ns() // slot_ns
    if len(batch) <= FEW:
        few = batch.groups("source", "realm", *per, bins=slots, named=f"slot of {slot_ns}")
        for group, words in sorted(few, key=_slot_of):
            yield _key(words[1:-1]), words[-1], words[0] or "", few.summary(group)
        return
    groups = batch.groups("source", "realm", *per)
    codes, width = binned(slots)
    pairs = groups.numbers.copy()
    cross(*views(pairs, codes), width)  # at most as many groups as rows, and as slots: no number overflows
    places, firsts = numbered(pairs)
    sums = summed(places, batch.times_ns(), batch.frames(), len(firsts))
    begun = slots[firsts]
    order = np.argsort(begun, kind="stable")
    keys, sources = [_key(words[1:]) for words in groups.keys], [words[0] or "" for words in groups.keys]
    whose, numbers = groups.numbers[firsts][order].tolist(), begun[order].tolist()
    for group, number, place in zip(whose, numbers, order.tolist(), strict=True):
        yield keys[group], number, sources[group], sums[place]


def _key(words: tuple[Any, ...]) -> Key:
    return tuple([word or "" for word in words])


def _slot_of(group: tuple[int, tuple[Any, ...]]) -> int:
    return int(group[1][-1])
