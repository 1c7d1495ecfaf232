"""A value that always moved little by little and now leaps: nothing physical can have moved it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.readings import READ, Readings
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["UnusualStep"]

MAX_OBJECTS: Final = 5_000
MAX_NUMBERS: Final = 64
LEAST_STEPS: Final = 200
MOVING: Final = 0.5
"""A number is judged that was read so often while learning, and moved in so large a part of it: not a set point."""
TIMES: Final = 5.0
"""A leap is so many times the largest step while learning."""
SPAN: Final = 0.1
"""And so large a part of what the number ever spanned: a fine instrument's smallest steps say nothing."""
PAUSE: Final = 3.0
"""Readings further apart than so many times what was usual belong to different moments."""


class _Habit:
    """Of one object: steps, and per number how often it moved, its largest step, least and most; usual pause in ns."""

    __slots__ = ("largest", "least", "most", "moved", "pause", "steps")

    def __init__(self, width: int) -> None:
        self.steps = 0
        self.pause = 0.0
        self.moved, self.largest = np.zeros(width), np.zeros(width)
        self.least, self.most = np.full(width, np.inf), np.full(width, -np.inf)

    def learn(
        self, numbers: NDArray[np.float64], steps: NDArray[np.float64], pauses: NDArray[np.int64]
    ) -> None:
        """numbers: readings by row; steps: between each two, and how long that took."""
        self.least, self.most = np.minimum(self.least, numbers.min(0)), np.maximum(self.most, numbers.max(0))
        if not len(steps):
            return
        self.pause = (self.pause * self.steps + float(pauses.sum())) / (self.steps + len(steps))
        self.steps += len(steps)
        self.moved += (steps > 0).sum(0)
        self.largest = np.maximum(self.largest, steps.max(0))

    def limits(self) -> NDArray[np.float64]:
        """Per number, the step beyond which it is a leap; infinite where it is not judged."""
        judged = (self.steps >= LEAST_STEPS) & (self.moved >= MOVING * self.steps)
        beyond = np.maximum(TIMES * self.largest, SPAN * (self.most - self.least))
        return np.where(judged, beyond, np.inf)

    def state(self) -> list[Any]:
        """As JSON values."""
        columns = (self.moved, self.largest, self.least, self.most)
        return [self.steps, self.pause, *(column.tolist() for column in columns)]

    @classmethod
    def of(cls, state: list[Any]) -> _Habit:
        """From JSON values."""
        habit = cls(len(state[2]))
        habit.steps, habit.pause = int(state[0]), float(state[1])
        habit.moved, habit.largest, habit.least, habit.most = (np.array(c, np.float64) for c in state[2:6])
        return habit


