"""Readings of objects as detectors of values line them up: who reads what of whom, and the numbers behind each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.tally import Key

__all__ = ["READ", "Readings"]

READ: Final = (
    "source",
    "realm",
    "client",
    "server",
    "protocol",
    "unit",
    "object",
    "direction",
    "time",
    "frame",
    "number",
)
"""Columns of values that are read."""
_GROUPED: Final = READ[:7]


@dataclass(frozen=True, slots=True)
class Readings:
    """Of one batch. flat: all numbers, one row's after another's. lengths: numbers per row."""

    flat: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, batch: Batch) -> Readings | None:
        """Its numbers; None where it has none."""
        if not batch.has("number") or not len(batch):
            return None
        column = batch.column("number")
        lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(column.flatten().to_numpy(zero_copy_only=False).astype(np.float64), lengths)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each row's numbers begin."""
        begins: NDArray[np.int64] = np.cumsum(self.lengths) - self.lengths
        return begins

    def groups(self, batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], int]]:
        """Give block (realm, client, server, protocol, place, width), source, rows in time, and the width."""
        usable = batch.among("direction", ("read", "reported")) & (self.lengths > 0)
        if not usable.any():
            return
        groups = batch.groups(*_GROUPED, bins=self.lengths, named="numbers")
        for group, (source, realm, client, server, protocol, unit, place, width) in groups:
            rows = groups.rows(group)
            rows = rows[usable[rows]]
            if len(rows):
                where = f"{unit or ''} {place or ''}".strip()
                key = (realm or "", client or "", server or "", protocol or "", where, str(width))
                yield key, source or "", rows, int(width)
