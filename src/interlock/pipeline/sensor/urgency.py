"""Which operations must be judged at once, and which may wait for others like them.

What a detector pays for a batch hardly depends on how many rows it has. So the reads and reports that a plant repeats
all day, which ended well in a conversation that did the same before, are gathered for a moment; everything else, and
everything seen for the first time, is judged as it comes. What was judged as a pending row has been judged: that it
ended well is gathered, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["MOST_KNOWN", "PRESSING", "Urgency", "by_server"]

MOST_KNOWN: Final = 500_000
"""Habits remembered; past it all are forgotten, and each is judged at once when it is seen next."""

_CYCLIC: Final = frozenset({"read", "report", "discover", "identify", "diagnose"})
"""What changes nothing. A write is always judged at once, however often it is repeated."""
PRESSING: Final = frozenset(VERBS) - _CYCLIC
"""What is judged before its answer comes, as a pending row."""
_PENDING: Final = frozenset({"pending"})
_WELL: Final = frozenset({"ok", "unsolicited"})
_WRITTEN: Final = frozenset({"written"})
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd numbers that scatter what they multiply over 64 bits."""


class Urgency:
    """Remembers what conversations repeat. A habit is a conversation, a function and the unit it is asked of."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._asked: set[int] = set()
        self._verbs, self._outcomes = _Sorted(_CYCLIC), _Sorted(_WELL, _PENDING)
        self._units, self._deeds = _Hashed(), _Hashed()
        self._directions = _Sorted(_WRITTEN)

    def calm(self, operations: pa.RecordBatch) -> NDArray[np.bool_]:
        """Which rows may wait; the others are to be judged at once."""
        (cyclic,) = self._verbs.read(operations.column("verb"))
        well, pending = self._outcomes.read(operations.column("outcome"))
        calm = cyclic & well
        if calm.any():
            calm &= self._repeated(operations)
        if not calm.all() and (self._asked or pending.any()):
            calm |= self._judged(operations, well, pending)
        return calm

    def calm_values(self, values: pa.RecordBatch) -> NDArray[np.bool_]:
        """Which rows machines tell, and the Patient may hear later; the others somebody wrote."""
        (written,) = self._directions.read(values.column("direction"))
        return ~written

    def _judged(
        self, operations: pa.RecordBatch, well: NDArray[np.bool_], pending: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which rows tell that what was judged as a pending row ended well; pending ones are remembered on the way."""
        marks = self._marks(operations)
        if len(self._asked) > MOST_KNOWN:
            self._asked.clear()
        self._asked.update(marks[pending].tolist())
        found = self._asked.intersection(marks[~pending].tolist())
        if not found:
            return pending & False
        self._asked -= found
        judged: NDArray[np.bool_] = np.isin(marks, list(found)) & well
        return judged

    def _repeated(self, operations: pa.RecordBatch) -> NDArray[np.bool_]:
        """Which rows repeat a habit; new habits are remembered on the way."""
        habits = self._habits(operations).tolist()
        repeated = np.fromiter(map(self._known.__contains__, habits), bool, len(habits))
        if not repeated.all():
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            self._known.update(habits)
        return repeated

    def _habits(self, operations: pa.RecordBatch) -> NDArray[np.uint64]:
        """A number for each row, equal where conversation, function and unit are."""
        flow = _numbers(operations, "flow").astype(np.uint64)
        function = operations.column("function")
        if function.null_count:
            function = function.fill_null(-1)
        functions = function.to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64)
        units = self._units.read(operations.column("unit"))
        habits: NDArray[np.uint64] = flow * _FIRST ^ (functions ^ units) * _SECOND
        return habits

    def _marks(self, operations: pa.RecordBatch) -> NDArray[np.uint64]:
        """A number for each row: of its operation (decoders number theirs alike, not in one flow), item and verb."""
        flow, operation, item = (
            _numbers(operations, name).astype(np.uint64) for name in ("flow", "operation", "item")
        )
        verbs = self._deeds.read(operations.column("verb")) & np.uint64(0xFFFF)
        marks: NDArray[np.uint64] = flow * _FIRST ^ (operation << np.uint64(16) ^ item) * _SECOND ^ verbs
        return marks


