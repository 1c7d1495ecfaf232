"""The judge's process, wired."""

from __future__ import annotations

import gc
import os
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from interlock import __version__
from interlock.bootstrap import read_site
from interlock.bootstrap.allocating import give_back
from interlock.bootstrap.compacting import retention
from interlock.bootstrap.incident_book import IncidentBook
from interlock.bootstrap.reloading import Asked, anew, in_force, site_file
from interlock.bootstrap.renewing import Judged
from interlock.bootstrap.scribing import WritingDesk
from interlock.bootstrap.signature_costs import costs_of
from interlock.errors import ConfigError
from interlock.inventory.inventory import Inventory, Limits
from interlock.pipeline.sensor.aside import Aside, Here
from interlock.pipeline.sensor.board import PID, SHORT, UNKEPT
from interlock.pipeline.sensor.child import say
from interlock.pipeline.sensor.desk import Desk
from interlock.pipeline.sensor.gauge import Gauge
from interlock.pipeline.sensor.judge import Judge
from interlock.pipeline.sensor.logbook import Logbook, still_gone
from interlock.pipeline.sensor.memory import Memory
from interlock.store.plain.limits import Limits as StoreLimits
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.pipeline.sensor.aside import Work
    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step
    from interlock.records.config import Config
    from interlock.records.figures import BufferName
    from interlock.records.finding import Finding
    from interlock.records.site import Site

__all__ = ["judging"]

COSTS_S: Final = 10.0
GIVE_BACK_S: Final = 20.0
"""A glance at all machines leaves much behind."""


def judging(parts: Parts, cells: memoryview, stop: Callable[[], bool]) -> None:
    """The judge's whole life: it owns the store until it ends."""
    # Often and briefly: what the collector looks through at once, a finding waits for.
    gc.set_threshold(20_000, 100, 100)
    sys.setswitchinterval(0.001)  # the thread that forces commits to disk has little to do, and that at once
    # `numpy.unique` asks for it when it is called first: 20 ms that the first finding would wait for.
    import_module("numpy.ma")
    config = in_force(parts.sensor)
    papers = WritingDesk(parts.sensor.folder, parts.bell)
    store = PlainStore(
        parts.sensor.folder,
        clock=time.time_ns,
        retention=retention(config),
        limits=_limits(config),
        compacts=False,
        puts=parts.ledger,
    )
    parts.turns.begin()  # its rules may be newer than those by which the workers screen
    try:
        store.await_forced()  # what a judge that died had committed
        parts.forced[0] = store.forced
        bench = _Bench(parts, store, config, papers)
        bench.desk(cells).run(stop)
        bench.done()
    finally:
        store.close()
        if store.unkept:
            cells[SHORT] = UNKEPT
            say(store.unkept)


