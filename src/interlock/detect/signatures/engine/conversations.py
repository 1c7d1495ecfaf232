"""What the engine remembers of conversations: each stream's end, who has spoken, how much. Bounded, oldest first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["Conversations"]

_MOST: Final = 16_384
_TAIL: Final = 512
"""Octets of a stream that are kept, so that what lies across two stretches is seen."""


class Conversations:
    """Keyed by flow, and by flow and direction."""

    def __init__(self) -> None:
        self._tails: OrderedDict[tuple[int, bool], tuple[int, bytes]] = OrderedDict()
        self._spoken: OrderedDict[int, int] = OrderedDict()
        self._octets: OrderedDict[int, list[int]] = OrderedDict()

    def joined(self, flow: int, offset: int, octets: bytes, *, to_server: bool) -> tuple[bytes, int]:
        """A stretch of a stream behind what is kept of the one before it, and how much of it is that."""
        key = (flow, to_server)
        end, tail = self._tails.pop(key, (0, b""))
        if end != offset:
            tail = b""
        whole = tail + octets
        self._tails[key] = (offset + len(octets), whole[-_TAIL:])
        _bound(self._tails)
        return whole, len(tail)

    def speak(self, flow: int, *, to_server: bool) -> bool:
        """Note who spoke; whether both sides have."""
        spoken = self._spoken.pop(flow, 0) | (1 if to_server else 2)
        self._spoken[flow] = spoken
        _bound(self._spoken)
        return spoken == 3

    def count(self, flow: int, octets: int, *, to_server: bool) -> None:
        """octets: of this side, up to now."""
        known = self._octets.pop(flow, [0, 0])
        known[not to_server] = max(known[not to_server], octets)
        self._octets[flow] = known
        _bound(self._octets)

    def octets(self, flow: int) -> tuple[int, int]:
        """Of client and server, so far."""
        client, server = self._octets.get(flow, (0, 0))
        return client, server


def _bound(kept: OrderedDict) -> None:  # type: ignore[type-arg]
    if len(kept) > _MOST:
        kept.popitem(last=False)
