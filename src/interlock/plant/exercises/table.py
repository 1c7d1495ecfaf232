"""Every exercise, by number. A test finds each file of this folder in the table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.plant.exercises.exercise import Exercise

__all__ = ["FILES", "exercise"]

FILES: Final = (
    "find_machines", "find_weak", "see_attack", "work_order", "draw_zone", "moved_values", "compare_days",
    "man_in_the_middle", "write_rule",
)  # fmt: skip
"""In their order, from 1."""


def exercise(number: int) -> Exercise:
    """The exercise of this number. Raises KeyError where there is none."""
    if not 1 <= number <= len(FILES):
        raise KeyError(number)
    module = importlib.import_module(f"interlock.plant.exercises.{FILES[number - 1]}")
    found: Exercise = module.EXERCISE
    return found
