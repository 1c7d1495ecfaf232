"""`interlock baseline`: what is normal in this plant."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "baseline"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "learn": ("interlock.cli.baseline_learn:learn", "Take captures for normal."),
    "show": ("interlock.cli.baseline_show:show", "Show what was learned, and how settled it is."),
    "accept": (
        "interlock.cli.baseline_accept:accept",
        "Take a finding or a relation for normal, with its reason.",
    ),
    "diff": ("interlock.cli.baseline_diff:diff", "Say what is new and what is gone."),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def baseline() -> None:
    """Learn what is normal in this plant, look at it, accept what is new.

    `interlock analyze --state DIR` and a sensor's --state judge by what was learned.
    """
