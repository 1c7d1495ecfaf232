"""Exit codes, the same for every command; where several hold: 2, 3, 4, 1."""

from __future__ import annotations

from typing import Final

__all__ = ["DONE", "FINDINGS", "NOTHING_READABLE", "PARTLY_READ", "USAGE"]

DONE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
NOTHING_READABLE: Final = 3
PARTLY_READ: Final = 4