class UnusualStep(Learner):
    """One finding per object and client. Keys: realm, client, server, protocol, unit and object, numbers."""

    name: ClassVar[str] = "unusual-step"
    table: ClassVar[str] = "values"
    patient: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": READ,
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "gaps": "readings are missing between two that look far apart",
        "clock-step": "the capture's clock jumped, and how long lay between two readings is not known",
    }

    def __init__(self) -> None:
        super().__init__()
        self.habits: dict[Key, _Habit] = {}
        self._last: dict[Key, tuple[int, list[float]]] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Widen what steps are usual."""
        for key, _, rows, numbers in _readings(batch):
            steps, pauses = self._steps(key, batch.times_ns()[rows], numbers)
            habit = self.habits.get(key)
            if habit is None:
                if len(self.habits) >= MAX_OBJECTS:
                    continue
                habit = self.habits[key] = _Habit(numbers.shape[1])
            near = pauses <= PAUSE * habit.pause if habit.steps else np.ones(len(pauses), np.bool_)
            if habit.steps >= LEAST_STEPS and (steps[near] > habit.limits()).any():
                self.surprise(key, int(batch.times_ns()[rows[-1]]) // MINUTE_NS)
            habit.learn(numbers, steps[near], pauses[near])

    def _steps(
        self, key: Key, times: NDArray[np.int64], numbers: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Give how far each reading is from the one before it, also of the last batch, and how long after it."""
        before = self._last.get(key)
        if before is not None and len(before[1]) == numbers.shape[1]:
            numbers, times = np.vstack((before[1], numbers)), np.concatenate(([before[0]], times))
        if before is not None or len(self._last) < 2 * MAX_OBJECTS:
            self._last[key] = (int(times[-1]), numbers[-1].tolist())
        return np.abs(np.diff(numbers, axis=0)), np.diff(times)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count leaps."""
        for key, source, rows, numbers in _readings(batch):
            habit = self.habits.get(key)
            if habit is None or len(habit.moved) != numbers.shape[1]:
                continue
            steps, pauses = self._steps(key, batch.times_ns()[rows], numbers)
            leaps = (steps > habit.limits()) & (pauses <= PAUSE * habit.pause)[:, None]
            if not leaps.any():
                continue
            tally = self.tallies[key]
            tally.add_rows(source, batch, rows[len(rows) - len(steps) :][leaps.any(1)])
            for at in np.flatnonzero(leaps.any(0)).tolist():
                tally.note("number", str(at), int(leaps[:, at].sum()))
                tally.note(f"leap-{at}", f"{float(steps[leaps[:, at], at].max()):.6g}")
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say which number leapt how far, and how far it had ever moved at once."""
        realm, client, server, protocol, place, width = key
        habit = self.habits.get(key)
        if habit is None:
            return None
        at = int(next(iter(tally.noted("number")), "0"))
        leap = max((float(word) for word in tally.noted(f"leap-{at}")), default=0.0)
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name, where = context.name, f"{place}, number {at + 1}" if len(habit.moved) > 1 else place
        ends_told = f"{name(realm, client)} is told by {name(realm, server)}"
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {place} {width} leaps",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium"),
            confidence=0.7,
            title=f"A value that {ends_told} at {where} leaps by {leap:g}, where {habit.largest[at]:.4g} was the most",
            seen=f"Seen {counted(tally.count, 'reading')} that leapt. {ends.told()}".strip(),
            matters="What is measured moves as its process can: a leap is a broken or exchanged sensor, or a value "
            "that somebody changed on its way, by which operators and controllers then act.",
            silent=f"Silent for numbers that rest most of the time, for steps up to {TIMES:g} times the largest while "
            "learning, after pauses, under a work order for the machine that tells it, and once accepted (`interlock "
            "baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, "", (server,)),
            techniques=named("leaping-value"),
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("object", place), ("largest", f"{habit.largest[at]:.6g}"), ("leap", f"{leap:g}")),
        )

    def knowledge(self) -> Any:
        """Give what steps are usual."""
        return [[list(key), habit.state()] for key, habit in sorted(self.habits.items()) if habit.steps]

    def restore_knowledge(self, known: Any) -> None:
        """Take it back; the lesson's last readings are no part of what is judged."""
        self._last = {}
        self.habits = {tuple(str(w) for w in key): _Habit.of(habit) for key, habit in known}

    def besides(self) -> Any:
        """Give the last readings."""
        return [[list(key), list(last)] for key, last in sorted(self._last.items())]

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        self._last = {
            tuple(str(w) for w in key): (int(last[0]), [float(n) for n in last[1]]) for key, last in state
        }


def _readings(batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], NDArray[np.float64]]]:
    """Give object and client, source, rows in time, and their numbers as a matrix; what is no number is left out."""
    readings = Readings.of(batch)
    if readings is None:
        return
    starts = readings.starts
    for key, source, rows, width in readings.groups(batch):
        numbers = readings.flat[starts[rows][:, None] + np.arange(min(width, MAX_NUMBERS))]
        whole = np.isfinite(numbers).all(1)
        if whole.any():
            yield key, source, rows[whole], numbers[whole]


_ACTIONS: Final = (
    Action(
        text="Compare the value with a local gauge and with what is told of it elsewhere.",
        risk="None while only looking.",
    ),
    Action(
        text="Until it is clear, steer by what is measured at the place itself.",
        risk="Steering by hand has its own risks: let operators decide.",
    ),
)
