"""`interlock program`: programs, firmware and settings that crossed the wire."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "program"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "list": (
        "interlock.cli.program_list:list_programs",
        "What was put together from the wire, and its verdict.",
    ),
    "show": ("interlock.cli.program_list:show", "All that is known of one program."),
    "diff": ("interlock.cli.program_diff:diff", "Say what differs between two versions that were kept."),
    "extract": ("interlock.cli.program_extract:extract", "Write programs and files of captures to a folder."),
    "compare": ("interlock.cli.program_compare:compare", "Say what differs between two files."),
    "approve": ("interlock.cli.program_compare:approve", "Say what --projects FOLDER would approve."),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def program() -> None:
    """Programs, firmware and settings that crossed the wire: look at them, compare them, approve them.

    `interlock analyze --projects FOLDER` and a sensor's --projects judge by what stands in FOLDER.
    """
