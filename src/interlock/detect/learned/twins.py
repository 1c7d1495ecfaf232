"""Pairs of numbers that say the same, found among all numbers while learning, and how far apart they ever were."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.walks import reach, views, widest_gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_MOVED", "LEAST_STRETCHES", "Twins"]

MAX_PAIRS: Final = 4_096
MAX_DEAD: Final = 50_000
"""Pairs that once said the same and then did not: these are not looked for again."""
NEAR: Final = 6
"""Numbers next to one in the order of their means that are compared with it."""
MOST_FOUND: Final = 256
"""New pairs of one stretch."""
LEAST_SECONDS: Final = 8
"""Of a stretch, in which both were read."""
LEAST_STRETCHES: Final = 60
LEAST_MOVED: Final = 15
"""Stretches in which both were read, and in which both moved."""
ALIKE: Final = 0.05
"""Their means were never further apart than so small a part of what these went through: no accident."""
TIMES: Final = 3.0
"""Means so many times further apart than they ever were are too far."""
LEAST_PART: Final = 0.01
"""And so large a part of the span: what was always equal may round otherwise."""
_BEYOND: Final = 2.0
"""Spans, of a pair about which little is known."""
_LAG: Final = 2
_EXACT, _CLOSE = 1e-6, 0.02
"""Parts of the span by which single seconds lay apart."""
_HOPELESS: Final = ((10, 0.5), (LEAST_STRETCHES, 0.2))
"""After so many stretches a pair that was so far apart is none."""
_LIVELY: Final = 0.8
"""Steps of a stretch that went somewhere, of a number that never rests."""
_STATE: Final = ("far", "gap", "low", "high", "stretches", "moved", "lively")


def _gaps(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a second's number was at most from all that the other was within _LAG seconds; per pair."""
    gap = np.zeros(len(one))
    widest_gaps(one, other, _LAG, *views(gap))
    return gap


@dataclass(frozen=True, slots=True)
class _Seen:
    """Of pairs in a stretch. met: whether both were read; apart: of means; mean: of the left ones.

    moved, lively: per pair and side whether it was not the same all along, and moved nearly always.
    """

    met: NDArray[np.bool_]
    apart: NDArray[np.float64]
    mean: NDArray[np.float64]
    moved: NDArray[np.bool_]
    lively: NDArray[np.bool_]

    @classmethod
    def of(cls, one: NDArray[np.float64], other: NDArray[np.float64]) -> _Seen:
        both = ~(np.isnan(one) | np.isnan(other))
        many = both.sum(1)
        means = [np.where(both, side, 0.0).sum(1) / np.maximum(many, 1) for side in (one, other)]
        steps = [_steps(side) for side in (one, other)]
        return cls(
            many >= LEAST_SECONDS,
            np.abs(means[0] - means[1]),
            means[0],
            np.stack([share > 0 for share in steps], axis=1),
            np.stack([share >= _LIVELY for share in steps], axis=1),
        )


