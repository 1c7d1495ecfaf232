"""Rows of a table counted by what they say: one sighting for all rows that agree in the key's columns.

A plant repeats itself: ten million operations are some thousand kinds. Rows are never looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["MOST_FRAMES", "Key", "Sighting", "Sightings"]

Key = tuple[str | int | None, ...]
MOST_FRAMES: Final = 32
"""Frames that a sighting names: the first ones."""
MOST_KINDS: Final = 400_000
"""Beyond it new kinds are only counted: a flood of what nobody has seen before must not eat the machine."""
_MOST_CELLS: Final = 1 << 62
_ANSWERED: Final = frozenset({"ok", "unsolicited", "unknown"})
"""Outcomes; `unknown` are enciphered answers and those that the capture point did not see."""
_NULL: Final = -1
_FAR: Final = 2**63 - 1


@dataclass(slots=True)
class Sighting:
    """first, last: UTC ns. answered: rows that were neither refused nor left without an answer.

    frames: of its source, the first ones.
    gaps, gaps_s, gaps_s2: how many times from one row to the next, their sum, and the sum of their squares.
    """

    count: int = 0
    answered: int = 0
    first: int = _FAR
    last: int = 0
    frames: list[int] = field(default_factory=list)
    gaps: int = 0
    gaps_s: float = 0.0
    gaps_s2: float = 0.0

    @property
    def period_s(self) -> float | None:
        """Mean time from one to the next; None where it occurred once."""
        return self.gaps_s / self.gaps if self.gaps else None

    @property
    def scatter(self) -> float | None:
        """Standard deviation of that time as a share of its mean: 0 for a clock, 1 for chance; None where unknown."""
        mean = self.period_s
        if not mean or self.gaps < 2:
            return None
        return float(max(0.0, self.gaps_s2 / self.gaps - mean * mean) ** 0.5 / mean)


class Sightings:
    """Feed it batches, then iterate. Columns that a batch lacks read as null."""

    def __init__(self, texts: tuple[str, ...], numbers: tuple[str, ...] = (), most: int = MOST_KINDS) -> None:
        """texts, numbers: the key's columns, in this order."""
        self._texts, self._numbers, self._most = texts, numbers, most
        self._words: tuple[dict[str | None, int], ...] = tuple({} for _ in texts)
        self._spelled: tuple[list[str | None], ...] = tuple([] for _ in texts)
        self._found: dict[tuple[int, ...], Sighting] = {}
        self.rows = 0
        self.left_out = 0

    def __iter__(self) -> Iterator[tuple[Key, Sighting]]:
        """Every kind with its sighting, in order of first sight in the rows."""
        width = len(self._texts)
        for codes, sighting in self._found.items():
            words = (spelled[code] for spelled, code in zip(self._spelled, codes, strict=False))
            yield (*words, *(None if n == _NULL else n for n in codes[width:])), sighting

    def __len__(self) -> int:
        """How many kinds."""
        return len(self._found)

    def add(self, batch: pa.RecordBatch, *, time: str, last: str, frames: tuple[str, ...]) -> None:
        """Take rows. time, last: columns of when each began and ended; frames: the first that is known counts."""
        if not batch.num_rows:
            return
        columns = [self._codes(batch, name, at) for at, name in enumerate(self._texts)]
        columns += [_integers(batch, name, _NULL) for name in self._numbers]
        groups, firsts = _grouped(columns, batch.num_rows)
        keys = list(zip(*(column[firsts].tolist() for column in columns), strict=True))
        weights = _integers(batch, "repeats", 1)
        self.rows += int(weights.sum())
        self._count(_Rows(batch, groups, len(keys), weights, time=time, last=last, frames=frames), keys)

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
        for code in used.tolist():
            table[code] = self._code(at, None if code == 0 else array.dictionary[code - 1].as_py())
        numbers: NDArray[np.int64] = table[codes + 1]
        return numbers

    def _code(self, at: int, word: str | None) -> int:
        code = self._words[at].get(word)
        if code is None:
            code = self._words[at][word] = len(self._spelled[at])
            self._spelled[at].append(word)
        return code

    def _count(self, rows: _Rows, keys: list[tuple[int, ...]]) -> None:
        for key, seen in zip(keys, rows.groups(), strict=True):
            sighting = self._found.get(key)
            if sighting is None:
                if len(self._found) >= self._most:
                    self.left_out += seen.count
                    continue
                sighting = self._found[key] = Sighting()
            _join(sighting, seen)


