"""A live interface as a source of frames, read in a worker from a ring that its supervisor opened.

A batch belongs to the reader until it says `done`, or asks for the next one without keeping it: only then do the
blocks go back to the kernel. A worker that dies leaves its batches to the next one, which is given the same frames
under the same numbers, in batches that end at least where those did; a block over which several workers died is passed
over and counted as lost.

Over 400 lines: one class, since all of it is about one place in one ring.
"""

from __future__ import annotations

import errno
import select
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.capture.columns import Columns
from interlock.capture.live import place as places
from interlock.capture.live.link import STATES, LinkState, look, state_of
from interlock.capture.live.place import MOST_TRIES, Place
from interlock.capture.live.ring import (
    BROKEN,
    DAMAGED,
    FRAMES,
    LOST,
    OCTETS,
    USED,
    copy_blocks,
    give_back,
    ready,
    recover,
)
from interlock.capture.live.succession import Doubles, Heir, is_being_filled
from interlock.capture.statistics import Statistics
from interlock.errors import SourceError
from interlock.records.frames import LINKTYPE_ETHERNET, SPILL_OCTETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.capture.live.link import Link, State
    from interlock.capture.live.socket import LiveRing
    from interlock.capture.live.succession import Succession
    from interlock.records.frames import Frames

__all__ = ["BATCH_FRAMES", "BATCH_OCTETS", "CALM_WAIT_S", "ENOUGH_FRAMES", "WAIT_S", "LiveSource"]

BATCH_OCTETS: Final = 4 << 20
BATCH_FRAMES: Final = 32768
WAIT_S: Final = 0.0065
"""How long a batch that has frames waits for more, from the taking of the one before: decoding many costs less."""
CALM_WAIT_S: Final = 0.02
"""How long it waits where few come: a batch has a price of its own, however few its frames are.

Of the 50 ms in which a finding is on disk (p99), 20 are spent here, and 30 left for decoding, judging and the disk.
"""
ENOUGH_FRAMES: Final = 256
"""A batch of so many frames waits no longer than WAIT_S: its own price is a small part of theirs."""
_HANDED_S: Final = 0.004
"""So long frames may lie in a block until the kernel hands it over: one tick of its clock, at 250 a second."""
_NO_LIMIT: Final = 1 << 62
_LOOK_S: Final = 0.25
"""How often the interface is looked at, and the kernel's counters are added up before they run over."""


