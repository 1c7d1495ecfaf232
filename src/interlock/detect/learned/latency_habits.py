"""How long the answers of each relation took, all relations in a few arrays, and how many came late of late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.learned.places import Placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.tally import Key

__all__ = ["FLOOR_NS", "LEAST_LATE", "LEAST_LEARNED", "SHARE", "TIMES", "Answers", "Habits", "Recent"]

LEAST_LEARNED: Final = 50
LEAST_LATE: Final = 6
"""Answers of a relation that must be known, and late ones in a minute that are no accident."""
SHARE: Final = 0.3
"""Part of a minute's answers that must be late: a single slow request (a program, a long list) is none of it."""
TIMES: Final = 4
FLOOR_NS: Final = 50_000_000
"""Late is beyond so many times what 99 of 100 answers took, and this much more."""
_BINS: Final = 32
_KEPT: Final = 16
"""Minutes of a relation that may still grow."""


@dataclass(frozen=True, slots=True)
class Answers:
    """rows: of the messages. places: of their relations. took: ns. minutes: since 1970."""

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    took: NDArray[np.int64]
    minutes: NDArray[np.int64]


class Habits(Placed):
    """Per relation, how many answers took how long, in powers of two of a microsecond."""

    def __init__(self, most: int) -> None:
        """most: relations; more are not taken in."""
        super().__init__(most)
        self._counts = np.zeros((0, _BINS), np.int64)

    def make(self, key: Key) -> int:
        """Give the place of a relation, new if need be; -1 where there is no room."""
        place = self._places.make(key)
        if place >= len(self._counts):
            more = np.zeros((max(16, place), _BINS), np.int64)
            self._counts = np.concatenate((self._counts, more))
        return place

    def add(self, answers: Answers) -> None:
        """Count answers."""
        bins = np.log2(np.maximum(answers.took // 1000, 1)).astype(np.int64)
        np.add.at(self._counts, (answers.places, np.minimum(bins, _BINS - 1)), 1)

    def limits(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Nanoseconds from which an answer is late; 0 where too little is known."""
        if len(places) > len(self.keys):
            return self._limits(np.arange(len(self.keys)))[places]
        return self._limits(places)

    def _limits(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        sums = np.cumsum(self._counts[places], axis=1)
        whole = sums[:, -1]
        bins = np.argmax(sums >= 0.99 * whole[:, None], axis=1)
        limits: NDArray[np.int64] = np.where(
            whole < LEAST_LEARNED, 0, TIMES * 1000 * (np.int64(2) << bins) + FLOOR_NS
        )
        return limits

    def limit(self, key: Key) -> int:
        """The limit of one known relation."""
        return int(self.limits(np.array([self._places.find(key)]))[0])

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[list(key), self._counts[place].tolist()] for place, key in enumerate(self.keys)]

    def restore(self, key: Key, counts: list[int]) -> None:
        """Take back what `state` gave of a relation. Raises ValueError for what is no such list."""
        if len(counts) != _BINS:
            raise ValueError(f"{len(counts)} counts of answers instead of {_BINS}")
        place = self.make(key)
        if place >= 0:
            self._counts[place] = counts


class Recent:
    """Per relation and each of its last minutes, how many answers there were and how many of them were late."""

    def __init__(self) -> None:
        self._minutes, self._answers, self._late = (np.zeros((0, _KEPT), np.int64) for _ in range(3))

    def bad(self, answers: Answers, late: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
        """Count; give place and minute of those of which so much is late that it is no accident."""
        at = (answers.places, answers.minutes % _KEPT)
        self._make_room(int(answers.places.max()) + 1)
        self._begin(at, answers.minutes)
        current = (
            self._minutes[at] == answers.minutes
        )  # what comes later than the next sixteen is not counted
        np.add.at(self._answers, (at[0][current], at[1][current]), 1)
        if not late.any():
            return
        current &= late
        np.add.at(self._late, (at[0][current], at[1][current]), 1)
        late_now, all_now = self._late[at], self._answers[at]
        much = current & (late_now >= LEAST_LATE) & (late_now >= SHARE * all_now)
        yield from sorted(
            set(zip(answers.places[much].tolist(), answers.minutes[much].tolist(), strict=True))
        )

    def _begin(self, at: tuple[NDArray[np.int64], NDArray[np.int64]], minutes: NDArray[np.int64]) -> None:
        newer = self._minutes[at] < minutes
        if newer.any():
            begun = (at[0][newer], at[1][newer])
            np.maximum.at(self._minutes, begun, minutes[newer])
            self._answers[begun] = self._late[begun] = 0

    def _make_room(self, places: int) -> None:
        if places > len(self._minutes):
            more = np.zeros((max(16, places), _KEPT), np.int64)
            for name in ("_minutes", "_answers", "_late"):
                setattr(self, name, np.concatenate((getattr(self, name), more)))

    def state(self, keys: list[Key]) -> list[Any]:
        """As JSON values. keys: of all relations, by place."""
        counts = zip(keys, self._minutes, self._answers, self._late, strict=False)
        return [[list(key), *(column.tolist() for column in row)] for key, *row in counts if row[0].any()]

    def restore(self, place: int, minutes: list[int], answers: list[int], late: list[int]) -> None:
        """Take back what `state` gave of a relation; nothing where it has no place. Raises ValueError."""
        if place >= 0:
            self._make_room(place + 1)
            self._minutes[place], self._answers[place], self._late[place] = minutes, answers, late
