"""Packets and pieces of streams as columns, and who may look at them before they become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KNOWN", "Raw", "Screens", "Seen"]

KNOWN: Final = 2
"""States (Screens.pick) from here on are those of flows whose protocol is known."""


class Seen(NamedTuple):
    """What a screen says of each row it has left: which rules may hit it (their keys), octets of its stream before it.

    sent: of its own side and of the other, octets sent by then, -1 where that one has not spoken.
    """

    rules: list[bytes]
    before: list[bytes]
    sent: Any

    def rows(self, rows: Any) -> Seen:
        """Of some rows."""
        numbers = rows.tolist()
        return Seen([self.rules[n] for n in numbers], [self.before[n] for n in numbers], self.sent[rows])


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

    def rows(self, rows: Any) -> Raw:
        """Some of its rows, by their numbers."""
        columns = {
            name: column[rows]
            for name, column in self._asdict().items()
            if name not in {"array", "seen"} and column is not None
        }
        return self._replace(**columns, seen=None if self.seen is None else self.seen.rows(rows))

    def kept(self) -> Raw:
        """The same, with octets of its own: those of a batch are gone with the next one."""
        begin = self.begin if self.network is None else np.where(self.network < 0, self.begin, self.network)
        sizes = self.begin + self.length - begin
        ends = np.cumsum(sizes)
        moved = ends - sizes - begin
        array = np.concatenate(
            [self.array[b:e] for b, e in zip(begin.tolist(), (begin + sizes).tolist(), strict=True)]
        )
        network = None if self.network is None else np.where(self.network < 0, -1, self.network + moved)
        return self._replace(array=array, begin=self.begin + moved, network=network)


class Screens(Protocol):
    """Leaves of packets and stream pieces those that somebody has a use for."""

    def pick(self, raw: Raw, states: Any, ends: Callable[[int, int], tuple[Any, ...]]) -> Raw | None:
        """Those of a batch that are left; None for nothing.

        states: per row a number that becomes another one when more is known of its flow. ends: of a slot and side,
        transport, protocol (None: unknown), client, server, direction, and both ports in one number (-1: none).
        """
        ...

    def held(self, now: int, *, ended: bool) -> list[Raw]:
        """Rows of earlier batches that waited, until now (ns of a clock that goes on with the wire).

        ended: some flows are about to end: none of their rows may wait any longer.
        """
        ...

    def over(self, slot: int) -> None:
        """A flow has ended; its slot will be another's."""
        ...
