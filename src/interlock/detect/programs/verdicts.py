"""What a version of a program is beside the one before it, by hashes alone."""

from __future__ import annotations

from typing import Final

__all__ = ["CHANGED", "RESTAMPED", "SAME", "UNAPPROVED", "UNKNOWN", "verdict"]

SAME: Final = "same"
CHANGED: Final = "changed"
RESTAMPED: Final = "restamped"
"""Another hash, the same code: times or author differ."""
UNKNOWN: Final = "unknown"
"""The first of its name at this machine."""
UNAPPROVED: Final = "not approved"


def verdict(before: tuple[str, str] | None, now: tuple[str, str]) -> str:
    """before, now: SHA-256 of all of it and of its code, the latter empty where the format is not known."""
    if before is None:
        return UNKNOWN
    if before[0] == now[0]:
        return SAME
    return RESTAMPED if before[1] and before[1] == now[1] else CHANGED
