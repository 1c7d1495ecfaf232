"""What an exercise is: what it prepares, asks, hints at, checks and explains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.exercises.desk import Desk

__all__ = ["Exercise", "Recording", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording of the twin that lies on the desk. attacks, events: names and minutes."""

    name: str
    minutes: float
    attacks: tuple[tuple[str, float], ...] = ()
    events: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is right, and what to say to it: where it is wrong, without giving the right one away."""

    right: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise. In every text `{desk}` stands for the folder that it lies in.

    minutes: how long a newcomer takes. commands: what helps, in order. site: text of a site file to write into.
    check: judges an answer by what was recorded. explain: what there was to see, once it is solved.
    """

    number: int
    title: str
    minutes: int
    task: str
    question: str
    commands: tuple[str, ...]
    hints: tuple[str, ...]
    recordings: tuple[Recording, ...]
    check: Callable[[Desk, str], Verdict] = field(repr=False)
    explain: Callable[[Desk], str] = field(repr=False)
    site: str = ""
