"""Errands: work that can be laid down at any moment and taken up again, so that a finding never waits for all of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SLICE_S", "Errands"]

SLICE_S: Final = 0.004
"""How long errands may keep anybody waiting, but for the one turn that is being done."""
_MOST: Final = 32
"""Errands that may wait; beyond it they are done whoever else waits, so that they hold a bounded number of rows."""


class Errands:
    """Done in the order in which they came, a turn at a time. now_s: seconds that only rise."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._left: deque[Iterator[object]] = deque()

    def __bool__(self) -> bool:
        return bool(self._left)

    def add(self, errand: Iterator[object]) -> None:
        """One more, whose every step is a turn of a few milliseconds."""
        self._left.append(errand)

    def go_on(self) -> None:
        """Turns for SLICE_S, one at least."""
        end = self._now_s() + SLICE_S
        while self._turn() and (self._now_s() < end or len(self._left) > _MOST):
            pass

    def settle(self) -> None:
        """All of it."""
        while self._turn():
            pass

    def _turn(self) -> bool:
        """One turn; whether there was one to do."""
        if self._left and next(self._left[0], self) is self:
            self._left.popleft()
        return bool(self._left)
