"""The ledger: how far each worker's steps got to disk, in memory that outlives every process but the supervisor.

A worker keeps what is not in the ledger yet, and sends it again to the next judge; a put that its judge did not live to
enter is undone by the next one (store.port.Puts). So each step is on disk once, whoever is killed when. Where the
workers have died as well nobody sends it again: then what got to disk of that put stays, and it is entered.

    cells    | state | life | worker 0: step, frames, rest | ... | the same again
             | worker 0: first, last, times, suspect | …
             | worker 0: step, frames, rest, process of what was taken last | … | orphans
    octets   | a line for each file that has grown: octets before, path

One store of `state` says which set of numbers holds (bit 0) and how many octets of lines do (the bits above it).
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.pipeline.sensor.child import alive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Ledger"]

_LINES: Final = 1 << 16
"""Room for several hundred files; a put that has more of them is not undone."""
_FIRST, _LAST, _TIMES, _SUSPECT = range(4)
"""Steps that a judge is at; how many judges in turn began with them and did not come through; see `suspect`."""


class Ledger:
    """To be made before forking. workers: how many there are, numbered from 0. lives: whether a process does."""

    def __init__(self, workers: int, lives: Callable[[int], bool] = alive) -> None:
        self._workers, self._lives = workers, lives
        numbers = 8 * (3 + 14 * workers)
        self._memory = mmap.mmap(-1, numbers + _LINES)
        self._cells = memoryview(self._memory)[:numbers].cast("q")
        self._tried = [self._cells[at : at + 4] for at in range(2 + 6 * workers, 2 + 10 * workers, 4)]
        self._last = [self._cells[at : at + 4] for at in range(2 + 10 * workers, 2 + 14 * workers, 4)]
        self._lines = memoryview(self._memory)[numbers:]
        self._taken: dict[int, tuple[int, int, int]] = {}
        self._grown: set[Path] = set()

    def kept(self, worker: int) -> tuple[int, int, int]:
        """The last of its steps that is on disk, how many frames those cover, and of how many the rest came."""
        at = self._place(self._cells[0] & 1, worker)
        return self._cells[at], self._cells[at + 1], self._cells[at + 2]

    @property
    def life(self) -> int:
        """How many judges there have been."""
        return self._cells[1]

    @property
    def orphans(self) -> int:
        """Frames of a put that nobody would have sent again; some of their rows may be missing, and nobody said so."""
        return self._cells[-1]

    def said(self) -> None:
        """Somebody has. A judge that dies before leaves it to the next one."""
        self._cells[-1] = 0

    def opened(self) -> None:
        """A judge begins."""
        self._cells[1] += 1

    def taken(self, worker: int, step: int, frames: int, rest: int = 0, process: int = 0) -> None:
        """The judge has it; its rows are entered with the next put.

        rest: of how many frames the rest came (WorkerNote). process: who sent it, 0 where nobody knows.
        """
        self._taken[worker] = (step, frames, rest)
        last = self._last[worker]
        last[0], last[1], last[2], last[3] = step, frames, rest, process

    def grows(self, path: Path, octets: int) -> None:
        """See store.port.Puts."""
        if path in self._grown:
            return
        line, at = f"{octets} {path}\n".encode(), self._cells[0] >> 1
        if at + len(line) > _LINES:
            return
        self._lines[at : at + len(line)] = line
        self._cells[0] = (at + len(line)) << 1 | self._cells[0] & 1
        self._grown.add(path)

    def done(self) -> None:
        """Whatever was taken is on disk: one store enters all of it, and there is nothing to be undone."""
        other = self._cells[0] & 1 ^ 1
        for worker in range(self._workers):
            at = self._place(other, worker)
            numbers = self._taken.get(worker) or self.kept(worker)
            self._cells[at], self._cells[at + 1], self._cells[at + 2] = numbers
        self._cells[0] = other
        self._grown.clear()

    def undone(self) -> Sequence[tuple[Path, int]]:
        """See store.port.Puts."""
        lines = bytes(self._lines[: self._cells[0] >> 1]).decode().splitlines()
        if lines and self._orphaned():
            return ()
        return [(Path(path), int(octets)) for octets, _, path in (line.partition(" ") for line in lines)]

    def _orphaned(self) -> bool:
        """Whether all who sent what that put was of have died, too; then it is entered as it is."""
        open_, kept = {}, {}
        for worker, (*numbers, process) in enumerate(map(tuple, self._last)):
            kept[worker] = self.kept(worker)
            if any(last > entered for last, entered in zip(numbers, kept[worker], strict=True)):
                step, frames, rest = map(max, numbers, kept[worker])
                open_[worker] = ((step, frames, rest), process)
        if not open_ or any(not process or self._lives(process) for _, process in open_.values()):
            return False
        self._cells[-1] = sum(
            max(numbers[1] - kept[worker][1], numbers[2] - kept[worker][2])
            for worker, (numbers, _) in open_.items()
        )
        self._taken = {worker: numbers for worker, (numbers, _) in open_.items()}
        self.done()
        self._taken = {}
        return True

    def spares(self, path: Path) -> bool:
        """Whether a file is one of those: nobody is to make anything of it yet."""
        return f" {path}\n".encode() in bytes(self._lines[: self._cells[0] >> 1])

    def cut(self) -> None:
        """What `undone` named is as it was."""
        self._cells[0] &= 1
        self._grown.clear()

    def begins(self, worker: int, first: int, last: int) -> int:
        """The judge begins with steps `first` to `last`; how many judges died over `first` before."""
        tried = self._tried[worker]
        if tried[_TIMES] and last < tried[_FIRST]:
            return 0  # what is sent again before the suspect one leaves it suspect
        before = tried[_TIMES] if tried[_FIRST] == first else 0
        tried[_TIMES] = 0
        tried[_FIRST], tried[_LAST] = first, last
        tried[_TIMES] = before + 1
        return before

    def ends(self, worker: int, last: int) -> None:
        """It has come through them."""
        tried = self._tried[worker]
        if last >= tried[_FIRST]:
            tried[_TIMES] = 0

    def suspect(self, worker: int) -> int:
        """A judge died over one of the steps up to this one, so that they are looked at one by one; 0: over none."""
        tried = self._tried[worker]
        if tried[_TIMES]:
            tried[_SUSPECT] = max(tried[_SUSPECT], tried[_LAST])
        return tried[_SUSPECT]

    def pardon(self) -> None:
        """A judge was killed from outside: what it was judging is not suspect for that."""
        for tried in self._tried:
            tried[_TIMES] = max(0, tried[_TIMES] - 1)

    def _place(self, which: int, worker: int) -> int:
        return 2 + 3 * (which * self._workers + worker)