class LiveSource:
    """Frames of one interface as source number `source`, numbered on from where the row's last reader stopped.

    ring: opened by `open_ring`, before forking where workers share it. row: place.shared_row() of that ring.
    octets_limit, frames_limit: what a batch does not exceed by more than a block. wait_s, calm_wait_s: see WAIT_S and
    CALM_WAIT_S.
    monotonic_s, wall_ns, sleep: the clock.
    """

    def __init__(
        self,
        ring: LiveRing,
        row: memoryview,
        source: int = 0,
        *,
        octets_limit: int = BATCH_OCTETS,
        frames_limit: int = BATCH_FRAMES,
        wait_s: float = WAIT_S,
        calm_wait_s: float = CALM_WAIT_S,
        monotonic_s: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], None] = time.sleep,
        rings: Succession | None = None,
    ) -> None:
        """rings: where `ring` may give way to another one; it is the newest of those."""
        self.interface = ring.interface
        self._heir = Heir(rings)
        self._doubles: Doubles | None = None
        self._ring = self._given = ring
        self._place = Place(row)
        self._source = source
        self._octets, self._frames, self._wait_s = octets_limit, frames_limit, wait_s
        self._calm_wait_s = max(wait_s, calm_wait_s)
        self._monotonic_s, self._wall_ns, self._sleep = monotonic_s, wall_ns, sleep
        self._measure = np.zeros(3, np.int64)
        self._held: deque[tuple[int, tuple[int, int, int, int]]] = deque()
        """Of batches that are not done with: how many blocks, and the figures behind them."""
        self._next = 0
        self._looked_s = -_LOOK_S
        self._since_s = monotonic_s()  # what is there and was not taken has come since
        self._figures = Statistics()
        self._begin()

    def batch(self, timeout_s: float, *, keep: bool = False) -> Frames | None:
        """Wait for frames; None where none came in time. keep: batches before are not done with.

        Of those a quarter of the ring is kept at most: the kernel needs room for what comes.
        """
        if not keep:
            self.done()
        while self._next - self._place.sequence > self._ring.size.blocks // 4:
            self.done(self._held[0][1][0])
        patience_s = timeout_s if self._heir.ring is None else self._wait_s  # there is more to wait for then
        end_s = self._monotonic_s() + patience_s
        while True:
            self._look()
            count = self._ready()
            if not count and self._is_read_out():
                self._go_on()
                continue
            if count and self._place.tries(self._next) >= MOST_TRIES:
                self._pass_over()
                continue
            if count:
                return self._take(self._gather(count))
            left_s = end_s - self._monotonic_s()
            if left_s <= 0:
                return None
            self._wait(min(left_s, _LOOK_S))
            self._since_s = max(self._since_s, self._monotonic_s() - _HANDED_S)

    def done(self, reached: int | None = None) -> None:
        """Say that batches up to so many frames (see `reached`) are dealt with, or all: their blocks go back."""
        while self._held and (reached is None or self._held[0][1][0] <= reached):
            blocks, figures = self._held.popleft()
            sequence = self._place.sequence
            self._place.finish(blocks, figures)
            give_back(self._ring.memory, self._ring.size.block_octets, sequence, blocks)

    @property
    def reached(self) -> int:
        """Frames handed out so far, or passed over, by all readers of this row."""
        return self._figures.frames

    @property
    def statistics(self) -> Statistics:
        """The figures so far, of all readers of this row; what the kernel dropped is in `dropped`."""
        self._account()
        return self._figures

    @property
    def freezes(self) -> int:
        """How often the ring was full."""
        self._account()
        return int(self._place.row[places.FREEZES])

    @property
    def damaged(self) -> int:
        """Blocks that contradicted themselves, which only a broken kernel or another process makes."""
        return int(self._place.row[places.DAMAGED])

    @property
    def filled(self) -> tuple[int, int]:
        """Blocks that the kernel cannot fill anew, since they are unread or not done with; of how many in all."""
        ring, row = self._ring, np.zeros(3, np.int64)
        unread = ready(ring.memory, ring.size.block_octets, self._next, _NO_LIMIT, _NO_LIMIT, row.data)
        return self._next - self._place.sequence + unread, ring.size.blocks

    @property
    def passed_over(self) -> int:
        """Frames that were never decoded, because workers died over them."""
        return int(self._place.row[places.PASSED])

    @property
    def state(self) -> LinkState:
        """What the interface does, and since when; looked at four times a second, by `batch`."""
        row = self._place.row
        return LinkState(state=STATES[row[places.STATE]], since_ns=row[places.SINCE])

    def fileno(self) -> int:
        """The file to poll: readable where a batch is there; it may change while the interface is away."""
        return self._ring.socket.fileno()

    def close(self) -> None:
        """Give up this process's hold. A batch that is not done with is given to the next reader."""
        if self._ring is not self._given:
            self._ring.close()
        self._given.close()
        self._heir.close()

    def _begin(self) -> None:
        """Take over from a reader before, or begin."""
        row, place = self._place.row, self._place
        older, self._doubles = self._heir.born(place.generation, self._monotonic_s())
        if older is not None:
            self._ring = self._given = older
            if row[places.OWN]:  # what its reader had for itself instead is gone with it
                self._go_on()
        lost = row[places.OWN]
        if lost:
            self._replace()
        start = recover(self._ring.memory, self._ring.size.block_octets, place.sequence)
        if start != place.sequence:
            place.count(places.DAMAGED, start - place.sequence)
            place.move(start)
        self._next = place.sequence
        figures = self._figures
        figures.frames, figures.octets, figures.wire_octets, figures.snapped = place.figures
        if lost:  # what another reader's ring held is gone with it: other frames must not have its numbers
            figures.frames = max(figures.frames, row[places.READ])
        figures.linktypes = {LINKTYPE_ETHERNET: figures.frames} if figures.frames else {}
        if not row[places.SINCE]:
            self._note("up")
        self._look()
        self._account()

    def _ready(self) -> int:
        """How many blocks to take now; one at a time where a reader before died over some of them."""
        ring = self._ring
        while True:
            careful = self._careful
            count: int = ready(
                ring.memory,
                ring.size.block_octets,
                self._next,
                0 if careful else self._octets,
                0 if careful else self._frames,
                self._measure.data,
            )
            seen = int(self._measure[BROKEN])
            if count or not seen:
                return count
            self._mend(seen)

    @property
    def _careful(self) -> bool:
        """Whether the block that is next belongs to a batch that a reader before began and was not done with."""
        return self._next < self._place.begun

    def _mend(self, seen: int) -> None:
        """Go on where a block tells another number than it should, as only somebody else who shares the ring makes it.

        Where the number belongs to that place, it is believed; else the block is given back unread.
        """
        self.done()
        place, ring = self._place, self._ring
        sequence = place.sequence
        place.count(places.DAMAGED, 1)
        if seen > 0 and (seen - sequence) % ring.size.blocks == 0:
            place.move(seen)
        else:
            place.finish(1, place.figures)
            give_back(ring.memory, ring.size.block_octets, sequence, 1)
        self._next = place.sequence

    def _gather(self, count: int) -> int:
        """Wait a little where the batch is small; what came meanwhile is taken, too."""
        while self._measure[OCTETS] < self._octets // 2 and not self._careful:
            wait_s = self._wait_s if self._measure[FRAMES] >= ENOUGH_FRAMES else self._calm_wait_s
            gone_s = self._monotonic_s() - self._since_s
            if gone_s >= wait_s:
                break
            left_s = (self._wait_s if gone_s < self._wait_s else wait_s) - gone_s
            self._sleep(min(left_s, self._wait_s or left_s))
            count = self._ready()
        self._since_s = self._monotonic_s()
        return count

    def _take(self, count: int) -> Frames | None:
        place, ring, row = self._place, self._ring, np.zeros(3, np.int64)
        place.begin(self._next, count)
        columns = Columns(int(self._measure[FRAMES]))
        size = int(self._measure[OCTETS])
        octets = np.empty(size + size // 4 + SPILL_OCTETS, np.uint8)
        block_octets = ring.size.block_octets
        n = copy_blocks(
            ring.memory, block_octets, self._next, count, octets.data[:size], *columns.views(0), row.data
        )
        self._next += count
        place.count(places.DAMAGED, int(row[DAMAGED]))
        place.count(places.DROPPED, int(row[LOST]))
        frames = None
        if self._doubles is not None:
            n, over = self._doubles.left_out(columns, n)
            self._doubles = None if over else self._doubles
        if n:
            columns.linktype[:n] = LINKTYPE_ETHERNET
            frames = columns.frames(n, octets, int(row[USED]), self._source, self._figures.frames + 1)
            self._figures.add(frames)
            place.row[places.READ] = self._figures.frames
        figures = self._figures
        held = (figures.frames, figures.octets, figures.wire_octets, figures.snapped)
        self._held.append((count, held))
        return frames

    def _pass_over(self) -> None:
        """Leave out the block over which so many readers died; its frames keep their numbers."""
        self.done()
        place, ring = self._place, self._ring
        sequence, frames = place.sequence, int(self._measure[FRAMES])
        place.count(places.PASSED, frames)
        place.count(places.DROPPED, frames)
        self._figures.frames += frames
        place.row[places.READ] = self._figures.frames
        place.finish(1, (self._figures.frames, *place.figures[1:]))
        give_back(ring.memory, ring.size.block_octets, sequence, 1)
        self._next = place.sequence

    def _wait(self, timeout_s: float) -> None:
        poller = select.poll()
        poller.register(self._ring.socket, select.POLLIN | select.POLLERR)
        for news in self._heir.handles:
            poller.register(news, select.POLLIN)
        for handle, events in poller.poll(max(1, int(timeout_s * 1000))):
            if events & ~select.POLLIN:
                self._ring.clear_error()
            if events & ~select.POLLIN or handle != self._ring.socket.fileno():
                self._looked_s = -_LOOK_S

    def _look(self) -> None:
        """See what the interface does, four times a second or after an error; take it up again where it came back."""
        now_s = self._monotonic_s()
        if now_s - self._looked_s < _LOOK_S:
            return
        self._looked_s = now_s
        self._account()
        if self._heir.look(self._place.generation, now_s) and self._ring is not self._given:
            self._ring.deafen()  # nobody else knows of it
        link = look(self._ring.socket, self.interface)
        if link is not None and not self._ring.hears:
            link = self._take_up()
        state = state_of(link)
        if state != self.state.state:
            self._note(state)

    def _take_up(self) -> Link | None:
        """Listen to the interface that has the name now; frames that lie in the ring stay there."""
        try:
            self._ring.listen()
        except OSError as error:
            if error.errno == errno.EINVAL and self._ring.options.fanout is not None:
                if not self._ready():  # what lies in the old ring is read first
                    self._replace()
            elif error.errno not in {errno.ENODEV, errno.ENXIO}:
                raise SourceError(
                    f"{self.interface}: cannot be listened to again ({(error.strerror or str(error)).lower()}); "
                    "look at `ip link`"
                ) from error
        return look(self._ring.socket, self.interface) if self._ring.hears else None

    def _replace(self) -> None:
        """Read a ring of this process alone, where it can be had now.

        The shared one belongs to a device that is gone, and the kernel lets no fanout socket go to another one.
        What lies in a ring of a worker's own is lost with that worker.
        """
        try:
            ring = self._given.anew()
        except SourceError:
            return
        self.done()
        if self._ring is not self._given:
            self._ring.close()
        self._ring = ring
        self._place.row[places.OWN] = 1
        self._place.restart()
        self._next = self._place.sequence
        ring.undeafen()

    def _is_read_out(self) -> bool:
        """Whether another ring is to follow, and this one holds nothing any more that is not done with."""
        if self._held or not self._heir.due(self._monotonic_s()):
            return False
        return not is_being_filled(self._ring, self._next) and not self._ready()

    def _go_on(self) -> None:
        """To the ring that follows; what lies in both was told."""
        self._account()
        heir, old = self._heir.taken(), self._ring
        self._doubles = Doubles(old, self._heir.since_ns)
        self._place.restart(self._heir.generation)
        self._place.row[places.OWN] = 0
        for each in {id(ring): ring for ring in (old, self._given)}.values():
            each.close()
        self._ring = self._given = heir
        self._next = self._place.sequence

    def _note(self, state: State) -> None:
        row = self._place.row
        row[places.STATE] = STATES.index(state)
        row[places.SINCE] = self._wall_ns()

    def _account(self) -> None:
        place = self._place
        drops, freezes = self._ring.counters()
        place.count(places.DROPPED, drops)
        place.count(places.FREEZES, freezes)
        self._figures.dropped = int(place.row[places.DROPPED])
