"""Columns of a record batch as numpy arrays, each worked out once for every batch of some of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.detect.walks import views
from interlock.records.arrays import cast, encoded, integers, kernel, named, present, taken
from interlock.records.cells import alike, mark, mark_named, place, place_named
from interlock.records.crossing import crossed, numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ENDS", "FEW", "Columns", "Word"]

Word = str | None
FEW: Final = 256
"""Rows: up to here Python's own dictionaries are quicker than the set-up of numpy's and Arrow's calls."""
_MANY: Final = 4
_LARGE: Final = 4_096
"""Rows of a batch from which on reading a few of them apart is quicker than reading all, though several may ask."""
ENDS: Final = frozenset({"source", "realm", "client", "server", "protocol"})
"""What most groupings begin with."""


class Columns:
    """All rows of a record batch. A column that it lacks reads as nulls (words) and zeros (integers)."""

    def __init__(self, rows: pa.RecordBatch) -> None:
        self.rows = rows
        self._names = {name: at for at, name in enumerate(rows.schema.names)}
        self._words: dict[str, tuple[list[Word], NDArray[np.int64]]] = {}
        self._ends: tuple[NDArray[np.int64], int] | None = None
        self._integers: dict[str, NDArray[np.int64]] = {}
        self._lists: dict[str, tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]] = {}
        self._known: dict[str, NDArray[np.bool_]] = {}

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
        if column not in self._words and _MANY * len(rows) < len(self) and self.has(column):
            array = self.array(column)
            if len(self) >= _LARGE:
                return _encoded(taken(array, rows))
            if isinstance(array, pa.DictionaryArray):
                return _compact(array.dictionary, _codes(array).take(rows))
        words, codes = self.words(column)
        return _only_used(words, codes.take(rows))

    def is_read(self, column: str) -> bool:
        """Whether somebody asked for all of its words."""
        return column in self._words

    def _read_words(self, column: str) -> tuple[list[Word], NDArray[np.int64]]:
        return _encoded(self.array(column)) if self.has(column) else ([None], np.zeros(len(self), np.int64))

    def ends(self) -> tuple[NDArray[np.int64], int]:
        """Per row a number for what all of ENDS say together, and below what these numbers are."""
        if self._ends is None:
            codes = [(codes, len(words)) for words, codes in map(self.words, sorted(ENDS))]
            numbers, firsts = numbered(crossed(codes, len(self)))
            self._ends = numbers, len(firsts)
        return self._ends

    def integers(self, column: str) -> NDArray[np.int64]:
        """Read a column of numbers, flags, instants or durations (in its own unit); null is 0."""
        if column not in self._integers:
            self._integers[column] = self._read_integers(column)
        return self._integers[column]

    def integers_of(self, column: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """As `integers`, of some rows: of a few of many only theirs are read, unless somebody asked for all."""
        apart = column not in self._integers and len(self) >= _LARGE and _MANY * len(rows) < len(self)
        if apart and self.has(column):
            return _numbers(taken(self.array(column), rows))
        return self.integers(column).take(rows)

    def _read_integers(self, column: str) -> NDArray[np.int64]:
        return _numbers(self.array(column)) if self.has(column) else np.zeros(len(self), np.int64)

    def lists(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Read a column of lists of numbers (float64): all of them; per row where its own begin, and how many it has.

        A row that is null has none. What is returned may be read only.
        """
        if column not in self._lists:
            self._lists[column] = _listed(self.array(column))
        return self._lists[column]

    def lists_of(
        self, column: str, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """As `lists`, of some rows: of a few of many only theirs are read, unless somebody asked for all."""
        if column not in self._lists and len(self) >= _LARGE and _MANY * len(rows) < len(self):
            return _listed(taken(self.array(column), rows))
        flat, starts, lengths = self.lists(column)
        return flat, starts.take(rows), lengths.take(rows)

    def known(self, column: str) -> NDArray[np.bool_]:
        """Per row whether the column has a value."""
        if column not in self._known:
            self._known[column] = self._read_known(column)
        return self._known[column]

    def _read_known(self, column: str) -> NDArray[np.bool_]:
        return present(self.array(column)) if self.has(column) else np.zeros(len(self), np.bool_)


def _encoded(array: Any) -> tuple[list[Word], NDArray[np.int64]]:
    """Distinct words of an array, and per row the index of its word."""
    if isinstance(array, pa.DictionaryArray):
        codes = named(array) if len(array) > FEW else None
        return (
            _compact(array.dictionary, _codes(array)) if codes is None else _whole(array.dictionary, *codes)
        )
    if not pa.types.is_integer(array.type):
        array = cast(array, pa.utf8())
    array = encoded(array)  # of numbers, so that each is spelled once
    return _compact(cast(array.dictionary, pa.utf8()), _codes(array))


def _numbers(array: Any) -> NDArray[np.int64]:
    """An array of numbers, flags, instants or durations; null is 0."""
    return integers(array)


def _listed(array: Any) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """All numbers of an array of lists, where each list's own begin, and how many it has."""
    lengths = integers(kernel("list_value_length", array))
    flat = kernel("list_flatten", array).to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return flat, np.cumsum(lengths) - lengths, lengths


def _only_used(words: list[Word], codes: NDArray[np.int64]) -> tuple[list[Word], NDArray[np.int64]]:
    """Only those of a list of words that the codes name, in their order, and codes into them."""
    if len(words) == 1 and len(codes):
        return words, codes
    if len(codes) <= FEW:
        given = codes.tolist()
        few = {code: place for place, code in enumerate(sorted(set(given)))}
        return [words[code] for code in few], np.array([few[code] for code in given], np.int64)
    used, numbers = _numbered(codes, len(words))
    return [words[code] for code in used.tolist()], numbers


def _numbered(codes: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tell which codes from -1 to below `most` occur, rising; and per row which of them its own is."""
    places, numbers = np.zeros(most + 1, np.int64), np.empty_like(codes)
    mark(*views(codes, places))
    used = np.flatnonzero(places)
    places[used] = np.arange(len(used))
    place(*views(codes, places, numbers))
    return used - 1, numbers


def _codes(array: Any) -> NDArray[np.int64]:
    """Codes of a dictionary array, -1 for null."""
    return integers(array.indices, -1)


def _compact(pool: Any, codes: NDArray[np.int64]) -> tuple[list[Word], NDArray[np.int64]]:
    """Only the words that occur, and codes into them: a pool may hold all words of the whole run."""
    if len(codes) and alike(*views(codes)):
        only = int(codes[0])
        return [None if only < 0 else pool[only].as_py()], np.zeros(len(codes), np.int64)
    if len(codes) <= FEW:
        return _few_words(pool, codes.tolist())
    used, numbers = _numbered(codes, len(pool))
    return _spelled(pool, used), numbers


def _whole(pool: Any, codes: Any, bits: Any, begin: int) -> tuple[list[Word], NDArray[np.int64]]:
    """As `_compact`, of many codes as Arrow holds them (arrays.named)."""
    places, numbers = np.zeros(len(pool) + 1, np.int64), np.zeros(len(codes), np.int64)
    mark_named(*views(codes, bits), begin, *views(places))
    used = np.flatnonzero(places)
    if len(used) > 1:
        places[used] = np.arange(len(used))
        place_named(*views(codes, bits), begin, *views(places, numbers))
    return _spelled(pool, used - 1), numbers


def _spelled(pool: Any, used: NDArray[np.int64]) -> list[Word]:
    """Words by their codes, which rise from -1 (null)."""
    texts: list[Word] = taken(pool, used[used >= 0]).to_pylist()
    return [None, *texts] if len(used) and used[0] < 0 else texts


def _few_words(pool: Any, codes: list[int]) -> tuple[list[Word], NDArray[np.int64]]:
    used = {code: place for place, code in enumerate(sorted(set(codes)))}
    words = [None if code < 0 else pool[code].as_py() for code in used]
    return words, np.array([used[code] for code in codes], np.int64)
