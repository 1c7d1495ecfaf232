"""Per stream direction, bounded: segments that came before their turn, and holes given up that may still be filled."""

from __future__ import annotations

__all__ = ["MAX_AGE_NS", "MAX_HOLES", "MAX_OCTETS", "MAX_SEGMENTS", "MAX_STREAMS", "Hole", "Holes", "Queue"]

MAX_SEGMENTS = 192
MAX_OCTETS = 256 * 1024
"""Of a direction, beyond a hole: full segments may be as many, where one is sent again late."""
MAX_AGE_NS = 3_000_000_000
ACK_GRACE_NS = 5_000_000
"""Captures of two mirrored directions run apart by this much: an ACK may overtake what it acknowledges."""

MAX_STREAMS = 4096
"""Stream directions whose holes are kept in mind, the last ones that got one."""
MAX_HOLES = 16
"""Holes of one direction, the newest ones."""
MAX_CARRY = 4096
"""Octets of a message that a hole cut off; longer ones are not waited for."""
BEFORE = 65535
"""Octets before the first that was captured of a stream joined in the middle: TCP's window without scaling."""

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


class Hole:
    """Octets of a stream that the capture lacked when it went on without them, and how the stream stood before them.

    begin: sequence number. size: octets. carry, want, sync, leap: the beginning of a message before the hole, and
    what the dissector keeps of a stream under the same names.
    """

    __slots__ = ("begin", "carry", "leap", "size", "sync", "want")

    def __init__(self, begin: int, size: int) -> None:
        self.begin = begin
        self.size = size
        self.carry: bytearray | None = None
        self.want = 0
        self.sync = 2
        self.leap = 0


class Holes:
    """The holes of one stream direction, in the order in which they were given up."""

    __slots__ = ("holes",)

    def __init__(self) -> None:
        self.holes: list[Hole] = []

    def add(self, begin: int, end: int) -> Hole:
        """Begin a hole from one sequence number to another; past MAX_HOLES the oldest is forgotten."""
        self.holes.append(Hole(begin, (end - begin) & _ALL))
        del self.holes[:-MAX_HOLES]
        return self.holes[-1]

    def take(self, seq: int, length: int) -> list[tuple[Hole, int, int]]:
        """The parts of a segment that lie in holes, as (hole, first octet, last octet + 1); they are closed there.

        What stays open behind a part is the returned hole; what stays open before it becomes a new one.
        """
        parts: list[tuple[Hole, int, int]] = []
        for hole in self.holes:
            if -length < ((seq - hole.begin + _HALF) & _ALL) - _HALF < hole.size:
                break
        else:  # most that come again have octets in no hole
            return parts
        for hole in list(self.holes):
            if hole not in self.holes:  # forgotten by now: a split made one too many
                continue
            ahead = ((seq - hole.begin + _HALF) & _ALL) - _HALF
            first, last = max(ahead, 0), min(ahead + length, hole.size)
            if first >= last:
                continue
            parts.append((hole, first - ahead, last - ahead))
            if first:
                self._split(hole, first)
            hole.begin = (hole.begin + last) & _ALL
            hole.size -= last
            if not hole.size and hole in self.holes:
                self.holes.remove(hole)
        return parts

    def _split(self, hole: Hole, first: int) -> None:
        """Leave the front of a hole open as one of its own; a message that it cut off is continued there.

        Octets that this message counts as its own are none of the next, whichever of them come first.
        """
        front = self.add(hole.begin, (hole.begin + first) & _ALL)
        front.carry, front.want, front.sync, front.leap = hole.carry, hole.want, hole.sync, hole.leap
        awaited = hole.leap if hole.carry is None else hole.want - len(hole.carry)
        hole.carry, hole.want, hole.sync, hole.leap = None, 0, 2, max(awaited - first, 0)
