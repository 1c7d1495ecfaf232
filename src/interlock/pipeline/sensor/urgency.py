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

from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_KNOWN", "PRESSING", "Urgency"]

MOST_KNOWN: Final = 500_000
"""Habits remembered; past it all are forgotten, and each is judged at once when it is seen next."""

_CYCLIC: Final = frozenset({"read", "report", "discover", "identify", "diagnose"})
"""What changes nothing. A write is always judged at once, however often it is repeated."""
PRESSING: Final = frozenset(VERBS) - _CYCLIC
"""What is judged before its answer comes, as a pending row."""
_PENDING: Final = frozenset({"pending"})
_WELL: Final = frozenset({"ok", "unsolicited"})
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd numbers that scatter what they multiply over 64 bits."""


class Urgency:
    """Remembers what conversations repeat. A habit is a conversation, a function and the unit it is asked of."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._asked: set[int] = set()

    def split(self, operations: pa.RecordBatch) -> tuple[pa.RecordBatch | None, pa.RecordBatch | None]:
        """Rows to be judged at once, and rows that may wait; None where there are none."""
        cyclic, (well, pending) = (
            _among(operations, "verb", _CYCLIC)[0],
            _among(operations, "outcome", _WELL, _PENDING),
        )
        calm = cyclic & well
        if calm.any():
            calm &= self._repeated(operations)
        if self._asked or pending.any():
            calm |= self._judged(operations, well, pending)
        if calm.all():
            return None, operations
        if not calm.any():
            return operations, None
        return operations.filter(pa.array(~calm)), operations.filter(pa.array(calm))

    def _judged(
        self, operations: pa.RecordBatch, well: NDArray[np.bool_], pending: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which rows tell that what was judged as a pending row ended well; pending ones are remembered on the way."""
        marks = _marks(operations)
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
        habits, group = np.unique(_habits(operations), return_inverse=True)
        found = habits.tolist()
        known = np.fromiter((habit in self._known for habit in found), bool, len(found))
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known.update(found)
        repeated: NDArray[np.bool_] = known[group]
        return repeated


def _habits(operations: pa.RecordBatch) -> NDArray[np.uint64]:
    """A number for each row, equal where conversation, function and unit are."""
    flow = operations.column("flow").to_numpy(zero_copy_only=False).astype(np.uint64)
    function = operations.column("function").fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    codes, words = _coded(operations, "unit")
    used, place = np.unique(codes, return_inverse=True)
    units = np.array([hash(_word(words, code)) & 0xFFFFFFFFFFFFFFFF for code in used.tolist()], np.uint64)
    habits: NDArray[np.uint64] = flow * _FIRST ^ (function.view(np.uint64) ^ units[place]) * _SECOND
    return habits


def _marks(operations: pa.RecordBatch) -> NDArray[np.uint64]:
    """A number for each row: of its operation (decoders number theirs alike, but not in one flow), item and verb."""
    flow, operation, item = (
        operations.column(name).to_numpy(zero_copy_only=False).astype(np.uint64)
        for name in ("flow", "operation", "item")
    )
    codes, words = _coded(operations, "verb")
    used, place = np.unique(codes, return_inverse=True)
    verbs = np.array([hash(_word(words, code)) & 0xFFFF for code in used.tolist()], np.uint64)[place]
    marks: NDArray[np.uint64] = flow * _FIRST ^ (operation << np.uint64(16) ^ item) * _SECOND ^ verbs
    return marks


def _among(batch: pa.RecordBatch, name: str, *wanted: frozenset[str]) -> list[NDArray[np.bool_]]:
    """For each set of words, which rows have one of them."""
    codes, words = _coded(batch, name)
    used, place = np.unique(codes, return_inverse=True)
    spelled = [_word(words, code) for code in used.tolist()]
    return [np.array([word in some for word in spelled], bool)[place] for some in wanted]


def _coded(batch: pa.RecordBatch, name: str) -> tuple[NDArray[np.int64], pa.Array]:
    """Codes of a column, -1 for null, and the words that they stand for, which are far more than a batch uses."""
    column = batch.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    indices = column.indices
    if indices.null_count:
        indices = indices.fill_null(-1)
    codes: NDArray[np.int64] = indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, column.dictionary


def _word(words: pa.Array, code: int) -> Any:
    return None if code < 0 else words[code].as_py()
