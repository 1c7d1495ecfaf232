"""A value's trend, as much as a drawing needs: the last seconds one by one, the last minutes one each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.records.site import Tag

__all__ = ["POINTS", "Trend", "drawn"]

POINTS: Final = 60
_RECENT: Final = 40
_PAST: Final = POINTS - _RECENT
_SECOND: Final = 10**9
_MINUTE: Final = 60 * _SECOND

Point = tuple[int, float]
"""UTC ns and the value then."""


class Trend:
    """The last value of each of the last seconds that had one, and of each of the minutes before."""

    __slots__ = ("_past", "_recent")

    def __init__(self) -> None:
        self._recent: list[Point] = []
        self._past: list[Point] = []

    def add(self, times: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Take values in time order; it comes out the same however they are cut."""
        self._recent = _last_of(self._recent, times, values, _SECOND, _RECENT)
        self._past = _last_of(self._past, times, values, _MINUTE, _PAST)

    def points(self) -> list[Point]:
        """Give at most POINTS points in time order."""
        begin = self._recent[0][0] if self._recent else 0
        return [point for point in self._past if point[0] < begin] + self._recent

    def state(self) -> list[Any]:
        """As JSON values."""
        return [self._recent, self._past]

    @classmethod
    def of(cls, state: list[Any]) -> Trend:
        """From JSON values."""
        trend = cls()
        trend._recent, trend._past = ([(int(t), float(v)) for t, v in part] for part in state)
        return trend


def _last_of(
    known: list[Point], times: NDArray[np.int64], values: NDArray[np.float64], width: int, most: int
) -> list[Point]:
    if not len(times):
        return known
    bins = times // width
    lasts = np.flatnonzero(np.diff(bins, append=bins[-1] + 1))[-most:]
    if known and known[-1][0] // width == bins[0]:
        known = known[:-1]
    fresh = zip(times[lasts].tolist(), values[lasts].tolist(), strict=True)
    return [*known, *fresh][-most:]


def drawn(points: list[Point], tag: Tag, low: float | None, high: float | None) -> str:
    """Points as a finding's `data` carries them: JSON with seconds since the first, unit and limits."""
    begin = points[0][0] if points else 0
    return json.dumps({
        "tag": tag.name, "unit": tag.unit or "", "begin": begin, "low": low, "high": high,
        "points": [[round((t - begin) / _SECOND, 3), float(f"{v:.6g}")] for t, v in points],
    })  # fmt: skip
