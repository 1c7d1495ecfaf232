"""Which relations have converged while a sensor learned by itself, each by its own test, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.tally import Key

__all__ = ["WHO", "Settled"]

WHO: Final = ("", "", "", "")
"""Instead of a relation: who is there at all, and who speaks with whom."""
_EVERY: Final = 60
"""Observed minutes from one weighing to the next: no relation converges within three days, and there may be many."""


class Settled:
    """Relation (realm, client, server, protocol) → minute (since 1970) in which it had converged. Nothing leaves it."""

    def __init__(self) -> None:
        self._since: dict[Key, int] = {}
        self._weighed = 0

    def __bool__(self) -> bool:
        return bool(self._since)

    def __contains__(self, pair: Key) -> bool:
        return pair in self._since

    def since(self, pair: Key) -> int:
        """The minute; 0 where it has not converged."""
        return self._since.get(pair, 0)

    def due(self, minutes: int) -> bool:
        """Whether so much was observed since the last time that weighing may show something."""
        if 0 <= minutes - self._weighed < _EVERY:
            return False
        self._weighed = minutes
        return True

    def settle(self, pair: Key, minute: int) -> None:
        """It has; what was said before holds."""
        self._since.setdefault(pair, minute)

    def state(self) -> list[Any]:
        """As JSON values, sorted."""
        return [[list(pair), minute] for pair, minute in sorted(self._since.items())]

    def restore(self, state: Iterable[Any]) -> None:
        """From JSON values."""
        self._since = {tuple(str(w) for w in pair): int(minute) for pair, minute in state}
