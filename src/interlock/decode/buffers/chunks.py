"""Streams in chunks, as Suricata inspects them: what has come of one since the last chunk, from a piece's beginning on.

    piece | piece | piece ... 2,560 octets or more | next piece: a chunk of all before it
    piece | end of the conversation: a chunk of what is left

Only what was acknowledged is inspected there, so that a chunk ends where a segment ends; the size varies by a tenth
from one start of Suricata to the next, here it does not. Of protocols whose messages it tells its streams of, a chunk
ends with the piece that ends a message (HTTP, mails), or where the other end speaks. A hole in a stream ends one, too.
Source: Suricata user guide, "Stream engine", `toserver-chunk-size`, `toclient-chunk-size`; what it inspects when: its
src/stream-tcp-reassemble.c, version 7.0.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final, NamedTuple

import numpy as np

from interlock.decode.buffers.raw import Raw
from interlock.decode.buffers.sink import Moment
from interlock.decode.columns import gathered
from interlock.records.buffers import KINDS, STREAM

__all__ = ["CHUNK", "MOST_HELD", "TURNING", "Chunks", "Pieces"]

CHUNK: Final = 2_560
"""Octets from which on a chunk is complete."""
MOST_HELD: Final = 16 << 20
"""Octets of all conversations that wait for more; beyond, those that wait longest are chunks as they are."""
TURNING: Final = frozenset({"dcerpc", "dns", "tls"})
"""Protocols whose readers have Suricata inspect a stream as soon as a message is complete, and do not say so here."""


class Pieces(NamedTuple):
    """Columns of the pieces of streams of a batch, in their order: as of Raw.

    gaps: holes of its conversation so far; torn: something else is missing before it; late: it fills a hole that was
    given up. turns: its conversation speaks what has chunks end where the other end speaks. ends: sides of which a
    message ends with this piece (bits).
    """

    slot: Any
    side: Any
    source: Any
    time: Any
    frame: Any
    offset: Any
    begin: Any
    length: Any
    gaps: Any
    torn: Any
    late: Any
    turns: Any
    ends: Any
    array: Any


class _Waiting:
    """What has come of one side since the last chunk. begun: octets of its stream before it.

    gaps: as of its last piece; -1 where what comes next follows no more.
    """

    __slots__ = ("begun", "gaps", "moment", "parts", "size")

    def __init__(self, begun: int) -> None:
        self.begun = begun
        self.gaps = -1
        self.parts: list[bytes] = []
        self.size = 0
        self.moment = Moment(0, 0, 0, 0)


class Chunks:
    """Bounded: MOST_HELD octets wait, and a chunk has no more than CHUNK and one piece."""

    def __init__(self) -> None:
        self._waiting: dict[int, _Waiting] = {}
        self._held = 0
        self._ready: list[tuple[Moment, int, int, bytes]] = []

    def add(self, pieces: Pieces) -> None:
        """The next pieces of streams."""
        if not len(pieces.slot):
            return
        keys = 2 * pieces.slot.astype(np.int64) + pieces.side
        order = np.argsort(keys, kind="stable")
        # Of what ends chunks of its own accord, pieces are taken one by one, as they came.
        singly = pieces.turns | np.isin(pieces.slot, pieces.slot[pieces.ends > 0])
        told, turning = _Told(pieces, keys, order), singly[order]
        starts = np.flatnonzero(told.first).tolist()
        for first, last in zip(starts, [*starts[1:], len(order)], strict=True):
            if not turning[first]:
                self._run(int(keys[order[first]]), told, int(first), int(last))
        for k in np.flatnonzero(turning)[np.argsort(order[turning])].tolist():
            at = int(order[k])
            key = int(keys[at])
            if pieces.turns[at]:
                self._ready_now(key ^ 1, told.moment(k))
            self._run(key, told, k, k + 1)
            for side in (0, 1):
                if pieces.ends[at] >> side & 1:
                    self._ready_now(key & ~1 | side, told.moment(k))
        while self._held > MOST_HELD:
            key = next(iter(self._waiting))
            self._ready_now(key, self._waiting[key].moment)

    def end(self, slot: int, moment: Moment) -> None:
        """A conversation is over: what waits of it are its last chunks."""
        for key in (2 * slot, 2 * slot + 1):
            self._ready_now(key, moment)

    def take(self, *, headed: bool) -> Raw | None:
        """The chunks that are complete, each as the piece of a stream; None: none is. headed: as of Raw.network."""
        ready, self._ready = self._ready, []
        if not ready:
            return None
        lengths = np.array([len(octets) for *_, octets in ready], np.int32)
        of = [np.array(column) for column in zip(*(moment for moment, *_ in ready), strict=True)]
        return Raw(
            kind=np.full(len(ready), KINDS.index(STREAM), np.int64),
            slot=of[0].astype(np.int32),
            side=np.array([side for _, side, *_ in ready], np.uint8),
            source=of[1].astype(np.int32),
            time=of[2].astype(np.int64),
            frame=of[3].astype(np.int64),
            offset=np.array([begun for _, _, begun, _ in ready], np.int64),
            begin=np.cumsum(lengths, dtype=np.int64) - lengths,
            length=lengths,
            array=np.frombuffer(b"".join(octets for *_, octets in ready), np.uint8),
            network=np.full(len(ready), -1, np.int64) if headed else None,
        )

    def _run(self, key: int, told: _Told, first: int, last: int) -> None:
        """Pieces of one side, first to last without that one."""
        waiting = self._waiting.get(key)
        if waiting is not None and (told.lost[first] or waiting.gaps != told.gaps[first]):
            self._ready_now(key, told.moment(first))
        holes = (first + 1 + np.flatnonzero(told.lost[first + 1 : last])).tolist()
        for begin, end in zip([first, *holes], [*holes, last], strict=True):
            if begin > first:
                self._ready_now(key, told.moment(begin))
            self._follow(key, told, begin, end)

    def _follow(self, key: int, told: _Told, first: int, last: int) -> None:
        """The same, with no hole between them."""
        while first < last:
            waiting = self._waiting.get(key)
            if waiting is not None and waiting.size >= CHUNK:
                self._ready_now(key, told.moment(first))
                waiting = None
            if waiting is None:
                waiting = self._waiting[key] = _Waiting(int(told.offset[first]))
            # Up to the piece with which it is long enough.
            wanted = int(told.bounds[first]) + CHUNK - waiting.size
            until = bisect_left(told.places, wanted, first + 1, last)
            part = told.octets[told.bounds[first] : told.bounds[until]].tobytes()
            waiting.parts.append(part)
            waiting.size += len(part)
            waiting.moment = told.moment(until - 1)
            waiting.gaps = -1 if told.late[until - 1] else int(told.gaps[until - 1])
            self._held += len(part)
            first = until

    def _ready_now(self, key: int, moment: Moment) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            self._held -= waiting.size
            # The slot is the key's: where it waited too long, the moment may be another's.
            at = Moment(key >> 1, *moment[1:])
            self._ready.append((at, key & 1, waiting.begun, b"".join(waiting.parts)))


class _Told:
    """Pieces in the order of their keys, with their octets one behind the other; bounds: where each begins.

    places: the same, for whoever reads one of them. first: whether it is the first one of its key; lost: others come
    between it and the one before it.
    """

    def __init__(self, pieces: Pieces, keys: Any, order: Any) -> None:
        self.octets, self.bounds = gathered(pieces.array, pieces.begin[order], pieces.length[order])
        self.offset, self.gaps, self.late = (
            column[order] for column in (pieces.offset, pieces.gaps, pieces.late)
        )
        self.first = np.ones(len(order), np.bool_)
        self.first[1:] = np.diff(keys[order]) != 0
        self.lost = pieces.torn[order] | self.late
        self.lost[1:] |= ~self.first[1:] & ((np.diff(self.gaps) != 0) | self.late[:-1])
        self.places = memoryview(self.bounds)
        columns = (getattr(pieces, name)[order] for name in ("slot", "source", "time", "frame"))
        self._moments = np.stack([column.astype(np.int64) for column in columns], axis=1)

    def moment(self, k: int) -> Moment:
        """When a piece came."""
        return Moment(*self._moments[k].tolist())
