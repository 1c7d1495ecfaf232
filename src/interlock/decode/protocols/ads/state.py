"""What a conversation has said that later messages refer to: symbol handles and notification handles, bounded."""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_HANDLES", "Handles"]

MAX_HANDLES: Final = 4096
"""Of each kind and flow; past it the oldest is forgotten, and its object is shown as the handle."""


class Handles:
    """Per flow: (device, handle) → name of the object."""

    def __init__(self) -> None:
        self._symbols: dict[tuple[int, int], str] = {}
        self._notifications: dict[tuple[int, int], str] = {}

    def name(self, device: int, handle: int, name: str) -> None:
        """A symbol's handle, as the device gave it."""
        _keep(self._symbols, (device, handle), name)

    def symbol(self, device: int, handle: int) -> str:
        """Name of the symbol, or `handle:1a2b` where the giving was not seen."""
        return self._symbols.get((device, handle)) or f"handle:{handle:x}"

    def release(self, device: int, handle: int) -> None:
        """The handle is given back."""
        self._symbols.pop((device, handle), None)

    def subscribe(self, device: int, handle: int, name: str) -> None:
        """A notification's handle."""
        _keep(self._notifications, (device, handle), name)

    def notification(self, device: int, handle: int) -> str:
        """What a notification is about."""
        return self._notifications.get((device, handle)) or f"notification:{handle:x}"

    def unsubscribe(self, device: int, handle: int) -> str:
        """The same, for the last time."""
        return self._notifications.pop((device, handle), None) or f"notification:{handle:x}"


def _keep(table: dict[tuple[int, int], str], key: tuple[int, int], name: str) -> None:
    if key not in table and len(table) >= MAX_HANDLES:
        del table[next(iter(table))]
    table[key] = name
