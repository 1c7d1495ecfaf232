"""`interlock baseline`: what is normal in this plant."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "baseline"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "learn": ("interlock.cli.baseline_learn:learn", "Take captures for normal."),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def baseline() -> None:
    """Learn what is normal in this plant, look at it, accept what is new.

    `interlock analyze --state DIR` and a sensor's --state judge by what was learned.
    """
