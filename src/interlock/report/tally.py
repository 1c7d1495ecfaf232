"""Grouping of Arrow batches, batch by batch and within a bound: rows are never looped over in Python.

Numbered by compiled code, since Arrow's own grouping takes a twelfth of a start to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa

from interlock.records.arrays import cast, encoded, integers, present, taken, whole
from interlock.records.crossing import binned, crossed, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Fold", "Tally", "as_table"]

Fold = Literal["sum", "min", "max", "first"]

_COMPACT_ROWS: Final = 65_536
_REDUCED: Final = {"sum": np.add, "min": np.minimum, "max": np.maximum}


def as_table(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """One chunk a column, so that dictionary columns have one dictionary."""
    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    return table.unify_dictionaries().combine_chunks()


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


class Tally:
    """Rows that share the key columns become one, the other columns folded as named.

    keys: names of key columns, text or integer. folds: other column → how its values fold: `first` the first that is
    not null, the others whole numbers of which none is. bound: at most so many groups are kept; `rank` orders them,
    lowest first kept. What is left out is summed in `left_out` under `weight`, a column folded by sum.
    """

    def __init__(
        self,
        keys: Sequence[str],
        folds: Mapping[str, Fold],
        *,
        bound: int,
        rank: Callable[[pa.Table], NDArray[np.int64]],
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
        """All groups, in the order of their keys, null behind all others; None where nothing was added."""
        if not self._parts:
            return None
        self._compact()
        table = self._parts[0]
        ranks = [_ranked(_chunk(table.column(key))) for key in reversed(self._keys)]
        return _chosen(table, np.lexsort(ranks))

    def _group(self, table: pa.Table) -> pa.Table:
        """Group on codes, then put the words back; groups in the order of their first rows."""
        columns = {name: _chunk(table.column(name)) for name in (*self._keys, *self._folds)}
        codes = [_coded(columns[key]) for key in self._keys]
        numbers, firsts = numbered(np.ascontiguousarray(crossed(codes, table.num_rows)))
        order = np.argsort(numbers, kind="stable")
        begins = np.searchsorted(numbers[order], np.arange(len(firsts)))
        folded = {key: _words(taken(columns[key], firsts)) for key in self._keys}
        for name, fold in self._folds.items():
            if fold == "first":
                folded[name] = _words(_first(columns[name], numbers, firsts))
            else:
                folded[name] = whole(_REDUCED[fold].reduceat(integers(columns[name])[order], begins))
        return pa.table(folded)

    def _compact(self) -> None:
        table = self._group(pa.concat_tables(self._parts)) if len(self._parts) > 1 else self._parts[0]
        if table.num_rows > self._bound:
            order = np.argsort(self._rank(table), kind="stable")
            weights = integers(_chunk(table.column(self._weight)))
            self.left_out += int(weights[order[self._bound :]].sum())
            table = _chosen(table, order[: self._bound])
        self._parts = [table]
        self._rows = table.num_rows


def _coded(column: pa.Array) -> tuple[NDArray[np.int64], int]:
    """Per row a number for its word or number, and below what these numbers are."""
    if pa.types.is_integer(column.type):
        codes, width = binned(integers(column))
        return (np.where(present(column), codes, width), width + 1) if column.null_count else (codes, width)
    column = encoded(column)
    width = len(column.dictionary)
    return integers(column.indices, width), width + 1


def _words(array: pa.Array) -> pa.Array:
    """Words as text, once a row."""
    return cast(array, pa.utf8()) if pa.types.is_dictionary(array.type) else array


def _first(column: pa.Array, numbers: NDArray[np.int64], firsts: NDArray[np.int64]) -> pa.Array:
    """What the first row of each group has that has any."""
    if not column.null_count:
        return taken(column, firsts)
    found, rows = firsts.copy(), np.flatnonzero(present(column))[::-1]
    found[numbers[rows]] = rows  # from the end, since what is written last stays
    return taken(column, found)


def _ranked(column: pa.Array) -> NDArray[np.int64]:
    """Per row where its word or number stands among all, null behind the others."""
    if pa.types.is_integer(column.type):
        numbers = integers(column)
        return (
            np.where(present(column), numbers, numbers.max(initial=0) + 1) if column.null_count else numbers
        )
    column = encoded(column)
    words = column.dictionary.to_pylist()
    places = np.full(len(words) + 1, len(words), np.int64)
    places[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
    ranks: NDArray[np.int64] = places[integers(column.indices, len(words))]
    return ranks


def _chosen(table: pa.Table, rows: NDArray[Any]) -> pa.Table:
    """Some of a table's rows, in this order."""
    names = table.column_names
    return pa.table({name: taken(_chunk(table.column(name)), rows) for name in names})
