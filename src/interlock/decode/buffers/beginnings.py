"""How conversations begin, for those who ask: who sent their first packet, and whether TCP was seen to open.

A connection counts as joined in the middle from its first payload on that came before a SYN and the SYN/ACK after it
(RFC 9293, clause 3.5), until it is over: whoever has lost one of them in the capture has not seen it open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.decode.buffers.sink import Moment
from interlock.records.buffers import CHECKED, FIRST, JOINED, SAMPLED, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.buffers.sink import Row
    from interlock.decode.flows import Flows

__all__ = ["Beginnings", "unseen"]

_OUTSIDE: Final = 32
"""Of a message's direction, as the dissector notes it: it came before its connection was seen to open."""
_SYN, _OPENED, _FIRST_SIDE, _SYN_ACK_FIRST = 1, 3, 4, 8
"""Bits of Flows.opening."""
_TCP: Final = 6


def unseen(asked: frozenset[str]) -> tuple[int, int]:
    """Whether segments with wrong checksums are kept out of connections, and frames that the capture cut are left out.

    The first is 2 where a source's first frames say whether its checksums mean anything.
    """
    return 2 if SAMPLED in asked else int(CHECKED in asked), int(WHOLE in asked)


class Beginnings:
    """asked: buffers. Per slot, whether its conversation has been told of, and whether it was joined in the middle."""

    def __init__(self, asked: frozenset[str], flows: Flows) -> None:
        self._flows = flows
        self._tells_joined, self._tells_first = JOINED in asked, FIRST in asked
        self._told = np.zeros(0, np.bool_)
        self._joined = np.zeros(0, np.bool_)

    def of(self, columns: dict[str, Any]) -> Iterator[Row]:
        """Rows of conversations that are met for the first time. columns: of messages, as the tap has them."""
        if not self._tells_joined and not self._tells_first:
            return
        if (more := self._flows.capacity - len(self._told)) > 0:
            self._told = np.append(self._told, np.zeros(more, np.bool_))
            self._joined = np.append(self._joined, np.zeros(more, np.bool_))
        slots = columns["flow"]
        outside = (columns["direction"] & _OUTSIDE > 0) & (columns["length"] > 0)
        met = outside if self._tells_joined else np.zeros(len(slots), np.bool_)
        if self._tells_first:
            met = met | self._otherwise(slots)
        self._joined[slots[outside]] = True
        fresh = np.flatnonzero(met & ~self._told[slots])
        _, places = np.unique(slots[fresh], return_index=True)
        for row in fresh[np.sort(places)].tolist():
            slot = int(slots[row])
            opening = int(self._flows.columns["opening"][slot])
            self._told[slot] = True
            moment = Moment(slot, *(int(columns[name][row]) for name in ("source", "time", "frame")))
            name = JOINED if outside[row] else FIRST
            first = (moment.source, moment.frame) == self._first(slot)
            said = (opening & _SYN_ACK_FIRST > 0) + 2 * first + 4 * (opening & _SYN)
            octets = bytes([said if name == JOINED else 2 * first])
            yield moment, int(opening & _FIRST_SIDE > 0), 0, name, octets

    def _otherwise(self, slots: Any) -> Any:
        """Which are of datagrams, or of a connection that was opened by whom its protocol takes for the server."""
        columns = self._flows.columns
        opening, asks = columns["opening"][slots], columns["client_side"][slots]
        opener = (opening & _FIRST_SIDE > 0).astype(np.uint8)
        return (columns["transport"][slots] != _TCP) | ((opening & _OPENED == _OPENED) & (opener != asks))

    def _first(self, slot: int) -> tuple[int, int]:
        """Source and number of a conversation's first frame."""
        columns = self._flows.columns
        return int(columns["source"][slot]), int(columns["first_frame"][slot])

    def joined(self, slots: Any) -> Any:
        """Of each whether its connection was joined in the middle; None where nobody asks."""
        return self._joined[slots] if self._tells_joined else None

    def forget(self, slot: int) -> None:
        """A conversation is over; its slot will be another's."""
        if slot < len(self._told):
            self._told[slot] = self._joined[slot] = False
