"""The sensor, wired: supervisor, capture workers, judge (ADR 7)."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlock import __version__
from interlock.bootstrap import build_engine, read_site
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.decode.heartbeat import SIZE as HEARTBEAT
from interlock.decode.registry import load_specs
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.errors import ConfigError
from interlock.inventory.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.pipeline.sensor.board import ALIVE, HANDED, Board
from interlock.pipeline.sensor.desk import Desk
from interlock.pipeline.sensor.gauge import Gauge
from interlock.pipeline.sensor.judge import Judge, wanted_tables
from interlock.pipeline.sensor.line import Line
from interlock.pipeline.sensor.logbook import Logbook
from interlock.pipeline.sensor.notify import Notifier, watchdog_interval_s
from interlock.pipeline.sensor.sources import Interface, Replay
from interlock.pipeline.sensor.steps import OPEN_FLOWS
from interlock.pipeline.sensor.supervisor import Job, Supervisor
from interlock.pipeline.sensor.wires import LetterBox, Switchboard
from interlock.pipeline.sensor.worker import Worker
from interlock.records.frames import Source
from interlock.records.tables import TABLES
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Work = Callable[[memoryview, Callable[[], bool], frozenset[tuple[int, int]]], None]
    from pathlib import Path

    import pyarrow as pa

    from interlock.capture.live.socket import LiveRing
    from interlock.pipeline.sensor.sources import FrameSource
    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step
    from interlock.records.config import InterfaceConfig
    from interlock.records.finding import Finding

__all__ = ["Running", "Sensor", "build_live", "build_replay"]

JUDGE_STILL_S: Final = 60.0
WORKER_STILL_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A sensor that can be run. tell(findings) is called in the judge's process for each commit.

    memory: octets that one of its processes may hold before it is begun anew.
    """

    folder: Path
    site_file: str | None
    tell: Callable[[Sequence[Finding]], None]
    gsdml: tuple[str, ...] = ()
    name: str = ""
    memory: int = 512 << 20


class Running:
    """A sensor whose processes can begin."""

    def __init__(self, supervisor: Supervisor, switchboard: Switchboard) -> None:
        self._supervisor = supervisor
        self._switchboard = switchboard

    def run(self) -> str:
        """Until it ends or is stopped; why it was given up, empty where it was not."""
        try:
            self._supervisor.run()
        finally:
            self._switchboard.close()
        return self._supervisor.failed


class _Parts:
    """What all processes of one sensor share, made before they part."""

    def __init__(self, sensor: Sensor, rows: int, *, live: bool) -> None:
        self.sensor = sensor
        self.live = live
        self.site = read_site(sensor.site_file)
        sensor.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.board = Board(rows)
        self.letters = LetterBox()
        self.switchboard = Switchboard(sensor.folder)
        self.registries, self.rules = load_registries(), load_rules()
        specs = load_specs()  # every decoder now, so that a worker that is forked later is there at once
        self.wanted = wanted_tables(Runner(all_detectors()).needs)
        tables = {**TABLES, **{table.name: table for spec in specs for table in spec.details}}
        self.schemas: dict[str, pa.Schema] = {name: tables[name].schema for name in sorted(self.wanted)}
        self.schemas[OPEN_FLOWS] = self.schemas["flows"]

    def judge(self, cells: memoryview, stop: Callable[[], bool], _hung: Any) -> None:
        """The judge's process."""
        store = PlainStore(self.sensor.folder, clock=time.time_ns)
        gauge = Gauge(version=__version__, sensor=self.sensor.name, clock=time.time_ns)
        gauge.watch({"supervisor": os.getppid(), "judge": os.getpid()})

        def committed(arrived: int, done: int, findings: Sequence[Finding]) -> None:
            gauge.committed(arrived, done, findings)
            self.sensor.tell(findings)

        def told(steps: Sequence[Step], notes: Sequence[WorkerNote]) -> None:
            gauge.told(steps, notes, live=self.live)
            logbook.told(steps, notes, live=self.live)

        asked: list[None] = []

        def due() -> None:
            if asked:  # not in the signal's own moment: it may have come in the middle of a commit
                asked.clear()
                self._reload(judge, store)
            gauge.assets = judge.machines
            gauge.write(self.sensor.folder)
            logbook.say()

        logbook = Logbook(store.note, time.time_ns)
        try:
            judge = Judge(
                site=self.site,
                inventory=Inventory(
                    site=self.site.name or "default", registries=self.registries, rules=self.rules
                ),
                runner=Runner(all_detectors()),
                store=store,
                clock=time.time_ns,
                committed=committed,
                live=self.live,
            )
            signal.signal(signal.SIGHUP, lambda *_: asked.append(None))
            desk = Desk(
                judge,
                store,
                board=self.switchboard,
                letters=self.letters,
                schemas=self.schemas,
                cells=cells,
                clock=time.time_ns,
                told=told,
                noted=gauge.noted,
                due=due,
            )
            desk.run(stop)
        finally:
            store.close()

    def saying(self, name: str, work: Work) -> Work:
        """The same work, whose last words go to the diary where it raises."""

        def said(cells: memoryview, stop: Callable[[], bool], hung: frozenset[tuple[int, int]]) -> None:
            try:
                work(cells, stop, hung)
            except Exception as error:
                says = f"{name} failed: {type(error).__name__}: {error}"[:1000]
                self.letters.post(Entry(time=time.time_ns(), event="worker-lost", says=says))
                raise

        return said

    def worker_job(self, number: int, name: str, source: str, opened: Callable[[int], FrameSource]) -> Job:
        """The job of a capture worker."""
        return Job(
            name=name,
            stage=0,
            finite=not self.live,
            still_s=WORKER_STILL_S,
            source=source,
            memory=self.sensor.memory,
            work=self.saying(name, lambda cells, stop, hung: self.worker(number, opened, cells, stop, hung)),
        )

    def running(self, workers: Sequence[Job], *, most_deaths: int | None) -> Running:
        """Workers and judge under one supervisor, the service manager told how they are."""
        judge = Job(
            name="the judge",
            stage=1,
            still_s=JUDGE_STILL_S,
            work=self.saying("the judge", self.judge),
            memory=self.sensor.memory,
        )
        supervisor = Supervisor(
            [*workers, judge],
            self.board,
            wall=time.time_ns,
            now_s=time.monotonic,
            post=self.letters.post,
            most_deaths=most_deaths,
            tick=_Manager(),
        )
        return Running(supervisor, self.switchboard)

    def _reload(self, judge: Judge, store: PlainStore) -> None:
        """The site file anew; where it is wrong, the one before stays in force, and the diary says why."""
        try:
            judge.site = read_site(self.sensor.site_file)
        except ConfigError as error:
            kept = f"{error}; what was in force before stays so"
            store.note(Entry(time=time.time_ns(), event="refused", says=kept))
        else:
            store.note(Entry(time=time.time_ns(), event="reloaded", says="the site file was read anew"))

    def worker(
        self,
        number: int,
        opened: Callable[[int], FrameSource],
        cells: memoryview,
        stop: Callable[[], bool],
        hung: frozenset[tuple[int, int]],
    ) -> None:
        """A capture worker's process. opened(frames handed on before): the source."""
        source = opened(cells[HANDED])

        def alive() -> None:
            cells[ALIVE] += 1

        try:
            engine = build_engine(
                source.sources,
                wanted=self.wanted,
                gsdml=self.sensor.gsdml,
                beat=cells[:HEARTBEAT],
                hung=hung,
            )
            line = Line(self.switchboard.call, self.schemas, alive)
            Worker(number, source=source, engine=engine, records=line, cells=cells, clock=time.time_ns).run(
                stop
            )
            line.close()
        finally:
            source.close()


