"""What the presence of one protocol costs the others: their conversations decoded with it, and without it.

A run is a child forked from one that has imported everything, so that runs differ in nothing but what is decoded.
Its cost is instructions, where valgrind counts them (they do not depend on what else the machine does), else CPU time.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from decode.contract.playing import batch_of, engine_for
from decode.contract.takes import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from decode.contract.subjects import Subject
    from interlock.records.frames import Frames

__all__ = ["Guest", "Instructions", "Meter", "Seconds", "guests", "valgrind"]

BATCH = 16384
REPEATS = 7
UNREGISTERED = 47999


class Meter(Protocol):
    """Runs a piece of work and says what it cost, in whatever unit."""

    def __call__(self, work: Callable[[], object]) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A protocol among others.

    folder: its name. without, among: cost of the others' conversations with all protocols but this one, and with all.
    same_rows: whether both gave as many rows in each table, as they do where it takes nothing of the others'.
    """

    folder: str
    without: float
    among: float
    same_rows: bool

    @property
    def share(self) -> float:
        """What it costs the others, of what they cost without it."""
        return (self.among - self.without) / self.without


def guests(
    subjects: Sequence[Subject], meter: Meter, turns: int, asked: Sequence[str] = ()
) -> Iterator[Guest]:
    """Measure the protocols asked for (none: all), each beside the conversations of all others.

    turns: how often each conversation is said over in its flow, where its messages can be read without the first.
    What rides on a protocol goes with it.
    """
    for subject in subjects:
        if asked and subject.name not in asked:
            continue
        others = [s for s in subjects if subject.spec.name not in (s.spec.name, s.spec.rides_on)]
        sources, batches = _conversations(others, turns)
        with_it = [s for s in subjects if s is subject or s in others or s.spec.rides_on == subject.spec.name]
        rows, costs = [], []
        for company in (others, with_it):
            work = partial(_decode, company, sources, batches)
            rows.append(work())  # warms up what is made once
            costs.append(meter(work))
        yield Guest(folder=subject.name, without=costs[0], among=costs[1], same_rows=rows[0] == rows[1])


def _conversations(subjects: Sequence[Subject], turns: int) -> tuple[int, list[Frames]]:
    """How many takes there are, and their frames as they would be captured side by side.

    Each conversation is there twice: on its port, and on one that tells nothing, where every protocol is asked.
    """
    seeds = [
        replace(seed, port=port, messages=seed.messages * (1 if seed.no_join else turns))
        for subject in subjects
        if subject.own_seeds
        for seed in subject.seeds
        for port in ((seed.port,) if seed.transport == "eth" else (seed.port, UNREGISTERED))
    ]
    frames = [(moment, k, octets) for k, seed in enumerate(seeds) for moment, octets in whole(seed).frames]
    frames.sort(key=lambda frame: frame[0])
    return len(seeds), [batch_of(frames[at : at + BATCH]) for at in range(0, len(frames), BATCH)]


def _decode(company: Sequence[Subject], sources: int, batches: Sequence[Frames]) -> dict[str, int]:
    """Decode with these protocols registered; rows of each table."""
    engine = engine_for(sources, [subject.spec for subject in company])
    rows: dict[str, int] = {}
    for tables in (*(engine.feed(batch) for batch in batches), *engine.finish()):
        for name, batch in tables.items():
            rows[name] = rows.get(name, 0) + batch.num_rows
    return rows


def valgrind(folder: Path) -> list[str]:
    """What to put before a command, so that each process writes its count to FOLDER/PID when it ends."""
    return ["valgrind", "-q", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={folder}/%p"]


class Instructions:
    """Counts instructions, under `valgrind`: a child's count less that of a child without work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, work: Callable[[], object]) -> float:
        idle, child = _forked(lambda: None), _forked(work)  # at once: a child begins with its parent's count
        return self._count(child) - self._count(idle)

    def _count(self, child: int) -> int:
        file = self._folder / str(child)
        told = file.read_text()
        file.unlink()
        return int(told[told.rindex("summary:") :].split()[1])


def _forked(work: Callable[[], object]) -> int:
    """Process id of a child that did this piece of work and has ended."""
    child = os.fork()
    if not child:
        gc.disable()  # one collection more or less would outweigh most protocols
        try:
            work()
        except BaseException:  # noqa: BLE001 (a child ends here, whatever came of it)
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a measured run ended with status {status}")
    return child


class Seconds:
    """The least CPU time of several runs in this process."""

    def __call__(self, work: Callable[[], object]) -> float:
        return min(self._run(work) for _ in range(REPEATS))

    @staticmethod
    def _run(work: Callable[[], object]) -> float:
        began = time.process_time()
        work()
        return time.process_time() - began
