"""Readings in a row that were all there before, of objects that never told the same twice: by time, not by blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.learned.places import roomy
from interlock.detect.walks import views, walk_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.learned.reading_blocks import Readers

__all__ = ["LEAST_RUN", "STEADY_NS", "Run", "Runs"]

STEADY_NS: Final = 120_000_000_000
"""So long such a thing stands still, or comes back, before it is said: machines stop for a moment, too."""
LEAST_RUN: Final = 6
_SELDOM_NS: Final = 4_000_000_000
"""From one reading of a run to the next, of what is read seldom."""


@dataclass(frozen=True, slots=True)
class Run:
    """A long run. at: its latest reading, among those given. still: one reading over and over.

    ordered: readings in the order in which they came before. seldom: whether they came seldom.
    """

    at: int
    still: bool
    ordered: bool
    seldom: bool


class Runs:
    """Per place: readings in a row that were there before, since when, how many ago each was, how many at one lag."""

    def __init__(self) -> None:
        self._run, self._fresh, self._lag, self._kept = (np.zeros(0, np.int64) for _ in range(4))

    def make_room(self, places: int) -> None:
        """Have so many places, at least."""
        self._run, self._fresh, self._lag, self._kept = roomy(
            (self._run, self._fresh, self._lag, self._kept), places, (0, 0, 0, 0)
        )

    def follow(
        self,
        readers: Readers,
        places: NDArray[np.int64],
        slots: NDArray[np.int64],
        times: NDArray[np.int64],
    ) -> Iterator[Run]:
        """Take readings that `readers` hold, object by object; give the runs that are long, at each reading."""
        found = np.empty((len(places), 5), np.int64)
        mine = (self._run, self._fresh, self._lag, self._kept)
        count = walk_runs(
            *views(places, slots, times, *readers.memory, *mine), LEAST_RUN, STEADY_NS, *views(found)
        )
        for at, run, fresh, lag, kept in found[:count].tolist():
            yield Run(
                at,
                still=lag == 1 and kept >= run - 1,
                ordered=lag > 1 and 2 * kept >= run - 1,
                seldom=int(times[at]) - fresh >= _SELDOM_NS * run,
            )

    def stands(self, places: NDArray[np.int64], now: int) -> NDArray[np.bool_]:
        """Which of these have stood still for long."""
        long = (self._run[places] >= LEAST_RUN) & (now - self._fresh[places] >= STEADY_NS)
        still: NDArray[np.bool_] = (self._lag[places] == 1) & (self._kept[places] >= self._run[places] - 1)
        return long & still

    def state(self, place: int) -> list[int]:
        """As JSON values."""
        return [int(of[place]) for of in (self._run, self._fresh, self._lag, self._kept)]

    def restore(self, place: int, state: list[int]) -> None:
        """Take back what `state` gave; early versions did not write it."""
        if len(state) == 4:
            mine = (self._run, self._fresh, self._lag, self._kept)
            for of, number in zip(mine, state, strict=True):
                of[place] = int(number)