def by_server(
    values: pa.RecordBatch, masks: Sequence[NDArray[np.bool_]], most: int
) -> Iterator[tuple[int, NDArray[np.int64], bool]]:
    """Cut rows into parts of about `most`, each with all of some servers' where a mask is true.

    Given: the mask's number, row numbers, and whether more parts follow. A part is a moment's work. Cut by time, each
    would tell of all servers again, and a detector pays for an object, not for a row.
    """
    codes, _ = _coded(values.column("server"))
    found = [(number, part) for number, mask in enumerate(masks) for part in _parts(codes, mask, most)]
    for left, (number, part) in zip(range(len(found) - 1, -1, -1), found, strict=True):
        yield number, part, left > 0


def _parts(codes: NDArray[np.int64], mask: NDArray[np.bool_], most: int) -> Iterator[NDArray[np.int64]]:
    parts = -(-int(mask.sum()) // most)
    for part in range(parts):
        rows = np.flatnonzero(mask & (codes % parts == part))
        if len(rows):
            yield rows


class _Sorted:
    """For each set of words, which rows have one of them; what a dictionary's words are in is worked out once."""

    def __init__(self, *wanted: frozenset[str]) -> None:
        self._wanted = [pa.array(sorted(words)) for words in wanted]
        self._words: pa.Array | None = None
        self._among: list[NDArray[np.bool_]] = []

    def read(self, column: pa.Array) -> list[NDArray[np.bool_]]:
        codes, words = _coded(column)
        if not _same(self._words, words):
            self._words = words
            self._among = [_with_null(pc.is_in(words, some), bool) for some in self._wanted]
        return [among[codes] for among in self._among]


class _Hashed:
    """A number for each row's word, the same in every batch; words are hashed when they are first used."""

    def __init__(self) -> None:
        self._words: pa.Array | None = None
        self._hashes = self._known = np.zeros(0, np.uint64)

    def read(self, column: pa.Array) -> NDArray[np.uint64]:
        codes, words = _coded(column)
        if not _same(self._words, words):
            self._words = words
            self._hashes, self._known = np.zeros(len(words) + 1, np.uint64), np.zeros(len(words) + 1, bool)
        if not self._known[codes].all():
            for code in np.unique(codes[~self._known[codes]]).tolist():
                self._hashes[code] = hash(_word(words, code)) & 0xFFFFFFFFFFFFFFFF
                self._known[code] = True
        return self._hashes[codes]


def _numbers(batch: pa.RecordBatch, name: str) -> NDArray[Any]:
    numbers: NDArray[Any] = batch.column(name).to_numpy(zero_copy_only=False)
    return numbers


def _coded(column: pa.Array) -> tuple[NDArray[np.int64], pa.Array]:
    """Codes of a column, -1 for null, and the words that they stand for, which are far more than a batch uses."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    indices = column.indices.fill_null(-1) if column.null_count else column.indices
    codes: NDArray[np.int64] = indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, column.dictionary


def _same(before: pa.Array | None, words: pa.Array) -> bool:
    """Whether it is the very same list; one that is held cannot lie where another one does."""
    if before is None or (len(before), before.offset) != (len(words), words.offset):
        return False
    return [b and b.address for b in before.buffers()] == [b and b.address for b in words.buffers()]


def _with_null(values: pa.Array, kind: type) -> NDArray[Any]:
    """With one more at the end, which code -1 reads: 0."""
    return np.append(values.to_numpy(zero_copy_only=False).astype(kind), kind(0))


def _word(words: pa.Array, code: int) -> Any:
    return None if code < 0 else words[code].as_py()
