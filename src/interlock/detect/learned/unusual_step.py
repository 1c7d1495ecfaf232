"""A value that always moved little by little and now leaps: nothing physical can have moved it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.places import Seconds
from interlock.detect.learned.readings import READ, Readings
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.learned.usual_steps import TIMES, UsualSteps
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.learned.usual_steps import Moves
    from interlock.detect.tally import Key, Tally

__all__ = ["UnusualStep"]

MAX_OBJECTS: Final = 5_000
MAX_NUMBERS: Final = 64


class UnusualStep(Learner):
    """One finding per object and client, of whose readings the first of each second counts.

    Keys: realm, client, server, protocol, unit and object, numbers.
    """

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
        self.steps, self._seconds = UsualSteps(MAX_OBJECTS), Seconds()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Widen what steps are usual."""
        moves = self._moves(batch, lambda key, width: self.steps.make(key, min(width, MAX_NUMBERS)))
        if moves is None:
            return
        for row in np.unique(moves.row[self.steps.leaps(moves)]).tolist():
            time = int(batch.times_ns()[moves.rows[row]])
            self.surprise(self.steps.keys[int(moves.places[row])], time // MINUTE_NS)
        self.steps.learn(moves)

    def _moves(self, batch: Batch, place: Callable[[Key, int], int]) -> Moves | None:
        readings = Readings.of(batch)
        lined = None if readings is None else readings.lined(batch, place, self._seconds, MAX_NUMBERS)
        return None if lined is None else self.steps.moves(lined)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count leaps."""
        moves = self._moves(batch, lambda key, width: self.steps.find(key, min(width, MAX_NUMBERS)))
        if moves is None:
            return
        leaps = self.steps.leaps(moves)
        if not len(leaps):
            return
        words, codes = batch.words("source")
        rows, numbers = moves.row[leaps], self.steps.number_of(moves, leaps)
        cells = np.stack((moves.places[rows], codes[moves.rows[rows]]), axis=1)
        for place, source in np.unique(cells, axis=0).tolist():
            mine = (cells == (place, source)).all(1)
            tally = self.tallies[self.steps.keys[place]]
            tally.add_rows(words[source] or "", batch, moves.rows[np.unique(rows[mine])])
            for at in np.unique(numbers[mine]).tolist():
                far = moves.step[leaps[mine & (numbers == at)]]
                tally.note("number", str(at), len(far))
                tally.note(f"leap-{at}", f"{float(far.max()):.6g}")
            yield self.steps.keys[place]

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say which number leapt how far, and how far it had ever moved at once."""
        realm, client, server, protocol, place, width = key
        at = int(next(iter(tally.noted("number")), "0"))
        largest = self.steps.largest(key, at)
        if largest is None:
            return None
        leap = max((float(word) for word in tally.noted(f"leap-{at}")), default=0.0)
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name, where = context.name, f"{place}, number {at + 1}" if self.steps.width(key) > 1 else place
        ends_told = f"{name(realm, client)} is told by {name(realm, server)}"
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {place} {width} leaps",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium"),
            confidence=0.7,
            title=f"A value that {ends_told} at {where} leaps by {leap:g}, where {largest:.4g} was the most",
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
            data=(("object", place), ("largest", f"{largest:.6g}"), ("leap", f"{leap:g}")),
        )

    def knowledge(self) -> Any:
        """Give what steps are usual."""
        return list(self.steps.state())

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.steps)

    def restore_knowledge(self, known: Any) -> None:
        """Take it back; the lesson's last readings are no part of what is judged."""
        self.steps, self._seconds = UsualSteps(MAX_OBJECTS), Seconds()
        for key, state in known:
            self.steps.restore(tuple(str(w) for w in key), state)

    def besides(self) -> Any:
        """Give the last readings."""
        return self.steps.last()

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        for key, (time, numbers) in state:
            self.steps.restore_last(tuple(str(w) for w in key), int(time), [float(n) for n in numbers])


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
