"""Ctrl-C and SIGTERM while the plant is recorded: heeded between two simulated seconds, so that nothing is half."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from interlock.cli.exits import BY_SIGNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Asked", "asked_to_stop"]


class Asked:
    """Whether somebody asked to stop. number: of the signal; 0: nobody did."""

    def __init__(self) -> None:
        self.number = 0

    def take(self, number: int, _frame: FrameType | None) -> None:
        """A signal's handler: the second one ends at once."""
        if self.number:
            sys.exit(BY_SIGNAL + number)
        self.number = number


@contextmanager
def asked_to_stop() -> Iterator[Asked]:
    """Take both signals meanwhile; whoever took them before takes them again afterwards."""
    asked = Asked()
    before = {number: signal.signal(number, asked.take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