class _Bench:
    """What stands around the judge: gauge, logbook, and what is read anew when somebody asks."""

    def __init__(self, parts: Parts, store: PlainStore, config: Config, papers: WritingDesk) -> None:
        self._parts, self._store, self._config, self._papers = parts, store, config, papers
        self._asked = Asked()  # from now on: what is asked for before the file is read is read with it
        self._gauge = Gauge(version=__version__, sensor=parts.sensor.name, clock=time.time_ns)
        self._gauge.watch({"supervisor": os.getppid(), "judge": os.getpid()})
        self._logbook = Logbook(store.note, time.time_ns, still_gone(store.diary()))
        budget = self._gauge.filling.budget = config.sensor.memory
        limits = Limits(endpoints=budget.endpoints, relations=budget.relations, facts=budget.facts)
        inventory = Inventory(
            site=parts.site.name or "default", registries=parts.registries, rules=parts.rules, limits=limits
        )

        def beside(work: Callable[[], Iterable[Any]]) -> Work:
            give_back()  # what is free now would be held twice as soon as it is used again
            if (
                not parts.live
            ):  # nobody waits for a finding, and a copy beside one that reads at full speed is large
                return Here(work)
            return Aside(work, time.monotonic)

        self._judged = Judged(parts.sensor, self._refuse, beside, parts.turns)
        runner = self._judged.runner(config)
        self._inventory, self._runner = inventory, runner
        self._gave_back = self._counted = time.monotonic()
        self._memory = Memory(store, inventory, runner, time.time_ns, beside)
        self._memory.recall()
        self._judged.teach(self._memory, config)
        self._book = IncidentBook(store, papers.incidents, time.time_ns())
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
        self._book.catch_up(self._judge.context)

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
        self._write_incidents(last=True)
        self._write_costs(last=True)
        self._store.note(
            Entry(time=time.time_ns(), event="stopped", says="the sensor came to its end; all is kept")
        )
        self._papers.figures(self._gauge.octets(self._parts.sensor.folder, "stopped"))
        self._papers.end()

    def _committed(self, arrived: int, done: int, findings: Sequence[Finding]) -> None:
        self._gauge.committed(arrived, done, findings)
        self._book.feed(findings, self._judge.context)
        self._tell()

    def _tell(self) -> None:
        """Whoever tells people may tell them of all that is on disk."""
        self._parts.forced[0] = self._store.forced
        os.eventfd_write(self._parts.bell, 1)

    def _told(self, steps: Sequence[Step], notes: Sequence[WorkerNote]) -> None:
        self._gauge.told(steps, notes, live=self._parts.live)
        for note in notes:
            if note.fill is not None:
                self._logbook.aged(self._gauge.filling.told(f"worker {note.worker}", note.fill))
        self._logbook.told(steps, notes, live=self._parts.live)

    def _due(self) -> None:
        if self._asked():  # not in the signal's own moment: it may have come in the middle of a commit
            self._reload()
        self._note_reloaded(*self._judged.tend(self._runner))
        if self._store.forced != self._parts.forced[0]:
            self._tell()
        self._runner.age_out(self._config.sensor.memory.causes)
        fill = {**self._inventory.fill, "causes": self._runner.fill}
        self._logbook.aged(self._gauge.filling.told("judge", fill, lasting=True))
        self._gauge.buffers.told(self._held(), time.time_ns())
        self._gauge.watch({"compactor": self._parts.compactor_cells[PID], "scribe": self._papers.pid})
        self._gauge.assets = self._judge.machines
        self._write_incidents()
        self._papers.figures(self._gauge.octets(self._parts.sensor.folder))
        self._write_costs()
        self._papers.tend()
        self._logbook.say()
        self._memory.tend()
        if time.monotonic() - self._gave_back >= GIVE_BACK_S:
            give_back()
            self._gave_back = time.monotonic()

    def _write_costs(self, *, last: bool = False) -> None:
        """What rules cost, and what those on trial would have said, once in a while."""
        if last or time.monotonic() - self._counted >= COSTS_S:
            self._counted = time.monotonic()
            if (octets := costs_of(self._runner, time.time_ns())) is not None:
                self._papers.signatures(octets)

    def _write_incidents(self, *, last: bool = False) -> None:
        now = time.time_ns()
        if last:
            self._book.write(self._judge.context, now, last=True)
        elif self._book.is_due(now):
            self._judge.errand(self._book.writing(self._judge.context, now))
        self._gauge.incidents = self._book.figures

    def _held(self) -> Iterator[tuple[BufferName, None, int, int]]:
        rows, findings = self._store.held
        yield "held_rows", None, *rows
        yield "held_findings", None, *findings

    def _site_now(self) -> Site:
        """The site file as it is by now, where it is right: an earlier judge may have been told to read it anew."""
        try:
            return read_site(site_file(self._parts.sensor, self._config))
        except ConfigError as error:
            kept = f"{error}; what was in force when the sensor began is so again"
            self._store.note(Entry(time=time.time_ns(), event="refused", says=kept))
        return self._parts.site

    def _reload(self) -> None:
        """All that people may change; where it is wrong, what was before stays in force, and the diary says why."""
        says = [*self._configured(), *self._sited()]
        says += self._judged.anew(self._runner, self._memory, self._config)
        self._note_reloaded(*says)

    def _note_reloaded(self, *says: str) -> None:
        if says:
            self._store.note(Entry(time=time.time_ns(), event="reloaded", says="; ".join(says)))

    def _configured(self) -> Iterator[str]:
        if self._parts.sensor.config_file is None:
            return
        try:
            again = anew(self._parts.sensor, self._config)
        except ConfigError as error:
            self._refuse(f"{error}; what was in force before stays so")
            return
        self._config = again.config
        self._gauge.filling.budget = again.config.sensor.memory
        self._store.retain(retention(again.config))
        yield "the configuration was read anew"
        if again.restart:
            yield f"needs a restart: {', '.join(again.restart)}"

    def _sited(self) -> Iterator[str]:
        path = site_file(self._parts.sensor, self._config)
        try:
            self._judge.site = read_site(path)
        except ConfigError as error:
            self._refuse(f"{error}; what was in force before stays so")
            return
        if path is not None:
            yield "the site file was read anew"

    def _refuse(self, says: str) -> None:
        self._store.note(Entry(time=time.time_ns(), event="refused", says=says))


def _limits(config: Config) -> StoreLimits:
    """What waits in memory while the disk takes nothing."""
    budget = config.sensor.memory
    return StoreLimits(held_octets=budget.held_mib << 20, held_findings=budget.held_findings)
