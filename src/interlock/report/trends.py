"""A finding's trend, where its data carries one: points for a drawing, and a line of blocks for a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.records.finding import Finding

__all__ = ["HEIGHT", "WIDTH", "Trend", "sparkline", "trend_of"]

WIDTH: Final = 600
HEIGHT: Final = 90
_EDGE: Final = 6
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_MOST_POINTS: Final = 200
_LEAST_SPAN: Final = 1e-12
_MOST: Final = 1e30
"""Whatever is larger (or no number) is no measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """points: seconds since the first, and the value then; at least two. low, high: the safe limits, where known."""

    tag: str
    unit: str
    low: float | None
    high: float | None
    points: tuple[tuple[float, float], ...]

    @property
    def shown(self) -> tuple[float, float]:
        """Least and most that a drawing shows: the values, and a limit no further off than they are apart."""
        values = [value for _, value in self.points]
        least, most = min(values), max(values)
        room = max(most - least, abs(most) * 0.05, _LEAST_SPAN)
        limits = [x for x in (self.low, self.high) if x is not None and least - room <= x <= most + room]
        return min(least, *limits, least), max(most, *limits, most)

    def x(self, seconds: float) -> float:
        """Where an instant lies in a drawing of WIDTH."""
        whole = max(self.points[-1][0], _LEAST_SPAN)
        return round(_EDGE + (WIDTH - 2 * _EDGE) * seconds / whole, 1)

    def y(self, value: float) -> float:
        """Where a value lies in a drawing of HEIGHT."""
        least, most = self.shown
        share = (value - least) / max(most - least, _LEAST_SPAN)
        return round(HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * share, 1)

    @property
    def line(self) -> str:
        """The points as SVG takes them."""
        return " ".join(f"{self.x(s)},{self.y(v)}" for s, v in self.points)

    @property
    def limits(self) -> tuple[tuple[str, float], ...]:
        """Limits within the drawing: what is written beside each, and where it lies."""
        least, most = self.shown
        named = (("safe to", self.high), ("safe from", self.low))
        return tuple(
            (f"{word} {limit:g} {self.unit}".rstrip(), self.y(limit))
            for word, limit in named
            if limit is not None and least <= limit <= most
        )

    @property
    def says(self) -> str:
        """The same in words."""
        values = [value for _, value in self.points]
        span = f"{self.tag}: from {values[0]:g} to {values[-1]:g} {self.unit}".rstrip()
        return f"{span} within {self.points[-1][0]:g} s, least {min(values):g}, most {max(values):g}"


def trend_of(finding: Finding) -> Trend | None:
    """Read the trend of a finding; None where it has none that can be drawn."""
    text = dict(finding.data).get("trend")
    if text is None:
        return None
    try:
        told = json.loads(text)
        points = tuple((float(s), float(v)) for s, v in told["points"][:_MOST_POINTS])
        low, high = (None if told[key] is None else float(told[key]) for key in ("low", "high"))
        trend = Trend(tag=str(told["tag"]), unit=str(told["unit"]), low=low, high=high, points=points)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return trend if len(points) > 1 and all(abs(n) < _MOST for point in points for n in point) else None


def sparkline(trend: Trend, width: int = 40) -> str:
    """Draw it in one line of blocks, at most so many of them."""
    values = [value for _, value in trend.points][-width:]
    least, most = min(values), max(values)
    if most - least < _LEAST_SPAN:
        return _BLOCKS[0] * len(values)
    return "".join(_BLOCKS[min(7, int(8 * (v - least) / (most - least)))] for v in values)
