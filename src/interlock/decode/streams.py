"""Segments that came before their turn: a bounded queue per stream direction."""

from __future__ import annotations

__all__ = ["MAX_AGE_NS", "MAX_OCTETS", "MAX_SEGMENTS", "Queue"]

MAX_SEGMENTS = 64
MAX_OCTETS = 256 * 1024
MAX_AGE_NS = 3_000_000_000
ACK_GRACE_NS = 5_000_000
"""Captures of two mirrored directions run apart by this much: an ACK may overtake what it acknowledges."""

_HALF = 1 << 31
_ALL = (1 << 32) - 1

Segment = tuple[int, bytes, int, int, int]


class Queue:
    """Segments (sequence number, octets, time, frame, source) beyond a hole, in order of arrival.

    Overlaps: the octet that was first in the queue wins, as with what was already delivered.
    """

    __slots__ = ("octets", "opened", "segments")

    def __init__(self, opened: int) -> None:
        """opened: capture time (UTC ns) of the first early segment."""
        self.segments: list[Segment] = []
        self.octets = 0
        self.opened = opened

    def add(self, seq: int, octets: bytes, time: int, frame: int, source: int) -> int:
        """Keep a segment unless the very same is here; octets it added."""
        if any(s == seq and len(o) >= len(octets) for s, o, *_ in self.segments):
            return 0
        self.segments.append((seq, octets, time, frame, source))
        self.octets += len(octets)
        return len(octets)

    def full(self, now: int) -> bool:
        """Whether to stop waiting for the hole to be filled."""
        return (
            len(self.segments) >= MAX_SEGMENTS
            or self.octets >= MAX_OCTETS
            or abs(now - self.opened) >= MAX_AGE_NS
        )

    def acknowledged(self, ack: int, now: int, *, answering: bool) -> bool:
        """Whether the receiver acknowledges octets beyond the hole.

        answering: it sends octets itself. Those would be taken for an answer before what they answer is
        delivered, so they are not waited for.
        """
        seq = min(self.segments, key=lambda s: (s[0] - self.segments[0][0] + _HALF) & _ALL)[0]
        grace = -1 if answering else ACK_GRACE_NS
        return now - self.opened > grace and 0 < ((ack - seq) & _ALL) < _HALF

    def first(self, after: int) -> int:
        """Sequence number of the segment nearest behind `after`."""
        return (after + min((s[0] - after) & _ALL for s in self.segments)) & _ALL

    def next(self, expected: int) -> tuple[bytes, int, int, int, int] | None:
        """The part of a queued segment that begins at `expected`: octets, time, frame, source, size freed.

        Octets are empty where the segment was wholly delivered before. None: nothing is next.
        """
        for i, (seq, octets, time, frame, source) in enumerate(self.segments):
            behind = (expected - seq) & _ALL
            if behind < _HALF:
                del self.segments[i]
                self.octets -= len(octets)
                return octets[behind:], time, frame, source, len(octets)
        return None

    def empty(self) -> bool:
        """Whether nothing waits any more."""
        return not self.segments
