"""TCP between two ends of the twin: handshake, numbers, acknowledgements, closing; a network that loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.twin.paths import FORWARD_NS, HOP_NS, legs
from interlock.plant.wire.frames import ACK, FIN, PSH, RST, SYN, End, tcp

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.twin.mirror import Mirror
    from interlock.plant.twin.paths import Relay

__all__ = ["DELAYED_ACK_NS", "Conversation"]

MSS: Final = 1460
DELAYED_ACK_NS: Final = 40_000_000
BETWEEN_NS: Final = 12_000
"""Between two segments sent at once."""

SYN_AGAIN_NS: Final = (0, 1_000_000_000, 3_000_000_000)
SYN_GIVEN_UP_NS: Final = 7_000_000_000
SAID_AGAIN_NS: Final = (0, 250_000_000, 750_000_000, 1_750_000_000)
SAID_GIVEN_UP_NS: Final = 3_000_000_000
"""When what nobody acknowledges is sent again, and when the sender gives up (RFC 6298: twice as long each time)."""


class Conversation:
    """One connection. Every method takes the time at which it begins and gives the time at which it is over.

    numbers: where numbers of the frames go that belong to an attack; None: they belong to none.
    """

    def __init__(
        self,
        mirror: Mirror,
        client: End,
        server: End,
        ports: tuple[int, int],
        first: tuple[int, int],
        relay: Callable[[End, End], Relay | None] = lambda _source, _target: None,
    ) -> None:
        """ports: of client and server. first: their initial sequence numbers. relay: who stands between, if anybody."""
        self.numbers: list[int] | None = None
        self._mirror = mirror
        self._relay = relay
        self._ends = [client, server]
        self._ports = (ports, ports[::-1])
        self._next = list(first)
        self._acked = list(first)
        self._identification = [first[0] & 0xFFFF, first[1] & 0xFFFF]
        self.last_ns = [0, 0]
        """When each side last sent something."""

    def open(self, now_ns: int) -> int:
        """Three-way handshake."""
        return self._in_turn(now_ns, (0, SYN), (1, SYN | ACK), (0, ACK))

    def refuse(self, now_ns: int) -> int:
        """A port where nobody listens answers with a reset."""
        return self._in_turn(now_ns, (0, SYN), (1, RST | ACK))

    def knock(self, now_ns: int) -> int:
        """Ask again and again for a connection to a machine that says nothing; then give up."""
        for later in SYN_AGAIN_NS:
            self._segment(now_ns + later, 0, SYN, kept=True)
        return now_ns + SYN_GIVEN_UP_NS

    def say(self, now_ns: int, side: int, octets: bytes) -> int:
        """One side (0: the client) sends octets; they carry the acknowledgement of what came before."""
        for at in range(0, len(octets), MSS):
            part = octets[at : at + MSS]
            push = PSH if at + MSS >= len(octets) else 0
            self._segment(now_ns, side, ACK | push, part)
            now_ns += BETWEEN_NS
        return now_ns - BETWEEN_NS + self._hop(side)

    def shout(self, now_ns: int, octets: bytes) -> int:
        """The client sends octets to a server that says nothing, sends them again, and gives up."""
        for later in SAID_AGAIN_NS:
            self._segment(now_ns + later, 0, ACK | PSH, octets[:MSS], kept=True)
        self._segment(now_ns + SAID_GIVEN_UP_NS, 0, RST | ACK)
        return now_ns + SAID_GIVEN_UP_NS

    def settle(self, now_ns: int) -> None:
        """Acknowledge what has not been, as a delayed acknowledgement does."""
        for side in (0, 1):
            if self._acked[side] != self._next[1 - side]:
                self._segment(now_ns, side, ACK)

    def close(self, now_ns: int, side: int = 0) -> int:
        """One side closes, the other one follows."""
        return self._in_turn(now_ns, (side, FIN | ACK), (1 - side, FIN | ACK), (side, ACK))

    def reset(self, now_ns: int, side: int = 0) -> int:
        """One side ends the connection at once."""
        self._segment(now_ns, side, RST | ACK)
        return now_ns + self._hop(side)

    def moved(self, side: int, end: End) -> None:
        """One side's address is at another hardware address from now on."""
        self._ends[side] = end

    def _in_turn(self, now_ns: int, *segments: tuple[int, int]) -> int:
        """Segments without octets (side and flags), each sent when the one before has arrived."""
        for side, flags in segments:
            self._segment(now_ns, side, flags)
            now_ns += self._hop(side)
        return now_ns

    def _hop(self, side: int) -> int:
        """How long a segment of one side travels."""
        return HOP_NS + (FORWARD_NS if self._relay(self._ends[side], self._ends[1 - side]) else 0)

    def _segment(
        self, when_ns: int, side: int, flags: int, payload: bytes = b"", *, kept: bool = False
    ) -> None:
        """kept: the same octets may be sent again, so the sender's number stays where it is."""
        other = 1 - side
        acknowledged = self._next[other] if flags & ACK else 0
        self._acked[side] = acknowledged
        self._identification[side] += 1
        numbers, ports = (self._next[side], acknowledged), self._ports[side]
        ends = self._ends[side], self._ends[other]
        relay = self._relay(*ends)
        told = self.numbers if self.numbers is not None or relay is None else relay.numbers
        ways = legs(*ends, relay) if relay else ((0, *ends),)
        for later, source, target in ways:
            frame = tcp(source, target, ports, numbers, flags, payload, self._identification[side])
            self._mirror.see(when_ns + later, frame, told)
        if not kept:
            self._next[side] = (self._next[side] + len(payload) + (flags & (SYN | FIN) > 0)) & 0xFFFFFFFF
        self.last_ns[side] = when_ns
