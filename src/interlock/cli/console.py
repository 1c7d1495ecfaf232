"""The terminal that commands print to."""

from __future__ import annotations

from rich import console

__all__ = ["Console"]


class Console(console.Console):
    """Rich's own, but whose reader may go away: rich would end with 1, which here means findings (cli/exits)."""

    def on_broken_pipe(self) -> None:
        """Let it be told as every closed pipe is (cli/main)."""
        raise BrokenPipeError
