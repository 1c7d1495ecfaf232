"""Numbers of things in sentences."""

from __future__ import annotations

__all__ = ["counted", "times"]


def counted(number: int, one: str, many: str = "") -> str:
    """`1 machine`, `12,480 machines`. many: where an `s` behind `one` is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """`once`, `1,204 times`."""
    return "once" if number == 1 else f"{number:,} times"
