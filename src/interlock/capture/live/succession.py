"""One ring gives way to another while frames come, of another size say: none is lost, and none is told twice.

Who holds the rings opens the new one, and only then makes the old one deaf: what comes between lies in both. The reader
reads the old one to its end and passes over in the new one what it finds there again. The kernel stamps a frame once,
to the nanosecond, before it gives it to any ring, so that both tell the same time of it.

The old ring stays with its holder for a while: a reader that dies leaves it to its successor, and what it holds tells
that one, too, what it is to pass over. Nothing is written to it any more, since it is deaf.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.capture.columns import Columns
from interlock.capture.live.place import Place
from interlock.capture.live.ring import copy_blocks
from interlock.capture.live.socket import LiveRing, RingSize
from interlock.records.frames import SPILL_OCTETS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Doubles", "Heir", "Succession", "is_being_filled"]

_TOLD: Final = Struct("<4q")
"""What goes with a ring's handle: generation, since (ns), octets of a block, blocks."""
_BLOCK: Final = Struct("=6IQ4I")
"""A block's header: version, private, status, packets, first, length, sequence, times of the first and the last packet
(s, ns). Source: Linux, include/uapi/linux/if_packet.h, struct tpacket_hdr_v1."""
_MARGIN_NS: Final = 100_000_000
"""A frame is stamped a little before it lies in a ring; a processor may be taken away meanwhile."""
_DEAF_S: Final = 0.01
"""So long after a ring was made deaf what another processor was writing to it then is written."""
_KEPT_NS: Final = 10_000_000_000
"""So long an old ring stays, once its reader has gone on."""


class Succession:
    """The rings of one reader, one after the other. row: see LiveSource. To be made before forking.

    ring: the newest. older: the one before it, as long as it is needed. generation: how many there were before it.
    since_ns: from when on frames lie in both, UTC ns.
    """

    def __init__(self, ring: LiveRing, row: memoryview) -> None:
        self.ring, self.row = ring, row
        self.older: LiveRing | None = None
        self.generation = self.since_ns = 0
        self._place = Place(row)
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self._ours, self._theirs):
            end.setblocking(False)

    def replace(self, ring: LiveRing, since_ns: int) -> None:
        """Another one, which hears already since then, takes its place."""
        self.older, self.ring = self.ring, ring
        self.generation, self.since_ns = self.generation + 1, since_ns
        self.older.deafen()
        said = _TOLD.pack(self.generation, since_ns, ring.size.block_octets, ring.size.blocks)
        with suppress(OSError):  # a reader that is begun later has it anyway
            socket.send_fds(self._ours, [said], [ring.socket.fileno()])

    def settle(self, now_ns: int) -> bool:
        """Let the older one go where nobody needs it any more; whether there is none. now_ns: UTC."""
        if self.older is not None and self._place.generation == self.generation:
            if 0 <= now_ns - self.since_ns < _KEPT_NS:
                return False
            self.older.close()
            self.older = None
        return self.older is None

    def told(self, generation: int) -> tuple[LiveRing, int, int] | None:
        """For a reader: a ring newer than that, its generation and since when it hears; None where there is none."""
        newest = None
        with suppress(BlockingIOError):
            while True:
                said, handles, *_ = socket.recv_fds(self._theirs, _TOLD.size, 1)
                number, since_ns, block_octets, blocks = _TOLD.unpack(said)
                if not handles:
                    continue  # this process may open no more files: its successor is born with it
                found = socket.socket(fileno=handles[0])
                if number > generation:
                    size = RingSize(block_octets=block_octets, blocks=blocks)
                    options, name = self.ring.options, self.ring.interface
                    newest = LiveRing(name, size, options, found), number, since_ns
                else:
                    found.close()
        return newest

    @property
    def news(self) -> socket.socket:
        """What becomes readable for a reader when there is another ring."""
        return self._theirs

    def let_go(self) -> None:
        """For a process that is not its reader: close what it was born with."""
        for one in (self.ring, self.older, self._ours, self._theirs):
            if one is not None:
                one.close()


