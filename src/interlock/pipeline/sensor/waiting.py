"""Rows that may wait to be judged, gathered with the batches that they came in.

To cut them out of each small batch costs more than to keep the rows that were judged already: most batches consist of
what may wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlock.records.gathering import as_one

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Waited", "Waiting"]


class Waited:
    """What has waited. which: per row whether it did, or was judged before."""

    def __init__(self, pieces: list[pa.RecordBatch], which: list[NDArray[np.bool_]]) -> None:
        self._pieces, self._which = pieces, which
        self._rows = int(sum(piece.num_rows for piece in pieces))

    def __len__(self) -> int:
        """How many rows it holds, those included that were judged before."""
        return self._rows

    def joined(self) -> tuple[pa.RecordBatch, NDArray[np.bool_]]:
        """All of it as one batch, and which rows waited: some milliseconds' work."""
        return as_one(self._pieces), np.concatenate(self._which)


class Waiting:
    """Holds batches of one table back until they have `enough` rows."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._held: list[pa.RecordBatch] = []
        self._which: list[NDArray[np.bool_]] = []
        self._rows = 0

    def add(self, rows: pa.RecordBatch, which: NDArray[np.bool_] | None = None) -> Waited | None:
        """Take a batch, and which of its rows wait (None: all); all that is held, where that is enough."""
        self._held.append(rows)
        self._which.append(np.ones(rows.num_rows, np.bool_) if which is None else which)
        self._rows += rows.num_rows
        return self.rest() if self._rows >= self._enough else None

    def rest(self) -> Waited | None:
        """All that is held; None where there is nothing."""
        held, which, self._held, self._which, self._rows = self._held, self._which, [], [], 0
        return Waited(held, which) if held else None
