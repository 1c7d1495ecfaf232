"""Exit codes, the same for every command; where several hold: 2, 3, 4, 1.

A run that a signal ended at once has 128 and the signal's number, as shells say it: 130 for Ctrl-C, 143 for SIGTERM.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BY_SIGNAL", "DONE", "FINDINGS", "NOTHING_READABLE", "PARTLY_READ", "USAGE"]

DONE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
NOTHING_READABLE: Final = 3
PARTLY_READ: Final = 4
BY_SIGNAL: Final = 128
