"""Grouping of Arrow batches, batch by batch and within a bound: rows are never looped over in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Fold", "Tally", "as_table"]

Fold = Literal["sum", "min", "max", "first"]

_COMPACT_ROWS: Final = 65_536


def as_table(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """One chunk a column, so that dictionary columns have one dictionary."""
    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    return table.unify_dictionaries().combine_chunks()


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


class Tally:
    """Rows that share the key columns become one, the other columns folded as named.

    keys: names of key columns, text or integer. folds: other column → how its values fold. bound: at most so
    many groups are kept; `rank` orders them, lowest first kept. What is left out is summed in `left_out`
    under `weight`, a column folded by sum.
    """

    def __init__(
        self,
        keys: Sequence[str],
        folds: Mapping[str, Fold],
        *,
        bound: int,
        rank: Callable[[pa.Table], pa.Array],
        weight: str,
    ) -> None:
        self._keys = list(keys)
        self._folds = dict(folds)
        self._bound = bound
        self._rank = rank
        self._weight = weight
        self._parts: list[pa.Table] = []
        self._rows = 0
        self.left_out = 0

    def add(self, table: pa.Table) -> None:
        """Fold in a table that has exactly the key and the other columns; dictionary columns are allowed."""
        if table.num_rows:
            self.add_folded(self._group(table))

    def add_folded(self, part: pa.Table) -> None:
        """Take in a table of one row a key, words as text."""
        if not part.num_rows:
            return
        self._parts.append(part)
        self._rows += part.num_rows
        if self._rows > max(_COMPACT_ROWS, 2 * self._bound):
            self._compact()

    def finish(self) -> pa.Table | None:
        """All groups, in the order of their keys; None where nothing was added."""
        if not self._parts:
            return None
        self._compact()
        return self._parts[0].sort_by([(key, "ascending") for key in self._keys])

    def _group(self, table: pa.Table) -> pa.Table:
        """Group on dictionary codes, which costs a third of grouping on text, then put the words back."""
        columns = {name: _chunk(table.column(name)) for name in (*self._keys, *self._folds)}
        coded = {k: c.indices if isinstance(c, pa.DictionaryArray) else c for k, c in columns.items()}
        folded = pa.table(coded).group_by(self._keys, use_threads=False).aggregate(list(self._folds.items()))
        words = {}
        for name in (*self._keys, *self._folds):
            fold = self._folds.get(name)
            codes = folded.column(f"{name}_{fold}" if fold else name)
            column = columns[name]
            words[name] = column.dictionary.take(codes) if isinstance(column, pa.DictionaryArray) else codes
        return pa.table(words)

    def _compact(self) -> None:
        table = self._group(pa.concat_tables(self._parts)) if len(self._parts) > 1 else self._parts[0]
        if table.num_rows > self._bound:
            order = pc.sort_indices(self._rank(table))
            dropped = table.column(self._weight).take(order[self._bound :])
            self.left_out += pc.sum(dropped).as_py()
            table = table.take(order[: self._bound])
        self._parts = [table]
        self._rows = table.num_rows
