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


MAX_KNOWN: Final = 65_536
"""Machines that are known for being heard of without pressure."""


class Pressure(IntEnum):
    """How full the queue is, or how long what is in it has waited."""

    NONE = 0
    VALUES = 1
    """Values that were read or reported are left out; written ones never are. So are octets of programs: their hashes
    stay."""
    READS = 2
    """Reads that went well and were told within the last minute of capture time are left out, too."""
    STRANGERS = 3
    """So are facts about machines that were first heard of under this pressure, and their conversations that nobody
    answered: whoever floods a network with invented addresses must not hide what its machines do."""


class Shedder:
    """Leaves rows out of batches. What a finding could need stays under every pressure.

    Operations of whomever but repeated reads: writes and their values, programs, refusals, what was not answered, the
    first of every kind of read; oddities, credentials, every protocol's own tables; and clues and flows but those of
    strangers in a flood.
    """

    def __init__(self) -> None:
        self._told: set[Any] = set()
        self._since = 0
        self._known: set[tuple[Any, Any]] = set()

    def keep(self, name: str, batch: pa.RecordBatch, pressure: Pressure, now: int) -> pa.RecordBatch:
        """The rows that stay. now: capture time, UTC ns."""
        if name == "values" and pressure >= Pressure.VALUES:
            return _rows(batch, _texts(batch, "direction") == "written")
        if name == "artifact_contents" and pressure >= Pressure.VALUES:
            return batch.slice(0, 0)
        if name == "operations" and pressure >= Pressure.READS:
            return _rows(batch, self._needed(batch, now))
        if name == "clues":
            return self._clues(batch, pressure)
        if name == "flows" and pressure >= Pressure.STRANGERS:
            return _rows(
                batch, self._answered(batch) | self._among(batch, "client") & self._among(batch, "server")
            )
        return batch

    def _clues(self, batch: pa.RecordBatch, pressure: Pressure) -> pa.RecordBatch:
        if pressure >= Pressure.STRANGERS:
            return _rows(batch, self._among(batch, "who"))
        if len(self._known) < MAX_KNOWN:
            self._known.update(self._machines(batch, "who"))
        return batch

    def _among(self, batch: pa.RecordBatch, name: str) -> Any:
        """Which rows are of machines that were known before."""
        return np.array([machine in self._known for machine in self._machines(batch, name)], bool)

    @staticmethod
    def _machines(batch: pa.RecordBatch, name: str) -> list[tuple[Any, Any]]:
        """Realm and address; a device behind an address (`10.0.0.1/3`) is there with it."""
        addresses = (who and who.partition("/")[0] for who in _texts(batch, name).tolist())
        return list(zip(_texts(batch, "realm").tolist(), addresses, strict=True))

    @staticmethod
    def _answered(batch: pa.RecordBatch) -> Any:
        return batch["server_packets"].to_numpy(zero_copy_only=False) > 0

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