class _Rows:
    """One batch's rows by group."""

    def __init__(self, batch: pa.RecordBatch, group: NDArray[np.int64], size: int, weights: NDArray[np.int64], *,
                 time: str, last: str, frames: tuple[str, ...]) -> None:  # fmt: skip
        times = _integers(batch, time, 0)
        self._order = order = np.lexsort((times, group))
        self._starts = np.searchsorted(group[order], np.arange(size))
        self._size = size
        self._times, self._lasts = times[order], np.maximum(times, _integers(batch, last, 0))[order]
        self._weights = weights[order]
        self._answered = np.where(_went_well(batch), weights, 0)[order]
        found = np.zeros(batch.num_rows, np.int64)
        for name in frames:
            found = np.where(found == 0, _integers(batch, name, 0), found)
        self._frames = found[order]

    def groups(self) -> Iterator[Sighting]:
        """What each group's rows say together."""
        starts = self._starts
        spans, inner = (self._lasts - self._times) / 1e9, np.maximum(self._weights - 1, 0)
        spans[inner == 0] = 0.0
        between = np.zeros(len(spans))
        between[1:] = np.maximum(self._times[1:] - self._lasts[:-1], 0) / 1e9
        between[starts] = 0.0
        even = spans / np.maximum(1, inner)  # a row that stands for several: as if they came evenly
        sums = (self._weights, self._answered, inner, between + spans, between**2 + even**2 * inner)
        rows = np.diff(np.append(starts, len(spans)))
        for start, many, last, (count, answered, gaps, gaps_s, gaps_s2) in zip(
            starts.tolist(),
            rows.tolist(),
            np.maximum.reduceat(self._lasts, starts).tolist(),
            zip(*(np.add.reduceat(part, starts).tolist() for part in sums), strict=True),
            strict=True,
        ):
            frames = self._frames[start : start + min(many, MOST_FRAMES)]
            first = int(self._times[start])
            shown = frames[frames > 0].tolist()
            yield Sighting(count, answered, first, last, shown, gaps + many - 1, gaps_s, gaps_s2)


def _join(whole: Sighting, part: Sighting) -> None:
    if whole.count and part.first > whole.last:
        gap = (part.first - whole.last) / 1e9
        whole.gaps, whole.gaps_s, whole.gaps_s2 = (
            whole.gaps + 1,
            whole.gaps_s + gap,
            whole.gaps_s2 + gap * gap,
        )
    whole.count += part.count
    whole.answered += part.answered
    whole.first, whole.last = min(whole.first, part.first), max(whole.last, part.last)
    whole.gaps, whole.gaps_s, whole.gaps_s2 = (
        whole.gaps + part.gaps, whole.gaps_s + part.gaps_s, whole.gaps_s2 + part.gaps_s2,
    )  # fmt: skip
    if len(whole.frames) < MOST_FRAMES:
        whole.frames.extend(part.frames[: MOST_FRAMES - len(whole.frames)])


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


def _went_well(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    """Rows that ended as they were meant to; conversations in which the server said something."""
    if "outcome" not in batch.schema.names:
        return _integers(batch, "server_packets", 0) > 0
    array = batch.column("outcome")
    if not isinstance(array, pa.DictionaryArray):
        array = array.dictionary_encode()
    good = np.array([word in _ANSWERED for word in array.dictionary.to_pylist()] + [False], np.bool_)
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
