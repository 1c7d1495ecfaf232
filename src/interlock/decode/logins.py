"""Logins seen in clear: kept until their answer tells how they ended, names of users kept bounded."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["MAX_NAMES", "Login", "Names", "begin", "end"]

MAX_NAMES: Final = 4096
"""Different user names (or other texts that whoever sends chooses) that a decoder makes codes for."""

Login = tuple[int, list[Any]]
"""Where a row of Facts.credentials was made, and the row."""


def begin(facts: Any, m: Any, i: int, protocol: str, scheme: str, user: str | None, secret: bytes) -> Login:
    """Note a login that message i (from the client) carries; what `end` needs to say how it went.

    Its row waits for that (Facts.hold), so that a login is one row, with its outcome.
    """
    index = facts.credential(m, i, protocol, scheme, user, secret)
    return index, facts.hold(index)


def end(facts: Any, login: Login, outcome: str) -> None:
    """Say how a login ended (`ok`, `refused`)."""
    facts.answered(login[1], outcome)


class Names:
    """Codes in a pool (Words) for texts that come from outside: at most MAX_NAMES different ones."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._generation = pool.generation
        self._kept: dict[str, int] = {}

    def code(self, text: str | None) -> int:
        """Its code, or -1 for no text and for one too many."""
        if not text:
            return -1
        if self._generation != self._pool.generation:  # its codes were numbered anew
            self._generation = self._pool.generation
            self._kept.clear()
        known = self._kept.get(text)
        if known is None:
            if len(self._kept) >= MAX_NAMES:
                return -1
            known = self._kept[text] = self._pool.code(text[:128])
        return known
