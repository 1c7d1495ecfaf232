"""Words that detectors' sentences share."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, noun: str, plural: str = "") -> str:
    """Give `1 machine`, `3 machines`; plural: where an `s` is not enough."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
