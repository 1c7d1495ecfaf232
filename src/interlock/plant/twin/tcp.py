"""TCP between two ends of the twin: handshake, numbers, acknowledgements, closing; a network that loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.wire.frames import ACK, FIN, PSH, RST, SYN, End, tcp

if TYPE_CHECKING:
    from interlock.plant.twin.mirror import Mirror

__all__ = ["DELAYED_ACK_NS", "Conversation"]

MSS: Final = 1460
HOP_NS: Final = 60_000
"""From one end to the other."""

DELAYED_ACK_NS: Final = 40_000_000
BETWEEN_NS: Final = 12_000
"""Between two segments sent at once."""


class Conversation:
    """One connection. Every method takes the time at which it begins and gives the time at which it is over.

    numbers: where numbers of the frames go that belong to an attack; None: they belong to none.
    """

    def __init__(
        self, mirror: Mirror, client: End, server: End, ports: tuple[int, int], first: tuple[int, int]
    ) -> None:
        """ports: of client and server. first: their initial sequence numbers."""
        self.numbers: list[int] | None = None
        self._mirror = mirror
        self._ends = (client, server)
        self._ports = (ports, ports[::-1])
        self._next = list(first)
        self._acked = list(first)
        self._identification = [first[0] & 0xFFFF, first[1] & 0xFFFF]
        self.last_ns = [0, 0]
        """When each side last sent something."""

    def open(self, now_ns: int) -> int:
        """Three-way handshake."""
        self._segment(now_ns, 0, SYN)
        self._segment(now_ns + HOP_NS, 1, SYN | ACK)
        self._segment(now_ns + 2 * HOP_NS, 0, ACK)
        return now_ns + 3 * HOP_NS

    def refuse(self, now_ns: int) -> int:
        """A port where nobody listens answers with a reset."""
        self._segment(now_ns, 0, SYN)
        self._segment(now_ns + HOP_NS, 1, RST | ACK)
        return now_ns + 2 * HOP_NS

    def say(self, now_ns: int, side: int, octets: bytes) -> int:
        """One side (0: the client) sends octets; they carry the acknowledgement of what came before."""
        for at in range(0, len(octets), MSS):
            part = octets[at : at + MSS]
            push = PSH if at + MSS >= len(octets) else 0
            self._segment(now_ns, side, ACK | push, part)
            now_ns += BETWEEN_NS
        return now_ns - BETWEEN_NS + HOP_NS

    def settle(self, now_ns: int) -> None:
        """Acknowledge what has not been, as a delayed acknowledgement does."""
        for side in (0, 1):
            if self._acked[side] != self._next[1 - side]:
                self._segment(now_ns, side, ACK)

    def close(self, now_ns: int, side: int = 0) -> int:
        """One side closes, the other one follows."""
        self._segment(now_ns, side, FIN | ACK)
        self._segment(now_ns + HOP_NS, 1 - side, FIN | ACK)
        self._segment(now_ns + 2 * HOP_NS, side, ACK)
        return now_ns + 3 * HOP_NS

    def reset(self, now_ns: int, side: int = 0) -> int:
        """One side ends the connection at once."""
        self._segment(now_ns, side, RST | ACK)
        return now_ns + HOP_NS

    def _segment(self, when_ns: int, side: int, flags: int, payload: bytes = b"") -> None:
        other = 1 - side
        acknowledged = self._next[other] if flags & ACK else 0
        self._acked[side] = acknowledged
        self._identification[side] += 1
        numbers = (self._next[side], acknowledged)
        ends = (self._ends[side], self._ends[other])
        frame = tcp(*ends, self._ports[side], numbers, flags, payload, self._identification[side])
        self._mirror.see(when_ns, frame, self.numbers)
        self._next[side] = (self._next[side] + len(payload) + (flags & (SYN | FIN) > 0)) & 0xFFFFFFFF
        self.last_ns[side] = when_ns