class Heir:
    """The ring that is to follow the one that is being read, as its reader knows it; `ring` is None where none is."""

    def __init__(self, rings: Succession | None) -> None:
        self._rings = rings
        self.ring: LiveRing | None = None
        self.generation = self.since_ns = 0
        self._noticed_s = 0.0

    def born(self, generation: int, now_s: float) -> tuple[LiveRing | None, Doubles | None]:
        """The older ring, where readers before have not read it to its end; else what of it lies in the newest, too.

        generation: of the ring that was read last. now_s: seconds that only rise.
        """
        rings, older = self._rings, None if self._rings is None else self._rings.older
        if rings is None or older is None:
            return None, None
        if generation == rings.generation:
            doubles = Doubles(older, rings.since_ns)
            older.close()
            return None, doubles
        self.ring, self.generation, self.since_ns = rings.ring, rings.generation, rings.since_ns
        self._noticed_s = now_s
        return older, None

    def look(self, generation: int, now_s: float) -> bool:
        """See whether there is one; whether that is news."""
        told = None if self._rings is None or self.ring is not None else self._rings.told(generation)
        if told is not None:
            self.ring, self.generation, self.since_ns = told
            self._noticed_s = now_s
        return told is not None

    def due(self, now_s: float) -> bool:
        """Whether there is one, and nothing comes into the old one any more."""
        return self.ring is not None and now_s - self._noticed_s >= _DEAF_S

    @property
    def handles(self) -> tuple[socket.socket, ...]:
        """What becomes readable where there is news to look at."""
        return () if self._rings is None or self.ring is not None else (self._rings.news,)

    def taken(self) -> LiveRing:
        """It is its reader's from now on."""
        ring, self.ring = self.ring, None
        assert ring is not None
        return ring

    def close(self) -> None:
        """Nobody will read it here."""
        if self.ring is not None:
            self.ring.close()


class Doubles:
    """Frames of an old ring that lie in the one behind it, too."""

    def __init__(self, ring: LiveRing, since_ns: int) -> None:
        self._frames = set(_frames(ring, since_ns - _MARGIN_NS))
        self._last = max((time_ns for time_ns, _ in self._frames), default=0)

    def left_out(self, columns: Columns, n: int) -> tuple[int, bool]:
        """Leave them out of the first `n` rows of a batch; how many rows are left, and whether no more will come."""
        time_ns = columns.time[:n]
        if n and int(time_ns.min()) > self._last + _MARGIN_NS:
            return n, True
        kept = time_ns > self._last
        for at in np.flatnonzero(~kept).tolist():
            kept[at] = (int(time_ns[at]), int(columns.wirelen[at])) not in self._frames
        left = int(kept.sum())
        for column in (columns.offset, columns.caplen, columns.wirelen, columns.time):
            column[:left] = column[:n][kept]
        return left, False


def is_being_filled(ring: LiveRing, sequence: int) -> bool:
    """Whether the kernel has written to the block of that number, and not handed it over yet."""
    place = (sequence - 1) % ring.size.blocks * ring.size.block_octets
    header: tuple[int, ...] = _BLOCK.unpack_from(ring.memory, place)
    return header[6] == sequence and header[3] > 0


def _frames(ring: LiveRing, since_ns: int) -> Iterable[tuple[int, int]]:
    """Time (UTC ns) and length of every frame in the blocks of a deaf ring that were filled since then."""
    size, row = ring.size, np.zeros(3, np.int64)
    for place in range(size.blocks):
        header: tuple[Any, ...] = _BLOCK.unpack_from(ring.memory, place * size.block_octets)
        packets, length, sequence, last_s, last_ns = (header[at] for at in (3, 5, 6, 9, 10))
        if not sequence or last_s * 1_000_000_000 + last_ns < since_ns:
            continue
        columns = Columns(min(packets, size.block_octets // 48))
        octets = np.empty(min(length, size.block_octets) + 4 * columns.room + SPILL_OCTETS, np.uint8)
        n = copy_blocks(
            ring.memory, size.block_octets, place + 1, 1, octets.data, *columns.views(0), row.data
        )
        yield from zip(columns.time[:n].tolist(), columns.wirelen[:n].tolist(), strict=True)
