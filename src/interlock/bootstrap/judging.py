"""The judge's process, wired."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from interlock import __version__
from interlock.bootstrap import read_site
from interlock.bootstrap.compacting import retention
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.errors import ConfigError
from interlock.inventory.inventory import Inventory
from interlock.pipeline.sensor.aside import Aside
from interlock.pipeline.sensor.board import PID, SHORT, UNKEPT
from interlock.pipeline.sensor.child import say
from interlock.pipeline.sensor.desk import Desk
from interlock.pipeline.sensor.gauge import Gauge
from interlock.pipeline.sensor.judge import Judge
from interlock.pipeline.sensor.logbook import Logbook, still_gone
from interlock.pipeline.sensor.memory import Memory
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.pipeline.sensor.aside import Work
    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step
    from interlock.records.finding import Finding
    from interlock.records.site import Site

__all__ = ["judging"]


def judging(parts: Parts, cells: memoryview, stop: Callable[[], bool]) -> None:
    """The judge's whole life: it owns the store until it ends."""
    store = PlainStore(
        parts.sensor.folder,
        clock=time.time_ns,
        retention=retention(parts),
        compacts=False,
        puts=parts.ledger,
    )
    try:
        bench = _Bench(parts, store)
        bench.desk(cells).run(stop)
        bench.done()
    finally:
        store.close()
        if store.unkept:
            cells[SHORT] = UNKEPT
            say(store.unkept)


class _Bench:
    """What stands around the judge: gauge, logbook, the site file that is read anew when somebody asks."""

    def __init__(self, parts: Parts, store: PlainStore) -> None:
        self._parts, self._store = parts, store
        self._gauge = Gauge(version=__version__, sensor=parts.sensor.name, clock=time.time_ns)
        self._gauge.watch({"supervisor": os.getppid(), "judge": os.getpid()})
        self._logbook = Logbook(store.note, time.time_ns, still_gone(store.diary()))
        inventory = Inventory(
            site=parts.site.name or "default", registries=parts.registries, rules=parts.rules
        )
        runner = Runner(all_detectors())

        def beside(work: Callable[[], Iterable[Any]]) -> Work:
            return Aside(work, time.monotonic)

        self._memory = Memory(store, inventory, runner, time.time_ns, beside)
        self._memory.recall()
        self._judge = Judge(
            site=self._site_now(),
            inventory=inventory,
            runner=runner,
            store=store,
            clock=time.time_ns,
            committed=self._committed,
            live=parts.live,
            now_s=time.monotonic,
            beside=beside,
        )
        self._asked: list[None] = []
        signal.signal(signal.SIGHUP, lambda *_: self._asked.append(None))

    def desk(self, cells: memoryview) -> Desk:
        """The desk at which it all happens."""
        return Desk(
            self._judge,
            self._store,
            board=self._parts.switchboard,
            letters=self._parts.letters,
            ledger=self._parts.ledger,
            schemas=self._parts.schemas,
            cells=cells,
            clock=time.time_ns,
            steady=time.monotonic_ns,
            told=self._told,
            noted=self._gauge.noted,
            due=self._due,
        )

    def done(self) -> None:
        """Nothing more comes."""
        self._memory.save(whole=True)
        self._store.note(
            Entry(time=time.time_ns(), event="stopped", says="the sensor came to its end; all is kept")
        )
        self._gauge.write(self._parts.sensor.folder, "stopped")

    def _committed(self, arrived: int, done: int, findings: Sequence[Finding]) -> None:
        self._gauge.committed(arrived, done, findings)
        os.eventfd_write(self._parts.bell, 1)

    def _told(self, steps: Sequence[Step], notes: Sequence[WorkerNote]) -> None:
        self._gauge.told(steps, notes, live=self._parts.live)
        self._logbook.told(steps, notes, live=self._parts.live)

    def _due(self) -> None:
        if self._asked:  # not in the signal's own moment: it may have come in the middle of a commit
            self._asked.clear()
            self._reload()
        self._gauge.watch({"compactor": self._parts.compactor_cells[PID]})
        self._gauge.assets = self._judge.machines
        self._gauge.write(self._parts.sensor.folder)
        self._logbook.say()
        self._memory.tend()

    def _site_now(self) -> Site:
        """The site file as it is by now, where it is right: an earlier judge may have been told to read it anew."""
        with suppress(ConfigError):
            return read_site(self._parts.sensor.site_file)
        return self._parts.site

    def _reload(self) -> None:
        """The site file anew; where it is wrong, the one before stays in force, and the diary says why."""
        try:
            self._judge.site = read_site(self._parts.sensor.site_file)
        except ConfigError as error:
            kept = f"{error}; what was in force before stays so"
            self._store.note(Entry(time=time.time_ns(), event="refused", says=kept))
        else:
            self._store.note(Entry(time=time.time_ns(), event="reloaded", says="the site file was read anew"))
