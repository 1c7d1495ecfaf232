"""`interlock rule`: rules in Sigma's format. Each command is imported only when it runs."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "rule"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "list": ("interlock.cli.rule_list:list_rules", "Every rule in force, ours and yours."),
    "explain": (
        "interlock.cli.rule_explain:explain",
        "What a rule looks for, why, what to do, when it is wrong.",
    ),
    "fields": ("interlock.cli.rule_explain:fields", "What a rule may ask about, log source by log source."),
    "check": ("interlock.cli.rule_check:check", "What is wrong with the rules of a folder, with its line."),
    "test": ("interlock.cli.rule_test:test", "Run the firing and the silent cases that stand beside rules."),
    "try": ("interlock.cli.rule_try:try_rules", "How often rules would have fired over a capture."),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def rule() -> None:
    """Rules in Sigma's format, over what machines ask of each other. See docs/rules.md."""
