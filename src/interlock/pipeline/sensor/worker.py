"""A capture worker: frames in, records out; it knows nothing of what they mean."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from interlock.pipeline.sensor.board import ALIVE, BEGUN, HANDED, RESTED, STEP, TOOK_NS
from interlock.pipeline.sensor.ongoing import Showing
from interlock.pipeline.sensor.steps import WorkerNote, figures_text, note_octets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from interlock.decode.engine import Engine
    from interlock.pipeline.sensor.sources import FrameSource
    from interlock.records.figures import BufferName
    from interlock.records.frames import Frames

__all__ = ["Records", "Worker"]

WAIT_S: Final = 0.1
IDLE_NS: Final = 1_000_000_000
"""So long without a frame, and time goes on without one: requests that nobody answers end."""
BEHIND_NS: Final = 2_000_000_000
"""Frames may be as late as that in the ring while the clock on the wall is already further."""
FIGURES_NS: Final = 1_000_000_000
"""Every so often the judge is shown the conversations that go on: their rows come only when they end."""


class Records(Protocol):
    """Where a worker's records go. delivered: steps up to this one get there, also where the worker dies now."""

    delivered: int

    @property
    def buffers(self) -> Mapping[BufferName, tuple[int, int]]:
        """Places where they wait: octets there now, and room."""
        ...

    def send(self, batches: Mapping[str, pa.RecordBatch], *, now: int, note: bytes, step: int) -> None:
        """Hand on what is there. now: capture clock, UTC ns. step: its number, which only rises."""
        ...

    def wait(self, timeout_s: float) -> None:
        """There is nothing to do but to send, for at most that long."""
        ...


class Worker:
    """Runs until its source ends or somebody stops it.

    Frames are done with once the judge gets their records, whoever dies then: where this worker dies before, its
    successor is given them again, in batches that end at least where its own did, so that the judge, who counts
    frames, takes each once (intake).

    cells: its row of the board. clock: the wall, UTC ns.
    """

    def __init__(
        self,
        number: int,
        *,
        source: FrameSource,
        engine: Engine,
        records: Records,
        cells: memoryview,
        clock: Callable[[], int],
    ) -> None:
        self._number = number
        self._source = source
        self._engine = engine
        self._records = records
        self._cells = cells
        self._clock = clock
        self._last = clock()
        self._told = 0
        self._since = source.reached
        self._out: deque[tuple[int, int, int]] = deque()
        """Steps on their way, how many frames were read with each, and of how many it was the rest."""
        self._showing = Showing(engine)

    def run(self, stop: Callable[[], bool]) -> None:
        """The loop; at its end what was still open is handed on, too."""
        while not stop() and not self._source.ended:
            self._cells[ALIVE] += 1
            frames = self._source.batch(WAIT_S)
            if frames is not None:
                self._take(frames)
            else:
                self._idle()
            self._settle()
            while (
                self._out and not self._source.live
            ):  # where it can wait it knows its last batch's end by heart
                self._cells[ALIVE] += 1
                self._records.wait(WAIT_S)
                self._settle()
        for batches in self._engine.finish():
            self._hand(batches)
        self._hand({}, done=True)

    def _settle(self) -> None:
        """Be done with frames whose records get there by now."""
        reached = rested = 0
        while self._out and self._out[0][0] <= self._records.delivered:
            _, reached, rest = self._out.popleft()
            rested = rest or rested
        if rested:
            self._cells[RESTED] = rested
        if reached:
            self._source.done(reached)
            self._cells[HANDED] = reached

    def _take(self, frames: Frames) -> None:
        self._cells[BEGUN] = max(self._cells[BEGUN], self._source.reached)
        now = self._clock()
        arrived = min(now, int(frames.time.min())) if self._source.live else now
        self._last = self._cells[TOOK_NS] = now
        live = self._source.live
        batches = {**self._engine.feed(frames, partly=live), **self._open()}
        octets = int(frames.wirelen.sum(dtype="int64"))
        self._hand(batches, frames=frames.n, octets=octets, arrived=arrived)
        reached, rest = self._source.reached, self._engine.rest() if live else {}
        if rest:
            self._hand(rest, arrived=arrived, rest=reached)
        self._out.append((self._cells[STEP], reached, reached if rest else 0))

    def _idle(self) -> None:
        """Nothing came; on a live wire that is news, too."""
        self._records.wait(0.0)
        now = self._clock()
        if self._source.live and not 0 <= now - self._last <= IDLE_NS:
            self._last = now
            self._hand({**self._engine.idle(now - BEHIND_NS), **self._open()})

    def _open(self) -> dict[str, pa.RecordBatch]:
        """Conversations that go on, now and then; a capture that is only read has an end that tells them."""
        return dict(self._showing.due(self._clock())) if self._source.paced else {}

    def _hand(
        self,
        batches: Mapping[str, pa.RecordBatch],
        *,
        frames: int = 0,
        octets: int = 0,
        arrived: int = 0,
        rest: int = 0,
        done: bool = False,
    ) -> None:
        wall = self._clock()
        due = done or not 0 <= wall - self._told <= FIGURES_NS
        if due:
            self._told = wall
        step = self._cells[STEP] = self._cells[STEP] + 1
        note = WorkerNote(
            worker=self._number,
            pid=os.getpid(),
            frames=frames,
            octets=octets,
            arrived=arrived or wall,
            figures=self._figures() if due else None,
            flows=self._engine.flows.used,
            fill={name: list(used) for name, used in self._engine.fill.items()} if due else None,
            buffers=self._buffers() if due else None,
            wall=wall if due else 0,
            step=step,
            since=self._since,
            upto=self._source.reached,
            rest=rest,
            rested=self._cells[RESTED],
            done=done,
        )
        self._since = self._source.reached
        self._records.send(batches, now=self._engine.dissector.now, note=note_octets(note), step=step)

    def _figures(self) -> list[dict[str, Any]]:
        source = self._source
        return figures_text(source.sources, source.statistics, source.links)

    def _buffers(self) -> list[tuple[BufferName, str | None, int, int]]:
        rings = zip(self._source.sources, self._source.rings, strict=True)
        return [
            *(("ring", source.name, *ring) for source, ring in rings if ring is not None),
            *((name, None, used, room) for name, (used, room) in self._records.buffers.items()),
        ]
