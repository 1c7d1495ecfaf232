"""Errands: work that can be laid down at any moment and taken up again, so that a finding never waits for all of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MOST_ROWS", "REPLAYED_ROWS", "SLICE_S", "Errands"]

SLICE_S: Final = 0.004
"""How long errands may keep anybody waiting, but for the one turn that is being done."""
_MOST: Final = 32
"""Errands that may wait; beyond it they are done whoever else waits."""
MOST_ROWS: Final = 131_072
"""Rows that all of them may hold: four of the largest. What comes faster than it is done would else lie in memory by
the 100 MiB."""
REPLAYED_ROWS: Final = 16_384
"""The same in a replay, where no finding waits for a slice to end, so that to lay work down only takes memory."""
_HASTE: Final = 4
"""So many slices more are taken where that many wait; less the fewer they are, and none below half of it: what one
second brings may take all of the next, but a little haste is better than all at once."""


class Errands:
    """Done in the order in which they came, a turn at a time.

    now_s: seconds that only rise. most_rows: that all of them may hold.
    """

    def __init__(self, now_s: Callable[[], float], most_rows: int = MOST_ROWS) -> None:
        self._now_s, self._most_rows = now_s, most_rows
        self._left: deque[tuple[Iterator[object], int]] = deque()
        self._rows = 0

    def __bool__(self) -> bool:
        return bool(self._left)

    def add(self, errand: Iterator[object], rows: int = 0) -> None:
        """One more, whose every step is a turn of a few milliseconds. rows: so many it holds until it is done."""
        self._left.append((errand, rows))
        self._rows += rows

    def go_on(self, waits: Callable[[], bool] = lambda: False) -> None:
        """Turns for SLICE_S, longer where many rows wait; one at least, and no more where somebody `waits`.

        Who waits is heard only while less than half of what may wait does: else errands would never be done on a day
        on which somebody always waits.
        """
        end = self._now_s() + SLICE_S * (1 + _HASTE * max(0.0, 2 * self._rows / self._most_rows - 1))
        while self._turn() and (
            self._is_full() or (self._now_s() < end and not (self._is_calm() and waits()))
        ):
            pass

    def settle(self) -> None:
        """All of it."""
        while self._turn():
            pass

    def _turn(self) -> bool:
        """One turn; whether there was one to do."""
        if self._left and next(self._left[0][0], self) is self:
            self._rows -= self._left.popleft()[1]
        return bool(self._left)

    def _is_calm(self) -> bool:
        return 2 * len(self._left) <= _MOST and 2 * self._rows <= self._most_rows

    def _is_full(self) -> bool:
        return len(self._left) > _MOST or self._rows > self._most_rows
