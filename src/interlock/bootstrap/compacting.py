"""The compactor's process, wired: it folds and seals what the judge has written, so that the judge never has to."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interlock.bootstrap.allocating import allocate_sparingly, give_back
from interlock.bootstrap.reloading import Asked, in_force
from interlock.pipeline.sensor.board import ALIVE, PID
from interlock.store.plain.compaction import Compactor
from interlock.store.plain.database import checkpoint
from interlock.store.plain.limits import Bound, Retention
from interlock.store.plain.store import DATABASE
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.records.config import Config
    from interlock.store.port import Event

__all__ = ["compacting", "retention"]

LOOK_S: Final = 1.0
NAP_S: Final = 0.1
NICE: Final = 10
CHECKPOINT_S: Final = 10.0


def compacting(parts: Parts, cells: memoryview, stop: Callable[[], bool]) -> None:
    """The compactor's whole life. It tells the diary by letters: only the judge writes that."""
    _give_way()
    allocate_sparingly()
    cells[PID] = os.getpid()
    said = _Disk(parts)
    compactor = Compactor(
        parts.sensor.folder,
        now=time.time_ns(),
        say=said.say,
        retention=retention(in_force(parts.sensor)),
        spared=parts.ledger.spares,
        trials=parts.trials,
    )

    def reload() -> None:
        compactor.retain(retention(in_force(parts.sensor)))

    stop = Asked().between(stop, reload)

    def beat() -> None:
        cells[ALIVE] += 1

    database, moved_s = parts.sensor.folder / DATABASE, 0.0
    while not stop():
        beat()
        if time.monotonic() - moved_s >= CHECKPOINT_S:
            checkpoint(database)
            moved_s = time.monotonic()
        done = compactor.tend(time.time_ns())
        give_back()
        if not done:
            _wait(stop)
        said.how_it_is(compactor.trouble)
    compactor.close(time.time_ns(), beat)
    said.how_it_is(compactor.trouble)


class _Disk:
    """Lines for the diary; a disk that refuses is told once while it does."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._full = parts, False

    def say(self, event: Event, says: str, count: int = 0) -> None:
        self._parts.letters.post(Entry(time=time.time_ns(), event=event, says=says, count=count))

    def how_it_is(self, trouble: OSError | None) -> None:
        folder, before, self._full = self._parts.sensor.folder, self._full, trouble is not None
        if trouble is not None and not before:
            reason = trouble.strerror or str(trouble)
            self.say(
                "disk-full",
                f"{folder}: segments can be neither folded nor sealed ({reason}); they wait as they are",
            )
        elif trouble is None and before:
            self.say("disk-back", f"{folder}: segments are folded and sealed again; nothing of them was lost")


def retention(config: Config) -> Retention:
    """What the configuration says of how long rows stay; where it says nothing, the store's own bounds hold."""
    said = config.sensor.retention
    bound = Retention().rows
    days = bound.days if said.age_days is None else said.age_days
    octets = bound.octets if said.size_gib is None else round(said.size_gib * (1 << 30))
    usual = Retention().program_octets
    programs = usual if said.programs_mib is None else said.programs_mib << 20
    return Retention(rows=Bound(days=days, octets=octets), program_octets=programs)


def _give_way() -> None:
    """Processors go to capture and to the judge first; the disk's priority follows from niceness (ioprio_set(2)).

    Not the idle class of the disk: there it would hold the file system's log, which a finding's commit waits for.
    """
    with suppress(PermissionError):  # a filter of system calls may forbid even to give way
        os.nice(NICE)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _wait(stop: Callable[[], bool]) -> None:
    until = time.monotonic() + LOOK_S
    while time.monotonic() < until and not stop():
        time.sleep(NAP_S)
