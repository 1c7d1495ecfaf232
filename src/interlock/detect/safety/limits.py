"""What holds for a tag: its own limits, and for a set point those of what it drives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.records.site import Tag

__all__ = ["Limits", "limits_of", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """low, high: infinite where there is none. low_of, high_of: the tag whose limit it is. span: finite, or nan."""

    low: float
    high: float
    low_of: Tag
    high_of: Tag

    @property
    def span(self) -> float:
        """How far apart they are; nan where one is missing."""
        width = self.high - self.low
        return width if math.isfinite(width) else math.nan

    def fraction(self, share: float, *values: float) -> float:
        """Give a share of the span; where there is none, of the largest of the values."""
        return share * (self.span if math.isfinite(self.span) else max(map(abs, values), default=0.0))


def limits_of(tag: Tag, by_name: Mapping[str, Tag]) -> Limits:
    """Narrowest limits of a tag and of what it drives; another unit than the tag's own says nothing about it."""
    driven = by_name.get(tag.drives or "")
    both = [tag] if driven is None or driven.unit != tag.unit else [tag, driven]
    low_of = max(both, key=lambda t: -math.inf if t.low is None else t.low)
    high_of = min(both, key=lambda t: math.inf if t.high is None else t.high)
    return Limits(
        low=-math.inf if low_of.low is None else low_of.low,
        high=math.inf if high_of.high is None else high_of.high,
        low_of=low_of,
        high_of=high_of,
    )


def measure(value: float, tag: Tag) -> str:
    """Say a value with its unit."""
    return f"{value:.6g} {tag.unit}" if tag.unit else f"{value:.6g}"