def _steps(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of the steps from second to second that went anywhere; 0 where none is known."""
    steps = np.diff(numbers, axis=1)
    known = (~np.isnan(steps)).sum(1)
    share: NDArray[np.float64] = (np.nan_to_num(steps) != 0).sum(1) / np.maximum(known, 1)
    return share


class Twins:
    """Pairs of slots of a tape.

    Per pair: left, right (left < right); far, gap: the most that means, and single seconds, were apart; low, high: what
    their means went through; stretches, moved, lively: in which both were read, both moved, both nearly always moved.
    """

    def __init__(self) -> None:
        self.left, self.right, self.stretches, self.moved, self.lively = (
            np.zeros(0, np.int64) for _ in range(5)
        )
        self.far, self.gap, self.low, self.high = (np.zeros(0) for _ in range(4))
        self._dead: set[tuple[int, int]] = set()
        self._least, self._most = np.zeros(0), np.zeros(0)

    def __len__(self) -> int:
        """How many pairs there are, proven or not."""
        return len(self.left)

    @property
    def proven(self) -> NDArray[np.bool_]:
        """Which pairs are no accident."""
        span = self.high - self.low
        enough: NDArray[np.bool_] = (self.stretches >= LEAST_STRETCHES) & (self.moved >= LEAST_MOVED)
        return enough & (span > 0) & (self.far <= ALIKE * span)

    @property
    def _young(self) -> NDArray[np.bool_]:
        """Pairs that were equal all along but rarely moved: judged only by what neither of them ever came near to."""
        equal: NDArray[np.bool_] = (
            (self.stretches >= LEAST_STRETCHES) & (self.moved > 1) & (self.high > self.low)
        )
        return equal & (self.gap <= _EXACT * (self.high - self.low))

    @property
    def judged(self) -> NDArray[np.int64]:
        """Which pairs are judged at all."""
        return np.flatnonzero(self.proven | self._young)

    def likeness(self, at: int) -> str:
        """Say how alike the seconds of a pair were: exact, one a copy of the other, a moment later; close; or far."""
        part = self.gap[at] / (self.high[at] - self.low[at])
        return "exact" if part <= _EXACT else "close" if part <= _CLOSE else "far"

    def never_rests(self, at: int) -> bool:
        """Whether both of a pair moved nearly all the time while learning."""
        return bool(self.lively[at] == self.stretches[at])

    def parted(self, numbers: NDArray[np.float64]) -> NDArray[np.int64]:
        """Which proven pairs a stretch ([slot, second], NaN: not read) shows apart: far, or one stands still alone."""
        proven, pairs = self.proven, self.judged
        if not len(pairs):
            return pairs
        seen = _Seen.of(numbers[self.left[pairs]], numbers[self.right[pairs]])
        span = (self.high - self.low)[pairs]
        limit = np.maximum(TIMES * self.far[pairs], np.where(proven[pairs], LEAST_PART, _BEYOND) * span)
        bad = seen.apart > limit
        stands = (seen.lively & ~seen.moved[:, ::-1]).any(1)
        bad |= stands & proven[pairs] & (self.lively[pairs] == self.stretches[pairs])
        return pairs[bad & seen.met]

    def learn(self, numbers: NDArray[np.float64]) -> list[tuple[int, int]]:
        """Take a stretch for normal; give the pairs that it shows apart, by what was known before."""
        parted = [(int(self.left[at]), int(self.right[at])) for at in self.parted(numbers)]
        if len(self):
            self._widen(numbers)
        self._find(numbers)
        return parted

    def _widen(self, numbers: NDArray[np.float64]) -> None:
        one, other = numbers[self.left], numbers[self.right]
        seen = _Seen.of(one, other)
        met = seen.met
        self.far[met] = np.maximum(self.far, seen.apart)[met]
        self.gap[met] = np.maximum(self.gap, np.maximum(_gaps(one, other), _gaps(other, one)))[met]
        self.low[met], self.high[met] = (
            np.minimum(self.low, seen.mean)[met],
            np.maximum(self.high, seen.mean)[met],
        )
        self.stretches += met
        self.moved += met & seen.moved.all(1)
        self.lively += met & seen.lively.all(1)
        span = self._span(self.left, self.right)
        gone = np.zeros(len(self), np.bool_)
        for many, part in _HOPELESS:
            gone |= (self.stretches >= many) & (self.far > part * span)
        if gone.any():
            if len(self._dead) < MAX_DEAD:
                self._dead.update(zip(self.left[gone].tolist(), self.right[gone].tolist(), strict=True))
            for name in ("left", "right", *_STATE):
                setattr(self, name, getattr(self, name)[~gone])

    def _find(self, numbers: NDArray[np.float64]) -> None:
        """Look for pairs among the numbers that moved: next to each other by their means."""
        more = max(0, len(numbers) - len(self._least))
        self._least = np.append(self._least, np.full(more, np.inf))
        self._most = np.append(self._most, np.full(more, -np.inf))
        low, high = (np.full(len(numbers), np.nan) for _ in range(2))
        told = np.zeros(len(numbers), np.int64)
        reach(numbers, *views(low, high, told))
        self._least, self._most = np.fmin(self._least, low), np.fmax(self._most, high)
        slots = np.flatnonzero((told >= LEAST_SECONDS) & (high > low))
        if len(slots) < 2 or len(self) >= MAX_PAIRS:
            return
        means = np.nansum(numbers[slots], axis=1) / told[slots]
        order = np.argsort(means, kind="stable")
        slots, means = slots[order], means[order]
        left, right = [], []
        for near in range(1, min(NEAR, len(slots) - 1) + 1):
            one, other = slots[:-near], slots[near:]
            close = means[near:] - means[:-near] <= ALIKE * self._span(one, other)
            left.append(np.minimum(one, other)[close])
            right.append(np.maximum(one, other)[close])
        self._add_new(numbers, np.concatenate(left), np.concatenate(right))

    def _span(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """What both went through while learning, the one that went through less."""
        most: NDArray[np.float64] = np.minimum(
            self._most[left] - self._least[left], self._most[right] - self._least[right]
        )
        return most

    def _add_new(
        self, numbers: NDArray[np.float64], left: NDArray[np.int64], right: NDArray[np.int64]
    ) -> None:
        dead, known = self._dead, set(zip(self.left.tolist(), self.right.tolist(), strict=True))
        pairs = enumerate(zip(left.tolist(), right.tolist(), strict=True))
        fresh = (n for n, pair in pairs if pair not in known and pair not in dead)
        new = list(islice(fresh, min(MOST_FOUND, MAX_PAIRS - len(self))))
        if not new:
            return
        left, right = left[new], right[new]
        one, other = numbers[left], numbers[right]
        seen = _Seen.of(one, other)
        gap = np.maximum(_gaps(one, other), _gaps(other, one))
        state: list[NDArray[Any]] = [left, right, seen.apart, gap, seen.mean, seen.mean]
        state += [np.ones(len(new), np.int64), np.asarray(seen.moved.all(1), np.int64)]
        state.append(np.asarray(seen.lively.all(1), np.int64))
        for name, column in zip(("left", "right", *_STATE), state, strict=True):
            setattr(self, name, np.append(getattr(self, name), column[seen.met]))

    def add(self, left: int, right: int, state: list[Any]) -> None:
        """Take back a pair: what `state` gave of it. Raises ValueError where it is no such thing."""
        for name, value in zip(("left", "right", *_STATE), (left, right, *state), strict=True):
            column = getattr(self, name)
            setattr(self, name, np.append(column, np.array([value]).astype(column.dtype)))

    def state(self, at: int) -> list[Any]:
        """Give what is known of a pair, as JSON values."""
        return [getattr(self, name)[at].item() for name in _STATE]
