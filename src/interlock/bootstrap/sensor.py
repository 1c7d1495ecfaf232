"""The sensor, wired: supervisor, capture workers, judge, herald, compactor (ADR 7)."""

from __future__ import annotations

import functools
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock import __version__
from interlock.bootstrap.sensor_parts import Parts, Sensor
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.errors import InterlockError
from interlock.pipeline.sensor.board import PARTLY_READ, UNKEPT
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.pipeline.sensor.notify import Notifier, watchdog_interval_s
from interlock.pipeline.sensor.sources import Interface, Replay
from interlock.pipeline.sensor.supervisor import Supervisor
from interlock.records.frames import Source
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.bootstrap.listening import Ear
    from interlock.bootstrap.resizing import Resizing
    from interlock.pipeline.sensor.sources import FrameSource
    from interlock.pipeline.sensor.supervisor import Job

__all__ = ["Running", "Sensor", "build_live", "build_replay"]

REPLAYED_FRAMES: Final = 32_768
"""In a batch: of twice as many all that is made of them, in the worker and in the judge, takes 30 MiB more and no less
time."""


class Running:
    """A sensor whose processes can begin. most_deaths: of one process before all is given up, None for never."""

    def __init__(
        self, parts: Parts, workers: Sequence[Job], *, most_deaths: int | None, rings: Resizing | None = None
    ) -> None:
        """rings: of interfaces, whose size may change."""
        self._rings, self._hangups = rings, 0
        self._parts = parts
        self._post = parts.letters.post
        sources = dict.fromkeys(job.source for job in workers if job.source)
        self._watches = ", ".join(sources) or "captures"
        self._manager = _Manager(self._watches)
        self._supervisor = Supervisor(
            [*workers, parts.judge(), parts.herald(), parts.compactor()],
            parts.board,
            wall=time.time_ns,
            now_s=time.monotonic,
            post=parts.letters.post,
            most_deaths=most_deaths,
            tick=self._tick,
        )

    def _tick(self) -> None:
        self._manager(self._supervisor)
        if self._rings is not None:
            if self._hangups != self._supervisor.hangups:
                self._hangups = self._supervisor.hangups
                self._rings.asked()
            self._rings.tend()

    @property
    def partly(self) -> bool:
        """Whether a capture was not read to its end."""
        return self.stopped or self._parts.board.worst() == PARTLY_READ

    @property
    def stopped(self) -> bool:
        """Whether somebody ended it while it read captures; an interface has no end that could be missed."""
        return not self._parts.live and self._supervisor.ending

    @property
    def unkept(self) -> bool:
        """Whether what came could not all be kept; who found it has said so."""
        return self._parts.board.worst() == UNKEPT

    def run(self) -> str:
        """Until it ends or is stopped; why it was given up, empty where it was not."""
        self._say_gap()
        says = f"interlock {__version__} began with {self._watches} (process {os.getpid()})"
        self._post(Entry(time=time.time_ns(), event="started", says=says))
        try:
            self._supervisor.run()
        finally:
            self._parts.close()
        if self._supervisor.failed or not self._supervisor.unended:
            return self._supervisor.failed
        return f"{' and '.join(self._supervisor.unended)} died before the end: what was not written by then is not kept"

    def _say_gap(self) -> None:
        """The run before was killed with all that it was: nobody has said yet how long nothing was read."""
        figures = None
        with suppress(InterlockError):
            figures = read_figures_file(self._parts.sensor.folder)
        if not self._parts.live or figures is None or figures.state == "stopped":
            return
        now = time.time_ns()
        gap = (now - figures.time) / 1e9
        says = f"the sensor was ended without a word; its last sign of life is {gap:.1f} s old"
        self._post(Entry(time=figures.time, until=max(now, figures.time), event="blind", says=says))


class _Manager:
    """Tells the service manager that the sensor is ready, at its interval that it is alive, then that it ends."""

    def __init__(self, watches: str) -> None:
        self._notifier = Notifier.of(os.environ)
        self._interval_s = watchdog_interval_s(os.environ, os.getpid()) or 10.0
        self._watches = watches
        self._ready = self._ends = False
        self._told_s = 0.0

    def __call__(self, supervisor: Supervisor) -> None:
        if not self._ready and supervisor.going():
            self._ready = True
            self._notifier.ready(f"watching {self._watches}")
        if supervisor.ending and not self._ends:
            self._ends = True
            self._notifier.stopping("keeping what it saw")
        now_s = time.monotonic()
        if self._ready and now_s - self._told_s >= self._interval_s:
            self._told_s = now_s
            self._notifier.alive()


def build_replay(
    sensor: Sensor, paths: Sequence[str], realms: Sequence[str], *, speed: float | None
) -> Running:
    """Captures through the very same processes as an interface. Raises SourceError, ConfigError."""
    specs = specify(tuple(paths), tuple(realms))
    open_sources(specs).close()  # what cannot be read is said before anything begins
    parts = Parts(sensor, 1, live=False)
    parts.open_store()  # so is a store that cannot be written

    def opened(handed: int, begun: int) -> FrameSource:
        run = open_sources(specs, batch_frames=REPLAYED_FRAMES)
        return Replay(run, speed=speed, clock=time.monotonic_ns, sleep=time.sleep, skip=handed, begun=begun)

    return Running(parts, [parts.worker(0, "the capture worker", "", opened)], most_deaths=16)


def build_live(sensor: Sensor, ears: Sequence[Ear]) -> Running:
    """Interfaces that are listened to already. Raises ConfigError, OutputError before anything begins."""
    from interlock.bootstrap.resizing import Resizing  # noqa: PLC0415 (Linux only)
    from interlock.capture.live.interface import LiveSource  # noqa: PLC0415
    from interlock.capture.live.place import pardon  # noqa: PLC0415

    def opener(ear: Ear) -> Callable[[int, int], FrameSource]:
        source, rings = Source(name=ear.interface.name, realm=ear.interface.realm), ear.rings
        return lambda _handed, _begun: Interface(LiveSource(rings.ring, rings.row, rings=rings), source)

    def forked(worker: int | None) -> None:
        for number, ear in enumerate(ears):
            if number != worker:  # who holds a ring keeps the kernel from taking it back
                ear.rings.let_go()

    parts = Parts(sensor, len(ears), live=True)
    parts.forked = forked
    jobs = [
        parts.worker(
            number,
            f"worker {ear.worker} of {ear.interface.name}",
            ear.interface.name,
            opener(ear),
            functools.partial(pardon, ear.rings.row),
        )
        for number, ear in enumerate(ears)
    ]
    rings = Resizing(ears, sensor, parts.letters.post, time.time_ns)
    return Running(parts, jobs, most_deaths=None, rings=rings)
