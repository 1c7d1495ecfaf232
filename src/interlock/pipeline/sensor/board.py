"""The board: numbers in memory that a supervisor and its children share, and that outlive each child.

A row of 64-bit numbers for each child. The first ones are the heartbeat of decoding (decode/heartbeat.py).
"""

from __future__ import annotations

import mmap
from typing import Final

from interlock.decode.heartbeat import SIZE as HEARTBEAT

__all__ = [
    "ALIVE",
    "BEGUN",
    "BLOCK",
    "HANDED",
    "PARTLY_READ",
    "PID",
    "RESTED",
    "RULES",
    "SHORT",
    "STEP",
    "TOOK_NS",
    "UNKEPT",
    "Board",
]

ALIVE, BLOCK, HANDED, TOOK_NS, SHORT, PID, STEP, BEGUN, RULES, RESTED = range(HEARTBEAT, HEARTBEAT + 10)
"""Places in a row behind the heartbeat: rounds of the child's loop; next block of its ring; frames handed on since
the sensor began; wall time (ns) at which frames were last taken; how its work fell short, 0 where it did not; its
process's number, of those who tell it here; number of the step that was made last; frames up to the end of the batch
that was begun last; how often signatures were made anew, as the judge counts, and as far as a worker has followed;
frames of which the rest is handed on (worker.py)."""

PARTLY_READ, UNKEPT = 1, 2
"""A source was not read to its end; what came could not all be kept."""

_ROW: Final = 24


class Board:
    """Rows for so many children, all zero."""

    def __init__(self, rows: int) -> None:
        self._memory = mmap.mmap(-1, rows * _ROW * 8)
        self._cells = memoryview(self._memory).cast("q")

    def row(self, number: int) -> memoryview:
        """The row of a child, as a memoryview of int64."""
        return self._cells[number * _ROW : (number + 1) * _ROW]

    def worst(self) -> int:
        """The gravest way in which anybody's work fell short."""
        return max(self._cells[SHORT::_ROW].tolist())
