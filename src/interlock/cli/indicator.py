"""`interlock indicator`: indicators of compromise. Each command is imported only when it runs."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "indicator"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "check": (
        "interlock.cli.indicator_check:check",
        "Which indicators of files load, and why others do not.",
    ),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def indicator() -> None:
    """Indicators of compromise: STIX, MISP, tables and lists. See docs/indicators.md."""
