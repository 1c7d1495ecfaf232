"""Small batches of one table joined to few large ones: what groups rows pays for a batch, not for a row."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

__all__ = ["ENOUGH", "Gathering"]

ENOUGH: Final = 131_072
"""Rows: as many as a row group of the stored table, which holds the same batches for that long anyway."""


class Gathering:
    """Holds batches back until there are enough rows. Who reads the result must not mind how rows are cut."""

    def __init__(self, enough: int = ENOUGH) -> None:
        self._enough = enough
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """Take a batch; all that is held as one batch, where that is enough."""
        self._held.append(batch)
        self._rows += batch.num_rows
        return self.rest() if self._rows >= self._enough else None

    def rest(self) -> pa.RecordBatch | None:
        """All that is held, as one batch; None where there is nothing."""
        held, self._held, self._rows = self._held, [], 0
        if len(held) < 2:
            return held[0] if held else None
        return pa.Table.from_batches(held).unify_dictionaries().combine_chunks().to_batches()[0]
