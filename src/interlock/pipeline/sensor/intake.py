"""The intake: each step is judged once, whoever sends it again, and what came twice or not at all is told apart.

A step that was sent again after a judge's death is known by its number. The frames of a worker that died with its step
on the way are read again by its successor, as steps of other numbers: those are known by how many frames they cover,
and what is said of the same frames a moment later, in a step of its own, by how far that goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.pipeline.sensor.steps import read_note
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interlock.pipeline.sensor.ledger import Ledger
    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step

__all__ = ["MOST_TRIES", "Intake"]

MOST_TRIES: Final = 3
"""So many judges may die over one step before the next one passes it over."""


class Intake:
    """Of one judge. note: a line for the diary. clock: the wall, UTC ns."""

    def __init__(self, ledger: Ledger, note: Callable[[Entry], object], clock: Callable[[], int]) -> None:
        self._ledger, self._note, self._clock = ledger, note, clock
        ledger.opened()
        if ledger.orphans:
            self._say("processes died together amid a put, and rows of it may be missing", ledger.orphans)
            ledger.said()
        self._taken: dict[int, tuple[int, int, int]] = {}
        self.ended = False
        """Whether a worker has said since this was last set to False that nothing more comes of it."""

    def groups(self, steps: Sequence[Step]) -> Iterator[list[Step]]:
        """What is new of steps that one worker sent, in the groups in which they are to be judged.

        While a group is out it is the one over which this judge may die.
        """
        fresh = [(step, note) for step in steps if (note := self._fresh(step)) is not None]
        while fresh:
            worker, first = fresh[0][1].worker, fresh[0][1].step
            suspect = self._ledger.suspect(worker)
            group = fresh[:1] if first <= suspect else fresh
            fresh = fresh[len(group) :]
            last = group[-1][1]
            died = self._ledger.begins(worker, first, last.step)
            self._take(worker, last)
            if died < MOST_TRIES:
                yield [step for step, _ in group]
            else:
                says = f"{died} judges died over the same records; they are passed over"
                self._say(says, sum(note.frames for _, note in group))
            self._ledger.ends(worker, last.step)

    def _fresh(self, step: Step) -> WorkerNote | None:
        """Its note, where it is whole and has not been taken; the frames of a torn one come again."""
        if step.now is None or not step.note:
            return None
        note = read_note(step.note)
        taken, frames, rest = self._had(note.worker)
        if note.step <= taken or (note.frames and note.upto <= frames) or (note.rest and note.rest <= rest):
            return None
        if lost := max(note.since - frames, note.rested - rest, 0):
            self._say("records were lost with processes that died together", lost)
        self.ended |= note.done
        self._taken[note.worker] = (note.step, max(frames, note.upto), max(rest, note.rest))
        return note

    def _had(self, worker: int) -> tuple[int, int, int]:
        if worker not in self._taken:
            self._taken[worker] = self._ledger.kept(worker)
        return self._taken[worker]

    def _take(self, worker: int, note: WorkerNote) -> None:
        """Before its rows go to the store, which may put them at once."""
        _, frames, rest = self._taken[worker]
        self._ledger.taken(worker, note.step, frames, rest, note.pid)

    def _say(self, says: str, frames: int) -> None:
        said = f"{says}: those of {frames:,} frames"
        self._note(Entry(time=self._clock(), event="state-lost", says=said, count=frames))
