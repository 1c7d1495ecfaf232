"""Rows in memory, between their coming and their being on disk; bounded, and what is given up is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.records.gathering import as_one
from interlock.store.plain.limits import shed_rank
from interlock.store.plain.streams import written_out

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

__all__ = ["Holding"]

_FEW: Final = 32


class Holding:
    """Batches by table, in order. lost: table → rows that were given up since somebody looked."""

    def __init__(self) -> None:
        self._held: dict[str, list[pa.RecordBatch]] = {}
        self._octets: dict[str, int] = {}
        self._unweighed: list[tuple[str, pa.RecordBatch]] = []
        """Batches whose octets nobody has asked for yet: most are gone before somebody does."""
        self.rows = 0
        self.lost: dict[str, int] = {}

    @property
    def octets(self) -> int:
        """What is held, in all."""
        for name, batch in self._unweighed:
            self._octets[name] = self._octets.get(name, 0) + batch.nbytes
        self._unweighed.clear()
        return sum(self._octets.values())

    def heavy(self, most: int) -> bool:
        """Whether more than so many octets are held; a few batches are not weighed for that."""
        return len(self._unweighed) >= _FEW and self.octets > most

    @property
    def names(self) -> tuple[str, ...]:
        """Tables of which rows are held."""
        return tuple(self._held)

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        """Take rows."""
        self._held.setdefault(name, []).append(batch)
        self._unweighed.append((name, batch))
        self.rows += batch.num_rows

    def take(
        self, name: str, kept: Callable[[pa.RecordBatch], pa.RecordBatch] | None = None
    ) -> list[pa.RecordBatch]:
        """Everything of a table, its words written out, as one batch for each schema; no longer held.

        kept: gives of a batch the rows that are wanted.
        """
        runs: list[list[pa.RecordBatch]] = []
        for batch in self._held.pop(name, []):
            self.rows -= batch.num_rows
            if runs and runs[-1][0].schema.equals(batch.schema):
                runs[-1].append(batch)
            else:
                runs.append([batch])
        self._octets.pop(name, None)
        self._unweighed = [held for held in self._unweighed if held[0] != name]
        wholes = (as_one(run) if kept is None else kept(as_one(run)) for run in runs)
        return [written_out(whole) for whole in wholes if whole.num_rows]

    def shed(self, most: int) -> None:
        """Give up rows until at most so many octets are held: of the tables that matter least, the oldest."""
        for name in sorted(self._held, key=lambda name: (shed_rank(name), name)):
            while self.octets > most and name in self._held:
                batch = self._held[name].pop(0)
                self._octets[name] -= batch.nbytes
                self.rows -= batch.num_rows
                self.lost[name] = self.lost.get(name, 0) + batch.num_rows
                if not self._held[name]:
                    del self._held[name], self._octets[name]