class _Manager:
    """Tells the service manager that the sensor is ready, then at its interval that it is alive."""

    def __init__(self) -> None:
        self._notifier = Notifier.of(os.environ, monotonic_ns=time.monotonic_ns)
        self._interval_s = watchdog_interval_s(os.environ, os.getpid()) or 10.0
        self._ready = False
        self._told_s = 0.0

    def __call__(self) -> None:
        if not self._ready:
            self._ready = True
            self._notifier.ready("watching")
        now_s = time.monotonic()
        if now_s - self._told_s >= self._interval_s:
            self._told_s = now_s
            self._notifier.alive()


def build_replay(
    sensor: Sensor, paths: Sequence[str], realms: Sequence[str], *, speed: float | None
) -> Running:
    """Captures through the very same processes as an interface. Raises SourceError, ConfigError."""
    specs = specify(tuple(paths), tuple(realms))
    open_sources(specs).close()  # what cannot be read is said before anything begins
    parts = _Parts(sensor, 2, live=False)

    def opened(handed: int) -> FrameSource:
        run = open_sources(specs)
        return Replay(run, speed=speed, clock=time.monotonic_ns, sleep=time.sleep, skip=handed)

    return parts.running([parts.worker_job(0, "the capture worker", "", opened)], most_deaths=16)


def build_live(sensor: Sensor, interfaces: Sequence[InterfaceConfig]) -> Running:
    """Interfaces, each with so many workers. Raises SourceError, ConfigError, OutputError before anything begins."""
    from interlock.capture.live.interface import LiveSource  # noqa: PLC0415 (Linux only)
    from interlock.capture.live.place import shared_row  # noqa: PLC0415
    from interlock.capture.live.socket import open_fanout, open_ring  # noqa: PLC0415

    def opener(ring: LiveRing, row: memoryview, source: Source) -> Callable[[int], FrameSource]:
        return lambda _handed: Interface(LiveSource(ring, row), source)

    parts = _Parts(sensor, sum(i.workers for i in interfaces) + 1, live=True)
    jobs: list[Job] = []
    for place, each in enumerate(interfaces):
        group = (os.getpid() + place) & 0xFFFF
        rings = [open_ring(each.name)] if each.workers == 1 else open_fanout(each.name, each.workers, group)
        source = Source(name=each.name, realm=each.realm)
        for k, ring in enumerate(rings):
            opened = opener(ring, shared_row(), source)
            jobs.append(parts.worker_job(len(jobs), f"worker {k} of {each.name}", each.name, opened))
    return parts.running(jobs, most_deaths=None)
