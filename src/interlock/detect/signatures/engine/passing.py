"""What rules that let pass or drop silence: of their packet, or of all that its conversation brings.

    a packet's octets and headers      looked at with it
    a stream's chunk, a message        TCP: with the next packet of the same side behind what acknowledges it
                                       others: with the packet that completes it

All that is looked at with one packet is told when all of it was held against the rules: one that lets pass silences
what came before it, too. Marks are set all the same. What is dropped (rejected) is told with its packet; with the next
one its conversation is looked at no more, though nothing drops it.
Source: Suricata user guide, "Action-order"; its src/detect-engine-alert.c and src/flow-timeout.c, version 7.0.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.buffers import PACKET

if TYPE_CHECKING:
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["Part", "Silenced", "part_of"]

_MOST: Final = 65_536
At = tuple[int, int]
"""Time and frame of a packet."""


class Part(NamedTuple):
    """What is looked at with one packet: of a conversation, which side's, and whether it is the packet's own."""

    flow: int
    to_server: bool | None
    own: bool


def part_of(unit: Unit, level: str, *, later: bool) -> Part:
    """later: streams and messages are looked at with a later packet."""
    return Part(unit.flow, unit.to_server, level == PACKET) if later else Part(unit.flow, None, own=True)


class _Since(NamedTuple):
    """at: of what silenced a conversation. side: whose stream or message that was; None: the packet is silent, too.

    drops: that packet is told. other: octets of the other side before its first packet that was seen since; -1: none
    was.
    """

    at: At
    side: bool | None
    drops: bool
    other: int = -1


class Silenced:
    """Conversations of which a rule has said that nothing more is to be said. Bounded.

    What came before a conversation was silenced may be judged after it (ADR 29): it is not silenced.
    """

    def __init__(self) -> None:
        self._since: OrderedDict[int, _Since] = OrderedDict()
        self._packets: OrderedDict[tuple[At, Part], None] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._since or self._packets)

    def once(self, at: At, part: Part) -> None:
        """Nothing is said of what is looked at with one packet; requests in it are judged later."""
        self._packets[at, part] = None
        if len(self._packets) > _MOST:
            self._packets.popitem(last=False)

    def add(self, at: At, part: Part, *, drops: bool) -> None:
        """Nothing is said of a conversation from there on; the oldest are forgotten first."""
        known = self._since.get(part.flow)
        if known is not None and known.at <= at:
            return
        self._since[part.flow] = _Since(at, None if part.own else part.to_server, drops)
        if len(self._since) > _MOST:
            self._since.popitem(last=False)

    def holds(self, at: At, part: Part, unit: Unit) -> bool:
        """Whether nothing is to be said of this."""
        since = self._since.get(part.flow)
        if since is None or at < since.at:
            return (at, part) in self._packets
        if at == since.at:
            if since.drops:  # with that packet; what is left of the other side at the end comes behind it
                return not part.own and part.to_server != since.side
            return since.side is None or not part.own
        if since.side is None or not part.own or part.to_server == since.side:
            return True
        # What the other side sends before that packet comes is mostly one message: its first packet is told.
        begun = unit.client_octets if unit.to_server else unit.server_octets
        begun -= sum(map(len, unit.buffers.get(PACKET, ())))
        if since.other < 0:
            self._since[part.flow] = since._replace(other=begun)
            return False
        return begun > since.other
