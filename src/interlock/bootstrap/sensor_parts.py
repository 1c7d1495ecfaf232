"""What all processes of one sensor share, made before they part, and their jobs."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.bootstrap import read_site
from interlock.bootstrap.allocating import allocate_by_the_system, let_go_of_files
from interlock.bootstrap.asking import asked_by
from interlock.bootstrap.capturing import capturing
from interlock.bootstrap.compacting import compacting
from interlock.bootstrap.detecting import Judgement
from interlock.bootstrap.judging import judging
from interlock.bootstrap.reloading import judged_by, site_file
from interlock.bootstrap.rescreening import Turns
from interlock.bootstrap.telling import telling
from interlock.decode.registry import load_specs
from interlock.errors import OutputError
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.pipeline.sensor.board import Board
from interlock.pipeline.sensor.kept import wanted_tables
from interlock.pipeline.sensor.ledger import Ledger
from interlock.pipeline.sensor.steps import OPEN_FLOWS, WORDLESS_FLOWS
from interlock.pipeline.sensor.supervisor import LONGEST_PAUSE_S, Job
from interlock.pipeline.sensor.wires import LetterBox, Switchboard
from interlock.records.budget import PROCESS_MIB
from interlock.records.config import Config
from interlock.records.tables import ARTIFACT_CONTENTS, TABLES
from interlock.store.plain.database import Database, set_aside
from interlock.store.plain.lock import Lock
from interlock.store.plain.store import DATABASE
from interlock.store.plain.trials import Trials
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from interlock.pipeline.sensor.sources import FrameSource

    Work = Callable[[memoryview, Callable[[], bool], frozenset[tuple[int, int]]], None]

__all__ = ["Parts", "Sensor"]

JUDGE_STILL_S: Final = 60.0
WORKER_STILL_S: Final = 10.0
COMPACTOR_STILL_S: Final = 300.0
"""It may wait long for a slow disk, and nobody waits for it."""
JUDGE_PAUSE_S: Final = 2.0
"""Findings wait for it, whatever it dies of; what it died over it passes over after three deaths."""
WORKER_PAUSE_S: Final = 0.5
"""A ring holds some two seconds of a busy wire, and what a block is suspect of shows after three deaths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A sensor that can be run. name: what receivers know it by.

    site_file: what the command line names; else it is the configuration's. config_file: where the configuration was
    read, and is read anew on SIGHUP; None where there is none. memory: octets that one of its processes may hold before
    it is begun anew. overridden: keys of `[sensor]` that say nothing, since the command line says something else.
    """

    folder: Path
    site_file: str | None = None
    config: Config = field(default_factory=Config)
    config_file: Path | None = None
    gsdml: tuple[str, ...] = ()
    name: str = "interlock"
    memory: int = PROCESS_MIB << 20
    overridden: frozenset[str] = frozenset()
    judgement: Judgement = field(default_factory=Judgement)


class Parts:
    """workers: how many capture workers there will be. Raises ConfigError, OutputError before anything begins."""

    def __init__(self, sensor: Sensor, workers: int, *, live: bool) -> None:
        allocate_by_the_system()
        self.sensor = sensor
        self.live = live
        self.site = read_site(site_file(sensor, sensor.config))
        self.lock = _locked(sensor.folder)
        self.board = Board(workers + 3)
        self.compactor_cells = self.board.row(workers + 2)
        self.ledger, self.trials = Ledger(workers), Trials()
        self.letters = LetterBox()
        self.switchboard = Switchboard(sensor.folder)
        self.bell = os.eventfd(0, os.EFD_NONBLOCK)
        self.forked: Callable[[int | None], None] = lambda _worker: None
        """Called first in each process, with its number where it is a worker: to close what is not its own."""
        self.registries, self.rules = load_registries(), load_rules()
        specs = load_specs()  # every decoder now, so that a worker that is forked later is there at once
        asked = asked_by(judged_by(sensor, sensor.config))
        self.read, self.buffers, self.screening = asked.needs, asked.buffers, asked.screening
        self.forced = Board(1).row(0)
        """One number: of the last finding that is on disk. People may be told of what comes before."""
        self.turns = Turns(self.board, workers, screened=self.screening is not None)
        self.wanted = wanted_tables(self.read)
        tables = {**TABLES, **{table.name: table for spec in specs for table in spec.details}}
        self.schemas: dict[str, pa.Schema] = {name: tables[name].schema for name in sorted(self.wanted)}
        self.schemas[ARTIFACT_CONTENTS.name] = ARTIFACT_CONTENTS.schema
        self.schemas[OPEN_FLOWS] = self.schemas[WORDLESS_FLOWS] = self.schemas["flows"]
        let_go_of_files()  # all is loaded: the supervisor uses little of it

    def open_store(self) -> None:
        """See whether the store can be written at all. Raises OutputError: nobody has begun then.

        Where it was broken it is set aside here, and the judge, who opens it next, finds nothing wrong: he is told.
        """
        with ExitStack() as undone:
            undone.callback(self.close)
            database = Database(self.sensor.folder / DATABASE, time.time_ns)
            database.close()
            for name in database.aside:
                self.letters.post(Entry(time=time.time_ns(), event="state-lost", says=set_aside(name)))
            undone.pop_all()

    def close(self) -> None:
        """Nobody runs any more; another sensor may have the store."""
        self.switchboard.close()
        self.letters.close()
        self.lock.release()

    def worker(
        self,
        number: int,
        name: str,
        source: str,
        opened: Callable[[int, int], FrameSource],
        pardon: Callable[[], None] = lambda: None,
    ) -> Job:
        """The job of a capture worker. opened: see `capturing`."""
        return Job(
            pardon=pardon,
            name=name,
            stage=0,
            finite=not self.live,
            still_s=WORKER_STILL_S,
            pause_s=WORKER_PAUSE_S if self.live else LONGEST_PAUSE_S,
            source=source,
            memory=self.sensor.memory,
            work=self._saying(
                name, lambda cells, stop, hung: capturing(self, number, opened, cells, stop, hung), number
            ),
        )

    def judge(self) -> Job:
        """The job of the judge."""
        return Job(
            name="the judge",
            pardon=self.ledger.pardon,
            stage=1,
            still_s=JUDGE_STILL_S,
            pause_s=JUDGE_PAUSE_S,
            memory=self.sensor.memory,
            work=self._saying("the judge", lambda cells, stop, _hung: judging(self, cells, stop)),
        )

    def herald(self) -> Job:
        """The job of the herald: what is committed goes to people's systems."""
        return Job(
            name="the herald",
            stage=2,
            still_s=JUDGE_STILL_S,
            memory=self.sensor.memory,
            work=self._saying("the herald", lambda cells, stop, _hung: telling(self, cells, stop)),
        )

    def compactor(self) -> Job:
        """The job of the compactor: what the judge has written is folded, sealed, and one day removed."""
        return Job(
            name="the compactor",
            pardon=self.trials.pardon,
            stage=2,
            still_s=COMPACTOR_STILL_S,
            memory=self.sensor.memory,
            resumes=True,
            work=self._saying("the compactor", lambda cells, stop, _hung: compacting(self, cells, stop)),
        )

    def _saying(self, name: str, work: Work, worker: int | None = None) -> Work:
        """The same work, whose last words go to the diary where it raises."""

        def said(cells: memoryview, stop: Callable[[], bool], hung: frozenset[tuple[int, int]]) -> None:
            try:
                self.forked(worker)
                work(cells, stop, hung)
            except Exception as error:
                says = f"{name} failed: {type(error).__name__}: {error}"[:1000]
                self.letters.post(Entry(time=time.time_ns(), event="worker-lost", says=says))
                raise

        return said


def _locked(folder: Path) -> Lock:
    """The folder, this sensor's alone from now on: also the address of its judge lies there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Lock(folder / "sensor.lock", time.time_ns())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{folder}: cannot be written ({reason}); name another folder") from error
