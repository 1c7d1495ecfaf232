"""The supervisor: starts the sensor's processes, watches them, starts them again, ends them in order.

It decodes nothing and reads no record, so that nothing that came from the wire can end it.
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.pipeline.sensor.board import ALIVE
from interlock.pipeline.sensor.child import Child
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.pipeline.sensor.board import Board
    from interlock.store.port import Event

__all__ = ["LONGEST_PAUSE_S", "Job", "Supervisor"]

LOOK_S: Final = 0.1
QUICK_S: Final = 5.0
"""Who dies sooner than that after its beginning is started again with a growing pause."""
LONGEST_PAUSE_S: Final = 30.0
OUTSIDE_PAUSE_S: Final = 0.5
"""For one that somebody else kills: its own work is not what ends it, and frames wait for it."""
PATIENCE_S: Final = 60.0
"""How long a process may take to come to its end once it was asked."""
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True, kw_only=True)
class Job:
    """One process that has to be there.

    work(cells, stop, hung): hung are the frames (source, number) on which its decoders ended it before.
    stage: jobs of a stage are asked to end once all of the stages before have. finite: exit code 0 is its end, not
    its death. still_s: seconds without a round of its loop after which it is dead. memory: octets it may hold.
    resumes: nothing is blind while it is away, and what it has not done by the end the next run's does.
    pause_s: the longest pause before it is begun anew, however soon it dies. pardon: called where it was killed from
    outside, before it is begun anew.
    """

    name: str
    stage: int
    work: Callable[[memoryview, Callable[[], bool], frozenset[tuple[int, int]]], None]
    finite: bool = False
    resumes: bool = False
    still_s: float = 10.0
    memory: int = 1 << 40
    source: str = ""
    pause_s: float = LONGEST_PAUSE_S
    pardon: Callable[[], None] = lambda: None
    hung: set[tuple[int, int]] = field(default_factory=set)
    child: Child | None = None
    done: bool = False
    deaths: int = 0
    quick: int = 0
    due_s: float = 0.0
    died_ns: int = 0


class Supervisor:
    """Runs jobs until all are done, or somebody asks it to stop.

    wall: UTC ns. now_s: seconds that only rise. post: a line for the diary. most_deaths: of one job before everything
    is given up, None for never. tick: called at every look.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        board: Board,
        *,
        wall: Callable[[], int],
        now_s: Callable[[], float],
        post: Callable[[Entry], None],
        most_deaths: int | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._jobs = list(jobs)
        self._board = board
        self._wall = wall
        self._now_s = now_s
        self._post = post
        self._most_deaths = most_deaths
        self._tick = tick
        self._asked: list[int] = []
        self.hangups = 0
        """How often somebody sent SIGHUP; it is passed on to every process."""
        self._stage = -1
        self._ending_s = 0.0
        self.unended: list[str] = []
        """Jobs that died while they were to come to their end: what they had not done is not done."""
        self.failed = ""
        """Why everything was given up; empty where it was not."""

    def run(self) -> None:
        """Until nothing is left to do."""
        wake, end = os.pipe()
        for side in (wake, end):
            os.set_blocking(side, False)
        before = {n: signal.signal(n, self._take) for n in (*_STOPPING, signal.SIGHUP)}
        old = signal.set_wakeup_fd(end, warn_on_full_buffer=False)
        try:
            while self._jobs_left():
                self._start()
                self._wait(wake)
                self._look()
                self._tick()
        finally:
            for job in self._jobs:
                if job.child is not None:
                    job.child.send(signal.SIGKILL)
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(wake)
            os.close(end)

    @property
    def ending(self) -> bool:
        """Whether somebody asked it to end."""
        return bool(self._asked)

    def going(self) -> bool:
        """Whether each of its processes is there and has gone round its loop: what it works with has been opened."""
        rows = map(self._board.row, range(len(self._jobs)))
        return all(job.done or (job.child and row[ALIVE]) for job, row in zip(self._jobs, rows, strict=True))

    def _take(self, number: int, _frame: Any) -> None:
        if number == signal.SIGHUP:
            self.hangups += 1
            for job in self._jobs:
                if job.child is not None:
                    job.child.send(signal.SIGHUP)
        else:
            self._asked.append(number)

    def _jobs_left(self) -> bool:
        return any(not job.done for job in self._jobs) and not self.failed

    def _start(self) -> None:
        now = self._now_s()
        for row, job in enumerate(self._jobs):
            if job.child is None and not job.done and now >= job.due_s:
                if self._stopping(job):
                    job.done = True
                    if not job.resumes:
                        self.unended.append(job.name)
                    continue
                cells, hung = self._board.row(row), frozenset(job.hung)
                for at in range(6):
                    cells[at] = 0
                work, name = job.work, job.name.removeprefix("the ")
                job.child = Child(lambda c, s, w=work, h=hung: w(c, s, h), cells, now, name)  # type: ignore[misc]
                if job.died_ns and not job.resumes:
                    self._say_back(job)

    def _stopping(self, job: Job) -> bool:
        return job.stage <= self._stage

    def _wait(self, wake: int) -> None:
        handles = [job.child.handle for job in self._jobs if job.child is not None]
        pause = min(
            [
                LOOK_S,
                *(max(0.0, j.due_s - self._now_s()) for j in self._jobs if j.child is None and not j.done),
            ]
        )
        select.select([wake, *handles], [], [], pause)
        with suppress(BlockingIOError):
            os.read(wake, 4096)

    def _look(self) -> None:
        now = self._now_s()
        for job in self._jobs:
            if job.child is None:
                continue
            code = job.child.ended()
            if code is not None:
                self._ended(job, code, now)
            else:
                self._watch(job, job.child, now)
        self._advance(now)

    def _watch(self, job: Job, child: Child, now: float) -> None:
        """Whoever stands still or holds too much is killed; how it ended is seen at the next look."""
        event: Event = "worker-lost"
        why = ""
        if child.stopped():
            self._wake(job, child)
        elif child.hung():
            event = "flow-passed-over"
            job.hung.add(found := (child.busy_frame(1) or (0, 0)))
            why = f"a decoder never returned from frame {found[1]}; that conversation is passed over from now on"
        elif child.stands_still(now, job.still_s):
            why = f"it stood still for {job.still_s:g} s"
        elif child.resident() > job.memory:
            why = f"it held more than the {job.memory >> 20} MiB that it may"
        elif self._stopping(job) and now - self._ending_s > PATIENCE_S:
            why = f"it did not come to its end within {PATIENCE_S:g} s"
        if why and not child.condemned:  # it may take a while to die
            child.condemned = True
            self._post(
                Entry(time=self._wall(), event=event, says=f"{job.name} is ended: {why}", source=job.source)
            )
            child.send(signal.SIGKILL)

    def _wake(self, job: Job, child: Child) -> None:
        """Whoever was stopped goes on: its ring holds some two seconds of a busy wire, and nobody else reads it."""
        found = self._wall()
        child.send(signal.SIGCONT)
        says = f"{job.name} had been stopped by a signal and was woken; what its ring could hold is read now"
        self._post(
            Entry(time=found - int(LOOK_S * 1e9), until=found, event="blind", says=says, source=job.source)
        )

    def _ended(self, job: Job, code: int, now: float) -> None:
        child, job.child = job.child, None
        assert child is not None
        if code == 0 and (job.finite or self._stopping(job)):
            job.done = True
            return
        longest = job.pause_s
        if child.killed_from_outside(code):
            job.pardon()
            longest = min(longest, OUTSIDE_PAUSE_S)
        found = child.busy_frame(code)
        if found is not None:
            job.hung.add(found)
        job.deaths += 1
        job.died_ns = self._wall()
        job.quick = job.quick + 1 if now - child.began_s < QUICK_S else 0
        pause = min(longest, 0.25 * 2 ** (job.quick - 2)) if job.quick > 1 else 0.0
        job.due_s = now + pause
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self._post(
            Entry(time=job.died_ns, event="worker-lost", says=f"{job.name} died ({how})", source=job.source)
        )
        if self._most_deaths is not None and job.deaths > self._most_deaths:
            self.failed = f"{job.name} died {job.deaths} times, the last time by {how}; please report it"

    def _say_back(self, job: Job) -> None:
        back = self._wall()
        gap = (back - job.died_ns) / 1e9
        self._post(
            Entry(
                time=job.died_ns,
                until=back,
                event="blind",
                says=f"{job.name} was away for {gap:.3f} s; what its ring could hold meanwhile is read now",
                source=job.source,
            )
        )
        job.died_ns = 0

    def _advance(self, now: float) -> None:
        """Ask the next stage to end, where everything before it has."""
        if not self._asked and not all(job.done for job in self._jobs if job.stage == 0):
            return
        left = [job.stage for job in self._jobs if not job.done]
        if left and min(left) > self._stage:
            self._stage, self._ending_s = min(left), now
            for job in self._jobs:
                if job.stage == self._stage and job.child is not None:
                    job.child.send(signal.SIGTERM)
        if len(self._asked) > 1:
            self.failed = "ended at once"
