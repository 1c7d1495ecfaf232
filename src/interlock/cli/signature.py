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
    "import": ("interlock.cli.signature_packs:import_pack", "Keep rules as a version with a number."),
    "try": ("interlock.cli.signature_try:try_pack", "What new rules would have said of recorded traffic."),
    "stage": ("interlock.cli.signature_try:stage", "Let sensors count what new rules would say."),
    "top": (
        "interlock.cli.signature_top:top",
        "What each rule costs, and what those on trial would have said.",
    ),
    "list": (
        "interlock.cli.signature_packs:list_packs",
        "Which versions there are, and which one is in force.",
    ),
    "enforce": ("interlock.cli.signature_packs:enforce", "Put a version in force."),
    "rollback": ("interlock.cli.signature_packs:rollback", "Put the version in force that was so before."),
    "sign": ("interlock.cli.signature_packs:sign", "Sign rules as an approver."),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def signature() -> None:
    """Rules in the language of Suricata and Snort. See docs/signatures.md."""
