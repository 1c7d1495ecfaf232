"""`interlock signature`: rules of Suricata and Snort. Each command is imported only when it runs."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "signature"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "check": (
        "interlock.cli.signature_check:check",
        "Which rules of a file or folder load, and why others do not.",
    ),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def signature() -> None:
    """Rules in the language of Suricata and Snort. See docs/signatures.md."""
