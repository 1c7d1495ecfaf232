"""A value that always moved little by little and now leaps: nothing physical can have moved it so, nor its control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.readings import ASKED, READ, TOLD, Readings, Seats
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.learned.usual_steps import TIMES, UsualSteps
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.learned.usual_steps import Moves
    from interlock.detect.tally import Key, Tally

__all__ = ["UnusualStep"]

MAX_OBJECTS: Final = 5_000
MAX_NUMBERS: Final = 64
BRIEF: Final = 60
"""Minutes: within less hardly any drive has started, and the largest step says so much less of what is possible."""
MOST_PAUSE_NS: Final = 2 * MINUTE_NS
"""Of a pause after which a leap is waited out for as long as it lasted; after longer ones nothing holds still."""
_WRITTEN: Final = " (written)"
"""Behind the place of what is written: the same object may be read, too."""


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
        self.steps, self._seats = UsualSteps(MAX_OBJECTS), Seats()
        self._resumed: dict[int, list[tuple[int, int]]] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Widen what steps are usual."""
        batch, _ = batch.having("number")
        for moves in self._moves(batch, self.steps.make):
            for row in distinct(moves.row[self.steps.leaps(moves)]).tolist():
                time = int(batch.times_ns()[moves.rows[row]])
                self.surprise(self.steps.keys[int(moves.places[row])], time // MINUTE_NS)
            self.steps.learn(moves)

    def _moves(self, batch: Batch, seat: Callable[[Key, int], int]) -> Iterator[Moves]:
        """Moves of what is told, then of what is written; `seat` gives an object's place."""
        readings = Readings.of(batch)
        if readings is None:
            return

        def told(key: Key, width: int) -> int:
            return seat(key, min(width, MAX_NUMBERS))

        def written(key: Key, width: int) -> int:
            return told((*key[:4], key[4] + _WRITTEN, key[5]), width)

        for directions, place in ((TOLD, told), (ASKED, written)):
            lined = readings.lined(batch, self._seats, place, MAX_NUMBERS, directions)
            if lined is not None:
                yield self.steps.moves(lined)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count leaps."""
        batch, _ = batch.having("number")
        for moves in self._moves(batch, self.steps.find):
            leaps = self.steps.leaps(moves, self._times)
            leaps = leaps[self._settled(moves, leaps, batch.times_ns()[moves.rows])]
            if len(leaps) and self.steps.keys[int(moves.places[0])][4].endswith(_WRITTEN):
                leaps = leaps[self.steps.amid(moves, leaps)]
            if len(leaps):
                yield from self._counted(batch, moves, leaps)

    @property
    def _times(self) -> float:
        """How many times the largest step a leap is: the more, the shorter what was learned."""
        return TIMES * max(1.0, BRIEF / max(1, self.observed.minutes))

    def _settled(self, moves: Moves, leaps: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which leaps come so long after a pause of their object that what stood still meanwhile has caught up.

        Where a network was out, controllers hold what they last heard, and take up what is true some seconds later.
        """
        for row in np.flatnonzero(~moves.near & (moves.pauses < MOST_PAUSE_NS)).tolist():
            begin = int(times[row])
            known = self._resumed.get(int(moves.places[row]), [])[-1:]
            self._resumed[int(moves.places[row])] = [*known, (begin, begin + int(moves.pauses[row]))]
        rows = moves.row[leaps].tolist()
        spans = (self._resumed.get(int(moves.places[row]), ()) for row in rows)
        return np.array(
            [not any(a <= times[row] <= b for a, b in some) for row, some in zip(rows, spans, strict=True)],
            np.bool_,
        )

    def _counted(self, batch: Batch, moves: Moves, leaps: NDArray[np.int64]) -> Iterator[Key]:
        words, codes = batch.words("source")
        rows, numbers = moves.row[leaps], self.steps.number_of(moves, leaps)
        cells = np.stack((moves.places[rows], codes[moves.rows[rows]]), axis=1)
        for place, source in np.unique(cells, axis=0).tolist():
            mine = (cells == (place, source)).all(1)
            tally = self.tallies[self.steps.keys[place]]
            tally.add_rows(words[source] or "", batch, moves.rows[distinct(rows[mine])])
            for at in distinct(numbers[mine]).tolist():
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
        written = place.endswith(_WRITTEN)
        if written:
            where = where.replace(_WRITTEN, "")
        ends_told = (
            f"{name(realm, client)} keeps writing to {name(realm, server)}"
            if written
            else f"{name(realm, client)} is told by {name(realm, server)}"
        )
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {place} {width} leaps",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium"),
            confidence=0.7,
            title=f"A value that {ends_told} at {where} leaps by {leap:g}, where {largest:.4g} was the most",
            seen=f"Seen {counted(tally.count, 'reading')} that leapt. {ends.told()}".strip(),
            matters=_WRITTEN_MATTERS if written else _TOLD_MATTERS,
            silent="Silent for numbers that rest most of the time, for steps up to "
            f"{self._times:.3g} times the largest while learning ({TIMES:g} where an hour or more was learned), after "
            "pauses and for as long as these lasted, for what is written to or from nothing and the ends of its range, "
            "under a work order for the machine that tells it, and once accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, "", (server,)),
            techniques=named("strange-value-written" if written else "leaping-value"),
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("object", place), ("largest", f"{largest:.6g}"), ("leap", f"{leap:g}")),
        )

    def knowledge(self) -> Any:
        """Give what steps are usual."""
        return self.steps.state()

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.steps)

    def restore_knowledge(self, known: Any) -> None:
        """Take it back; the lesson's last readings are no part of what is judged."""
        self.steps, self._seats = UsualSteps(MAX_OBJECTS), Seats()
        self._resumed = {}
        for key, state in known:
            self.steps.restore(tuple(str(w) for w in key), state)

    def besides(self) -> Any:
        """Give the last readings."""
        return self.steps.last()

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        for key, (time, numbers) in state:
            self.steps.restore_last(tuple(str(w) for w in key), int(time), [float(n) for n in numbers])


_TOLD_MATTERS: Final = (
    "What is measured moves as its process can: a leap is a broken or exchanged sensor, or a value that somebody "
    "changed on its way, by which operators and controllers then act."
)
_WRITTEN_MATTERS: Final = (
    "What a controller steers by moves with its process: a leap amid its range is a change of mode, or a command that "
    "somebody changed on its way or gave in its stead."
)
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
