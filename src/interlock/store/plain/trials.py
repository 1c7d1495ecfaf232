"""Trials: over which streams compactors died, in memory that outlives each of them.

What kills a process (a damaged file over which compiled code crashes, rows that take more memory than there may be)
raises nothing that could be caught. So who folds or seals says before what it is at; one that begins finds what its
predecessor never came away from. A stream that did so to MOST_DEATHS is set aside, and all behind it goes on.

    cells    | key | deaths | at it | the same for each of _ROOM streams

Only one process at a time writes to it, and each cell by one store: it may be killed between any two.
"""

from __future__ import annotations

import mmap
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MOST_DEATHS", "Trials"]

MOST_DEATHS: Final = 3
"""So many compactors may die over one stream before the next one sets it aside."""
_ROOM: Final = 64
"""Streams at a time of which deaths are known; where there are more, the one with fewest makes room."""
_KEY, _DEATHS, _AT = range(3)


class Trials:
    """To be made before forking, by whoever begins compactors anew."""

    def __init__(self) -> None:
        cells = memoryview(mmap.mmap(-1, 8 * 3 * _ROOM)).cast("q")
        self._rows = [cells[at : at + 3] for at in range(0, 3 * _ROOM, 3)]

    def opened(self) -> None:
        """A compactor begins, and no other lives: what is still being worked on killed the one before."""
        for row in self._rows:
            if row[_AT]:
                row[_DEATHS] += 1
                row[_AT] = 0

    def pardon(self) -> None:
        """A compactor was killed from outside: what it was at is not suspect for that."""
        for row in self._rows:
            row[_AT] = 0

    def deaths(self, path: Path) -> int:
        """How many died over a stream."""
        row = self._row_of(_key(path))
        return 0 if row is None else row[_DEATHS]

    @contextmanager
    def at(self, path: Path) -> Iterator[None]:
        """Whoever dies meanwhile died over this stream."""
        key = _key(path)
        row = self._row_of(key)
        if row is None:
            row = min(self._rows, key=lambda row: row[_DEATHS])
            row[_KEY] = 0
            row[_DEATHS] = 0
            row[_KEY] = key
        row[_AT] = 1
        try:
            yield
        finally:
            row[_AT] = 0

    def over(self, path: Path) -> None:
        """It is folded, sealed or set aside."""
        row = self._row_of(_key(path))
        if row is not None:
            row[_KEY] = 0
            row[_DEATHS] = 0

    def _row_of(self, key: int) -> memoryview | None:
        return next((row for row in self._rows if row[_KEY] == key), None)


def _key(path: Path) -> int:
    """A number for a path that is never 0."""
    return int.from_bytes(blake2b(bytes(path), digest_size=8).digest(), "little", signed=True) or 1
