"""Rows that may wait to be judged, gathered with the batches that they came in.

To cut them out of each small batch costs more than to keep the rows that were judged already: most batches consist of
what may wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from interlock.records.gathering import as_one

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Waited", "Waiting"]


@dataclass(frozen=True, slots=True)
class Waited:
    """What has waited. which: per row whether it did, or was judged before."""

    rows: pa.RecordBatch
    which: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many rows it holds, those included that were judged before."""
        return int(self.rows.num_rows)


class Waiting:
    """Holds batches of one table back until they have `enough` rows."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._held: list[pa.RecordBatch] = []
        self._which: list[NDArray[np.bool_]] = []
        self._rows = 0

    def add(self, rows: pa.RecordBatch, which: NDArray[np.bool_]) -> Waited | None:
        """Take a batch, and which of its rows wait; all that is held, where that is enough."""
        self._held.append(rows)
        self._which.append(which)
        self._rows += rows.num_rows
        return self.rest() if self._rows >= self._enough else None

    def rest(self) -> Waited | None:
        """All that is held; None where there is nothing."""
        held, which, self._held, self._which, self._rows = self._held, self._which, [], [], 0
        return Waited(as_one(held), np.concatenate(which)) if held else None
