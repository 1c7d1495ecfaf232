"""Numbers in octets that nobody explained: cyclic data without their maker's description mostly hold reals.

    raw:  | real 4 | real 4 | … |      what is left behind the last whole one is not read

Which of them are reals is not known here: whoever compares them over time finds out. What read so is no sensible
number (IEC 60559: huge, tiny, none) is 0 here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.learned.readings import Readings
from interlock.records.arrays import integers, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = ["raw_readings"]

LONGEST: Final = 64
"""Octets of a block that are read."""
_REAL: Final = 4
_LEAST, _MOST = 1e-6, 1e9
_PROTOCOLS: Final = {"profinet-rt": ">f4", "cip-io": "<f4", "enip-io": "<f4", "ads": "<f4", "ethercat": "<f4"}
"""Who exchanges process data in octets, and in which order those of a number come."""


def raw_readings(batch: Batch) -> tuple[Batch, Readings, NDArray[np.int64]] | None:
    """Rows of `values` with raw process data and no numbers, their reals, and their numbers; None: there are none."""
    if not batch.has("raw"):
        return None
    usable = batch.among("protocol", _PROTOCOLS)
    if not usable.any():
        return None
    lengths = np.where(usable, integers(kernel("binary_length", batch.column("raw"))), 0)
    numbers = Readings.of(batch)
    usable = (lengths >= _REAL) & (lengths <= LONGEST)
    if numbers is not None:
        usable &= numbers.lengths == 0
    if not usable.any():
        return None
    part, many = batch.take(usable), lengths[usable] // _REAL
    starts = np.cumsum(many) - many
    return part, Readings(_reals(part, lengths[usable], many), starts, many), np.flatnonzero(usable)


def _reals(part: Batch, lengths: NDArray[np.int64], many: NDArray[np.int64]) -> NDArray[np.float64]:
    """All of them, one row's after another's."""
    octets = np.frombuffer(b"".join(part.column("raw").to_pylist()), np.uint8)
    begins = np.cumsum(lengths) - lengths
    row = np.repeat(np.arange(len(many)), many)
    within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    cells = octets[(begins[row] + _REAL * within)[:, None] + np.arange(_REAL)]
    little = part.among("protocol", {name for name, order in _PROTOCOLS.items() if order[0] == "<"})[row]
    cells[little] = cells[little, ::-1]
    with np.errstate(invalid="ignore"):
        reals: NDArray[np.float64] = cells.view(">f4")[:, 0].astype(np.float64)
        size = np.abs(reals)
        reals[~((size >= _LEAST) & (size <= _MOST))] = 0.0
    return reals
