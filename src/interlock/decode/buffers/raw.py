"""Packets and pieces of streams as columns, and who may look at them before they become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Raw", "Screens", "Seen"]


class Seen(NamedTuple):
    """What a screen says of each row it has left: which rules may hit it (their keys), octets of its stream before it.

    sent: of its own side and of the other, octets sent by then, -1 where that one has not spoken.
    """

    rules: list[bytes]
    before: list[bytes]
    sent: Any


class Raw(NamedTuple):
    """Columns of packets and stream pieces: slots, sides, sources, times, frames, stream offsets, where octets stand.

    kind: index into records.buffers.KINDS. network: of packets, where their headers begin, -1 where none is there; None
    where nobody asks. joined: whether nobody saw their connection open; None where nobody asks. seen: None where nobody
    has looked at them.
    """

    kind: Any
    slot: Any
    side: Any
    source: Any
    time: Any
    frame: Any
    offset: Any
    begin: Any
    length: Any
    array: Any
    network: Any = None
    joined: Any = None
    seen: Seen | None = None


class Screens(Protocol):
    """Leaves of packets and stream pieces those that somebody has a use for."""

    def pick(self, raw: Raw, states: Any, ends: Callable[[int, int], tuple[Any, ...]]) -> Raw | None:
        """Those of a batch that are left; None for nothing.

        states: per row a number that becomes another one when more is known of its flow. ends: of a slot and side,
        transport, protocol (None: unknown), client, server, direction, and both ports in one number (-1: none).
        """
        ...

    def over(self, slot: int) -> None:
        """A flow has ended; its slot will be another's."""
        ...
