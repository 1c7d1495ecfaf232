"""Columns of a record batch as numpy arrays, each worked out once for every batch of some of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FEW", "Columns", "Word"]

Word = str | None
FEW: Final = 256
"""Rows: up to here Python's own dictionaries are quicker than the set-up of numpy's and Arrow's calls."""
_MANY: Final = 4


class Columns:
    """All rows of a record batch. A column that it lacks reads as nulls (words) and zeros (integers)."""

    def __init__(self, rows: pa.RecordBatch) -> None:
        self.rows = rows
        self._names = {name: at for at, name in enumerate(rows.schema.names)}
        self._words: dict[str, tuple[list[Word], NDArray[np.int64]]] = {}
        self._integers: dict[str, NDArray[np.int64]] = {}
        self._lists: dict[str, tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]] = {}

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def has(self, column: str) -> bool:
        """Whether it is there."""
        return column in self._names

    def array(self, column: str) -> Any:
        """Give a column that is there, as Arrow holds it."""
        return self.rows.column(self._names[column])

    def kind(self, column: str) -> pa.DataType | None:
        """Its type; None where it is not there."""
        return self.rows.schema.field(self._names[column]).type if self.has(column) else None

    def words(self, column: str) -> tuple[list[Word], NDArray[np.int64]]:
        """Distinct words that occur in a column, and per row the index of its word."""
        if column not in self._words:
            self._words[column] = self._read_words(column)
        return self._words[column]

    def words_of(self, column: str, rows: NDArray[np.int64]) -> tuple[list[Word], NDArray[np.int64]]:
        """As `words`, of some rows: of a few of many only theirs are looked up, unless somebody asked for all."""
        few = column not in self._words and len(rows) <= FEW and _MANY * len(rows) < len(self)
        if few and self.has(column) and isinstance(self.array(column), pa.DictionaryArray):
            array = self.array(column)
            return _compact(array.dictionary, _codes(array)[rows])
        words, codes = self.words(column)
        return _only_used(words, codes[rows])

    def _read_words(self, column: str) -> tuple[list[Word], NDArray[np.int64]]:
        if not self.has(column):
            return [None], np.zeros(len(self), np.int64)
        array = self.array(column)
        if not isinstance(array, pa.DictionaryArray):
            array = array.cast(pa.utf8()).dictionary_encode()
        return _compact(array.dictionary, _codes(array))

    def integers(self, column: str) -> NDArray[np.int64]:
        """Read a column of numbers, flags, instants or durations (in its own unit); null is 0."""
        if column not in self._integers:
            self._integers[column] = self._read_integers(column)
        return self._integers[column]

    def _read_integers(self, column: str) -> NDArray[np.int64]:
        if not self.has(column):
            return np.zeros(len(self), np.int64)
        array = self.array(column)
        if array.null_count == len(self):
            return np.zeros(len(self), np.int64)
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.uint8())
        if pa.types.is_timestamp(array.type) or pa.types.is_duration(array.type):
            array = array.view(pa.int64())
        if array.null_count:
            array = array.fill_null(pa.scalar(0, array.type))
        taken: NDArray[np.int64] = array.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        return taken

    def lists(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Read a column of lists of numbers (float64): all of them; per row where its own begin, and how many it has.

        A row that is null has none. What is returned may be read only.
        """
        if column not in self._lists:
            array = self.array(column)
            lengths = array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            flat = array.flatten().to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
            self._lists[column] = flat, np.cumsum(lengths) - lengths, lengths
        return self._lists[column]

    def known(self, column: str) -> NDArray[np.bool_]:
        """Per row whether the column has a value."""
        if not self.has(column) or self.array(column).null_count == len(self):
            return np.zeros(len(self), np.bool_)
        valid: NDArray[np.bool_] = self.array(column).is_valid().to_numpy(zero_copy_only=False)
        return valid


def _only_used(words: list[Word], codes: NDArray[np.int64]) -> tuple[list[Word], NDArray[np.int64]]:
    """Only those of a list of words that the codes name, in their order, and codes into them."""
    if len(words) == 1 and len(codes):
        return words, codes
    if len(codes) <= FEW:
        given = codes.tolist()
        few = {code: place for place, code in enumerate(sorted(set(given)))}
        return [words[code] for code in few], np.array([few[code] for code in given], np.int64)
    used = np.flatnonzero(np.bincount(codes, minlength=len(words)))
    renumbered = np.zeros(len(words), np.int64)
    renumbered[used] = np.arange(len(used))
    return [words[code] for code in used.tolist()], renumbered[codes]


def _codes(array: Any) -> NDArray[np.int64]:
    """Codes of a dictionary array, -1 for null."""
    indices = array.indices.fill_null(-1) if array.null_count else array.indices
    codes: NDArray[np.int64] = indices.to_numpy(zero_copy_only=False)
    return codes


def _compact(pool: Any, codes: NDArray[np.int64]) -> tuple[list[Word], NDArray[np.int64]]:
    """Only the words that occur, and codes into them: a pool may hold all words of the whole run."""
    if len(codes) and (only := int(codes[0])) == int(codes.min()) == int(codes.max()):
        return [None if only < 0 else pool[only].as_py()], np.zeros(len(codes), np.int64)
    if len(codes) <= FEW:
        return _few_words(pool, codes.tolist())
    shifted = codes.astype(np.int64) + 1
    used = np.flatnonzero(np.bincount(shifted, minlength=len(pool) + 1))
    renumbered = np.zeros(len(pool) + 1, np.int64)
    renumbered[used] = np.arange(len(used))
    texts = pool.take(pa.array(used[used > 0] - 1)).to_pylist()
    return ([None, *texts] if len(used) and used[0] == 0 else texts), renumbered[shifted]


def _few_words(pool: Any, codes: list[int]) -> tuple[list[Word], NDArray[np.int64]]:
    used = {code: place for place, code in enumerate(sorted(set(codes)))}
    words = [None if code < 0 else pool[code].as_py() for code in used]
    return words, np.array([used[code] for code in codes], np.int64)
