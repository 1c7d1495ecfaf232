"""Which rules speak all the time, so that what only they may say can wait (ADR 29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.records.buffers import PATIENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["LOUD", "Loud"]

LOUD: Final = 32
"""Rows in a second, one rule's, that make it loud."""
_QUIET_S: Final = 3.0
"""So long it stays that after the last second in which it was: longer than any row of its waits."""


class Loud:
    """Counts rows by rules, in seconds that begin with a row. A clock that leaps back begins a new one."""

    def __init__(self) -> None:
        self._since = -1.0
        self._counts: dict[int, int] = {}
        self._until: dict[int, float] = {}

    def which(self, told: Sequence[bytes | None], now: float) -> NDArray[np.bool_] | None:
        """Which rows may wait; None where none does. told: `payloads.rules` of each. now: seconds."""
        if not self._since <= now < self._since + 1:
            self._since, self._counts = now, {}
            self._until = {
                rule: until for rule, until in self._until.items() if now < until <= now + _QUIET_S
            }
        waits = [octets is not None and self._waits(octets, now) for octets in told]
        return np.array(waits, np.bool_) if any(waits) else None

    def _waits(self, octets: bytes, now: float) -> bool:
        """Whether all rules of a row are loud and patient; each is counted."""
        waits = bool(octets)
        for rule in memoryview(octets).cast("Q"):
            count = self._counts[rule] = self._counts.get(rule, 0) + 1
            if count > LOUD:
                self._until[rule] = now + _QUIET_S
            waits &= bool(rule & PATIENT) and self._until.get(rule, 0.0) > now
        return waits
