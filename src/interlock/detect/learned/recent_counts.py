"""Counts of the last minutes (or hours) of many causes, while these may still grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.detect.tally import Key

__all__ = ["RecentCounts"]

_KEPT: Final = 16
"""Slots of a cause; the oldest is forgotten."""


class RecentCounts:
    """Cause → slot (minutes or hours since 1970) → how many."""

    def __init__(self) -> None:
        self._counts: dict[Key, dict[int, int]] = {}

    def __len__(self) -> int:
        """How many causes there are."""
        return len(self._counts)

    def __contains__(self, key: Key) -> bool:
        return key in self._counts

    def add(self, key: Key, slot: int, more: int) -> int:
        """Count `more` in a slot; how many there are in it now."""
        slots = self._counts.setdefault(key, {})
        slots[slot] = count = slots.get(slot, 0) + more
        if len(slots) > _KEPT:
            del slots[min(slots)]
        return count

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[list(key), sorted(slots.items())] for key, slots in sorted(self._counts.items())]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self._counts = {
            tuple(str(word) for word in key): {int(slot): int(count) for slot, count in slots}
            for key, slots in state
        }
