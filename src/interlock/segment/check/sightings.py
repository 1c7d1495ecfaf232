"""Rows of a table counted by what they say: one sighting for all rows that agree in the key's columns.

A plant repeats itself: ten million operations are some thousand kinds. Rows are never looked at one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.segment.check.ledger import MOST_FRAMES, Ledger, Rows, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["MOST_FRAMES", "Key", "Sighting", "Sightings"]

Key = tuple[str | int | None, ...]
MOST_KINDS: Final = 400_000
"""Beyond it new kinds are only counted: a flood of what nobody has seen before must not eat the machine."""
_MOST_CELLS: Final = 1 << 62
_ANSWERED: Final = frozenset({"ok", "unsolicited", "unknown"})
"""Outcomes; `unknown` are enciphered answers and those that the capture point did not see."""
_REFUSED: Final = frozenset({"refused"})
_NULL: Final = -1


class Sightings:
    """Feed it batches, then iterate. Columns that a batch lacks read as null."""

    def __init__(self, texts: tuple[str, ...], numbers: tuple[str, ...] = (), most: int = MOST_KINDS) -> None:
        """texts, numbers: the key's columns, in this order."""
        self._texts, self._numbers, self._most = texts, numbers, most
        self._words: tuple[dict[str | None, int], ...] = tuple({} for _ in texts)
        self._spelled: tuple[list[str | None], ...] = tuple([] for _ in texts)
        self._kinds: dict[tuple[int, ...], int] = {}
        self._ledger = Ledger()
        self.rows = 0
        self.left_out = 0

    def __iter__(self) -> Iterator[tuple[Key, Sighting]]:
        """Every kind with its sighting, in order of first sight in the rows."""
        width = len(self._texts)
        for codes, sighting in zip(self._kinds, self._ledger.sightings(len(self._kinds)), strict=True):
            words = (spelled[code] for spelled, code in zip(self._spelled, codes, strict=False))
            yield (*words, *(None if n == _NULL else n for n in codes[width:])), sighting

    def __len__(self) -> int:
        """How many kinds."""
        return len(self._kinds)

    def add(self, batch: pa.RecordBatch, *, time: str, last: str, frames: tuple[str, ...]) -> None:
        """Take rows. time, last: columns of when each began and ended; frames: the first that is known counts."""
        if not batch.num_rows:
            return
        columns = [self._codes(batch, name, at) for at, name in enumerate(self._texts)]
        columns += [_integers(batch, name, _NULL) for name in self._numbers]
        groups, firsts = _grouped(columns, batch.num_rows)
        ids = self._ids(list(zip(*(column[firsts].tolist() for column in columns), strict=True)))
        asked = "outcome" in batch.schema.names  # of conversations the server says something, or nothing
        rows = Rows(
            count=_integers(batch, "repeats", 1),
            answered=_ended(batch, _ANSWERED) if asked else _integers(batch, "server_packets", 0) > 0,
            refused=_ended(batch, _REFUSED) if asked else np.zeros(batch.num_rows, np.bool_),
            first=_integers(batch, time, 0),
            last=np.maximum(_integers(batch, time, 0), _integers(batch, last, 0)),
            frames=_first_known(batch, frames),
        )
        self.rows += int(rows.count.sum())
        self.left_out += int(rows.count[ids[groups] == _NULL].sum())
        self._ledger.add(rows, groups, ids, len(self._kinds))

    def _ids(self, keys: list[tuple[int, ...]]) -> NDArray[np.int64]:
        """Number of each kind, new ones included; _NULL of those that there is no room for."""
        kinds, ids = self._kinds, np.empty(len(keys), np.int64)
        for at, key in enumerate(keys):
            known = kinds.get(key, _NULL)
            if known == _NULL and len(kinds) < self._most:
                known = kinds[key] = len(kinds)
            ids[at] = known
        return ids

    def _codes(self, batch: pa.RecordBatch, name: str, at: int) -> NDArray[np.int64]:
        """Per row the number of its word, the same in all batches."""
        if name not in batch.schema.names:
            return np.full(batch.num_rows, self._code(at, None), np.int64)
        array = batch.column(name)
        if not isinstance(array, pa.DictionaryArray):
            array = array.cast(pa.utf8()).dictionary_encode()
        indices = array.indices.fill_null(_NULL) if array.indices.null_count else array.indices
        codes = indices.to_numpy(zero_copy_only=False).astype(np.int64)
        if array.null_count and not array.indices.null_count:  # a null that stands in the dictionary itself
            codes = np.where(array.is_null().to_numpy(zero_copy_only=False), _NULL, codes)
        table = np.full(len(array.dictionary) + 1, _NULL, np.int64)
        used = np.flatnonzero(np.bincount(codes + 1, minlength=len(table)))
        words = array.dictionary.take(pa.array(used[used > 0] - 1)).to_pylist()
        spelled = [None, *words] if len(used) and used[0] == 0 else words
        for code, word in zip(used.tolist(), spelled, strict=True):
            table[code] = self._code(at, word)
        numbers: NDArray[np.int64] = table[codes + 1]
        return numbers

    def _code(self, at: int, word: str | None) -> int:
        code = self._words[at].get(word)
        if code is None:
            code = self._words[at][word] = len(self._spelled[at])
            self._spelled[at].append(word)
        return code


def _first_known(batch: pa.RecordBatch, names: tuple[str, ...]) -> NDArray[np.int64]:
    found = np.zeros(batch.num_rows, np.int64)
    for name in names:
        found = np.where(found == 0, _integers(batch, name, 0), found)
    return found


def _integers(batch: pa.RecordBatch, name: str, null: int) -> NDArray[np.int64]:
    if name not in batch.schema.names:
        return np.full(batch.num_rows, null, np.int64)
    array: Any = batch.column(name)
    if pa.types.is_timestamp(array.type) or pa.types.is_duration(array.type):
        array = array.view(pa.int64())
    if array.null_count:
        array = array.cast(pa.int64()).fill_null(null)
    taken: NDArray[np.int64] = array.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return taken


def _ended(batch: pa.RecordBatch, outcomes: frozenset[str]) -> NDArray[np.bool_]:
    """Which rows ended in one of these ways."""
    array = batch.column("outcome")
    if not isinstance(array, pa.DictionaryArray):
        array = array.dictionary_encode()
    good = np.array([word in outcomes for word in array.dictionary.to_pylist()] + [False], np.bool_)
    found: NDArray[np.bool_] = good[array.indices.fill_null(len(good) - 1).to_numpy(zero_copy_only=False)]
    return found


def _grouped(columns: list[NDArray[np.int64]], rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per row the number of its group from 0, and of each group a row of it."""
    cells, size = np.zeros(rows, np.int64), 1
    for column in columns:
        low = int(column.min())
        width = int(column.max()) - low + 1
        if width > 1:
            if size > _MOST_CELLS // width:
                cells, firsts = _renumbered(cells)
                size = len(firsts)
            if size > _MOST_CELLS // width:
                column, spread = _renumbered(column)  # noqa: PLW2901 (the same column, counted anew)
                low, width = 0, len(spread)
            cells, size = cells * width + (column - low), size * width
    return _renumbered(cells)


def _renumbered(cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    encoded = pa.array(cells).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    firsts = np.zeros(len(encoded.dictionary), np.int64)
    firsts[codes[::-1]] = np.arange(len(cells) - 1, -1, -1)
    return codes, firsts
