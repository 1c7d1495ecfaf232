"""What a flow's SMB needs to know of its past: open files, tree connections, names asked for; all bounded."""

from __future__ import annotations

from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

__all__ = ["MAX_KEPT", "Session"]

MAX_KEPT = 512
"""Files, trees or unanswered names a flow may have; past that the oldest is forgotten."""


class Session:
    """files: id → name. trees: id → share. asked: message id → name that its answer's id stands for."""

    __slots__ = ("asked", "dialects", "files", "trees", "user")

    def __init__(self) -> None:
        self.files: dict[bytes, str] = {}
        self.trees: dict[int, str] = {}
        self.asked: dict[int, str] = {}
        self.dialects: tuple[str, ...] = ()
        self.user: str | None = None

    @staticmethod
    def keep(where: dict[_K, _V], key: _K, value: _V) -> None:
        """Remember one, forgetting the oldest where there are too many."""
        if len(where) >= MAX_KEPT and key not in where:
            del where[next(iter(where))]
        where[key] = value
