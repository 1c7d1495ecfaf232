"""Notices that the wall's clock leapt: it moved by more, or by less, than a clock that only counts seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ClockWatch", "leap_text"]

LEAST_NS: Final = 2_000_000_000
"""A time service that only slows or speeds a clock moves it by less between two looks."""


class ClockWatch:
    """wall: UTC ns. steady: ns that only rise."""

    def __init__(self, wall: Callable[[], int], steady: Callable[[], int]) -> None:
        self._wall, self._steady = wall, steady
        self._apart = wall() - steady()

    def leapt(self) -> int:
        """By how many ns the wall's clock leapt since the last look, negative: back; 0 where it did not."""
        apart = self._wall() - self._steady()
        leap, self._apart = apart - self._apart, apart
        return leap if abs(leap) >= LEAST_NS else 0


def leap_text(leap: int) -> str:
    """The diary's sentence."""
    way, seconds = "forward" if leap > 0 else "back", abs(leap) // 1_000_000_000
    hours, minutes = divmod(seconds // 60, 60)
    much = f"{hours:,} h {minutes} min" if seconds >= 60 else f"{seconds} s"
    return f"this machine's clock leapt {way} by {much}; what is late, silent or old is counted from there"
