"""The figures of sightings in a few long columns, since there may be hundreds of thousands of kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["MOST_FRAMES", "Ledger", "Rows", "Sighting"]

MOST_FRAMES: Final = 32
"""Frames that a sighting names: the first ones."""
_FAR: Final = 2**63 - 1
_FIRST_ROOM: Final = 256


@dataclass(slots=True)
class Sighting:
    """first, last: UTC ns. answered: rows that were neither refused nor left without an answer. refused: as it says.

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
    refused: int = 0

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One batch. count: how many rows each stands for. answered, refused: which were. frames: 0 where none is known.

    first, last: UTC ns of the first and the last that a row stands for.
    """

    count: NDArray[np.int64]
    answered: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    frames: NDArray[np.int64]


class Ledger:
    """Sums by number of kind."""

    def __init__(self) -> None:
        names = ("count", "answered", "refused", "last", "gaps", "shown")
        self._whole = {name: np.zeros(0, np.int64) for name in names}
        self._whole["first"] = np.full(0, _FAR, np.int64)
        self._sums = {name: np.zeros(0) for name in ("gaps_s", "gaps_s2")}
        self._frames = np.zeros((0, MOST_FRAMES), np.int64)

    def sightings(self, kinds: int) -> Iterator[Sighting]:
        """Every kind's figures, in order of number."""
        names = ("count", "answered", "refused", "first", "last")
        whole = zip(*(self._whole[name][:kinds].tolist() for name in names), strict=True)
        gaps = zip(
            self._whole["gaps"][:kinds].tolist(),
            *(self._sums[name][:kinds].tolist() for name in ("gaps_s", "gaps_s2")),
            strict=True,
        )
        shown = self._whole["shown"]
        for at, ((count, answered, refused, first, last), (many, sum_s, sum_s2)) in enumerate(
            zip(whole, gaps, strict=True)
        ):
            frames = self._frames[at, : shown[at]].tolist()
            yield Sighting(count, answered, first, last, frames, many, sum_s, sum_s2, refused)

    def add(self, rows: Rows, groups: NDArray[np.int64], ids: NDArray[np.int64], kinds: int) -> None:
        """Take rows. groups: per row its group. ids: of each group the number of its kind, -1 where it has none."""
        self._make_room(kinds)
        order = np.lexsort((rows.first, groups))
        order = order[ids[groups[order]] >= 0]
        if not len(order):
            return
        here = ids[groups[order]]
        starts = np.flatnonzero(np.diff(here, prepend=-1))
        first, last, count = rows.first[order], rows.last[order], rows.count[order]
        self._intervals(here[starts], starts, first, last, count)
        self._count(here[starts], starts, first, last, count)
        for name, which in (("answered", rows.answered), ("refused", rows.refused)):
            self._whole[name][here[starts]] += np.add.reduceat(np.where(which[order], count, 0), starts)
        self._show(here, starts, rows.frames[order])

    def _make_room(self, kinds: int) -> None:
        room = len(self._frames)
        if kinds <= room:
            return
        more = max(_FIRST_ROOM, 2 * room, kinds) - room
        for name, column in self._whole.items():
            self._whole[name] = np.append(column, np.full(more, _FAR if name == "first" else 0, np.int64))
        for name, sums in self._sums.items():
            self._sums[name] = np.append(sums, np.zeros(more))
        self._frames = np.concatenate([self._frames, np.zeros((more, MOST_FRAMES), np.int64)])

    def _intervals(
        self,
        kinds: NDArray[np.int64],
        starts: NDArray[np.int64],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        count: NDArray[np.int64],
    ) -> None:
        """Times from one row to the next; a row that stands for several counts as if they came evenly."""
        inner, spans = count - 1, (last - first) / 1e9
        spans[inner == 0] = 0.0
        between = np.zeros(len(first))
        between[1:] = np.maximum(first[1:] - last[:-1], 0) / 1e9
        known = self._whole["count"][kinds] > 0
        before = (first[starts] - self._whole["last"][kinds]) / 1e9
        goes_on = known & (before > 0)
        between[starts] = np.where(goes_on, before, 0.0)
        even = spans / np.maximum(1, inner)
        rows = np.diff(np.append(starts, len(first)))
        self._whole["gaps"][kinds] += np.add.reduceat(inner, starts) + rows - 1 + goes_on
        self._sums["gaps_s"][kinds] += np.add.reduceat(between + spans, starts)
        self._sums["gaps_s2"][kinds] += np.add.reduceat(between**2 + even**2 * inner, starts)

    def _count(
        self,
        kinds: NDArray[np.int64],
        starts: NDArray[np.int64],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        count: NDArray[np.int64],
    ) -> None:
        whole = self._whole
        whole["count"][kinds] += np.add.reduceat(count, starts)
        whole["first"][kinds] = np.minimum(whole["first"][kinds], first[starts])
        whole["last"][kinds] = np.maximum(whole["last"][kinds], np.maximum.reduceat(last, starts))

    def _show(self, here: NDArray[np.int64], starts: NDArray[np.int64], frames: NDArray[np.int64]) -> None:
        """Keep each kind's first frames."""
        known = frames > 0
        before: NDArray[np.int64] = np.cumsum(known) - known
        rows = np.diff(np.append(starts, len(frames)))
        slot = self._whole["shown"][here] + before - np.repeat(before[starts], rows)
        taken = known & (slot < MOST_FRAMES)
        self._frames[here[taken], slot[taken]] = frames[taken]
        shown = self._whole["shown"][here[starts]] + np.add.reduceat(known.astype(np.int64), starts)
        self._whole["shown"][here[starts]] = np.minimum(shown, MOST_FRAMES)
