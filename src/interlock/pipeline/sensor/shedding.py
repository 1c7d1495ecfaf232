"""What is left out first where records come faster than they are read: declared here, and nothing else ever is."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Pressure", "Shedder"]

CYCLE_NS: Final = 60_000_000_000
"""A read that is repeated is told once in this long (capture time) even under pressure: as stores fold it, too."""

MAX_REPEATED: Final = 65_536
_KEY: Final = ("source", "realm", "client", "server", "protocol", "function_name", "unit", "object")
_NUMBERS: Final = ("function", "count", "item", "items")


class Pressure(IntEnum):
    """How full the queue is."""

    NONE = 0
    VALUES = 1
    """Values that were read or reported are left out; written ones never are."""
    READS = 2
    """Reads that went well and were told within the last minute of capture time are left out, too."""


class Shedder:
    """Leaves rows out of batches. What a finding could need stays under every pressure.

    Writes and their values, programs, refusals, everything unanswered, the first of every kind of read, clues,
    oddities, credentials, flows and every protocol's own tables.
    """

    def __init__(self) -> None:
        self._told: set[Any] = set()
        self._since = 0

    def keep(self, name: str, batch: pa.RecordBatch, pressure: Pressure, now: int) -> pa.RecordBatch:
        """The rows that stay. now: capture time, UTC ns."""
        if name == "values" and pressure >= Pressure.VALUES:
            return _rows(batch, _texts(batch, "direction") == "written")
        if name == "operations" and pressure >= Pressure.READS:
            return _rows(batch, self._needed(batch, now))
        return batch

    def _needed(self, batch: pa.RecordBatch, now: int) -> Any:
        """Mask of rows; those of one message stay or go together, since a message counts where item is 0."""
        if not 0 <= now - self._since < CYCLE_NS or len(self._told) > MAX_REPEATED:
            self._told.clear()
            self._since = now
        repeated = (_texts(batch, "verb") == "read") & (_texts(batch, "outcome") == "ok")
        needed = ~repeated
        columns = [_texts(batch, name)[repeated].tolist() for name in _KEY]
        columns += [batch[name].fill_null(0).to_numpy()[repeated].tolist() for name in _NUMBERS]
        for row, key in zip(np.flatnonzero(repeated).tolist(), zip(*columns, strict=True), strict=True):
            if key not in self._told:
                self._told.add(key)
                needed[row] = True
        ids = batch["operation"].to_numpy()
        together: Any = np.isin(ids, ids[needed])
        return together


def _texts(batch: pa.RecordBatch, name: str) -> Any:
    """A dictionary column as an array of its texts; None where there is none. Spells what the rows use only."""
    column = batch[name]
    codes, at = np.unique(column.indices.fill_null(-1).to_numpy(), return_inverse=True)
    texts = np.array(
        [None if code < 0 else column.dictionary[code].as_py() for code in codes.tolist()], object
    )
    return texts[at]


def _rows(batch: pa.RecordBatch, mask: Any) -> pa.RecordBatch:
    """The rows of a mask; the dictionaries stay the same objects, so that they need not be sent again."""
    return batch if mask.all() else batch.take(np.flatnonzero(mask))
