"""Columns crossed: one number per row for what several columns say together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.records.arrays import distinct
from interlock.records.cells import cross, number, views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["MOST_CELLS", "binned", "crossed", "distinct", "numbered"]

MOST_CELLS: Final = 1 << 62
"""Up to so many combinations the numbers of `crossed` rise as the codes do, the first part's before the next one's."""
_WIDE: Final = 1 << 20
_PLACES: Final = 1 << 10
_MORE, _MORE_OF_MANY, _MANY = 16, 4, 1 << 18
"""Places of a table that numbers rows: twice as many as most batches have groups; and then so many times as many, from
_MANY on less, since those are megabytes."""


def crossed(parts: Iterable[tuple[NDArray[np.int64], int]], rows: int) -> NDArray[np.int64]:
    """One number for each combination of codes. parts: codes per row, and below what they all are."""
    cells, size, own = np.zeros(0, np.int64), 1, np.zeros(0, np.int64)
    for codes, width in parts:
        if width <= 1:
            continue
        if size == 1:
            cells, size = codes, width
            continue
        if size > MOST_CELLS // width:  # before it could overflow
            cells, firsts = numbered(cells)
            size, own = len(firsts), cells
        own = own if len(own) else np.empty_like(cells)
        cross(*views(cells, codes), width, *views(own))
        cells = own
        size *= width
    return np.zeros(rows, np.int64) if size == 1 else cells


def numbered(cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells as numbers from 0 in order of first sight, and the row of each first sight."""
    numbers, places = np.empty_like(cells), _PLACES
    while True:
        keys, held = np.empty(places, np.int64), np.full(places, -1, np.int64)
        firsts = np.empty(places // 2, np.int64)
        found = number(*views(cells, keys, held, numbers, firsts))
        if found >= 0:
            return numbers, firsts[:found].copy()
        places *= _MORE if places < _MANY else _MORE_OF_MANY


def binned(bins: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Bins as numbers from 0, and below what they all are."""
    least = int(bins.min()) if len(bins) else 0
    width = int(bins.max()) - least + 1 if len(bins) else 1
    if width <= _WIDE:
        return bins - least, width
    codes, firsts = numbered(np.ascontiguousarray(bins))
    return codes, len(firsts)
