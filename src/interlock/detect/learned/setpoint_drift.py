"""A set value that somebody moves step by step to where it never was: no step looks wrong, all of them together do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.places import kept
from interlock.detect.learned.records_run import LEAST_RECORDS, Settings
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

__all__ = ["SetpointDrift"]

MAX_OBJECTS: Final = 20_000
MOST_NUMBERS: Final = 8
"""Of one write: longer blocks are recipes and images of memory, which are set as a whole."""
MOST_CHANGES: Final = 4_096
"""Of one object in one batch; whoever writes faster is no person, and is judged by its rate."""
PEOPLE_A_DAY: Final = 96.0
"""Changes a day: more than one in a quarter of an hour, all day, is a program's, whose values follow each other."""
ALARMS_APART_DAYS: Final = 100.0
_COLUMNS: Final = ("source", "realm", "client", "server", "protocol", "unit", "object")


class SetpointDrift(Learner):
    """One finding per object. Keys: realm, server, protocol, unit, object, number within the write."""

    name: ClassVar[str] = "setpoint-drift"
    table: ClassVar[str] = "values"
    leisurely: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": (*_COLUMNS, "direction", "time", "frame", "number"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[Key, Settings] = {}
        self._moved: dict[Key, tuple[float, float, int]] = {}  # from, to, in how many steps: of what is told

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Learn what is set."""
        for _, key, column in _changes(_written(batch)):
            settings = self.objects.get(key)
            if settings is None:
                if len(self.objects) >= MAX_OBJECTS:
                    continue
                settings = self.objects[kept(key)] = Settings()
            for _, value, at in column:
                settings.learn(value, at)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Follow runs of extremes; count those that nobody's habit makes."""
        minutes = self.observed.minutes
        batch = _written(batch)
        for words, key, column in _changes(batch):
            settings = self.objects.get(key)
            if settings is None or not settings.known or _is_program(settings, minutes):
                continue
            steps = []
            for row, value, at in column:
                if settings.step(value, at) and _is_drift(settings, minutes):
                    steps.append(row)
                    self._moved[key] = (settings.began, settings.last, settings.records)
            if not steps:
                continue
            tally = self.tallies[key]
            tally.add_rows(words[0] or "", batch, np.array(steps))
            tally.note("client", words[2] or "", len(steps))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say from where to where it was moved, and in how many steps."""
        realm, server, protocol, unit, target, number = key
        moved = self._moved.get(key)
        if moved is None:
            return None
        began, now, steps = moved
        clients = list(tally.noted("client"))
        ends = standing(context, (realm, clients[0] if clients else "", server), tally, stranger=False)
        who = context.name(realm, clients[0]) if clients else "Somebody"
        place = f"{target}{f' + {number}' if number != '0' else ''}"
        tag = next(
            (t.name for t in context.site.tags if (t.realm, t.server, t.object) == (realm, server, place)), ""
        )
        thing = f"{tag} ({place})" if tag else place
        return Verdict(
            realm=realm,
            machines=(clients[0], server) if clients else (server,),
            others=tuple(clients[1:]),
            cause=f"{protocol} {unit} {place}",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium"),
            confidence=0.8,
            title=f"{who} moves {thing} of {context.name(realm, server)} step by step to {now:g}, where it never was",
            seen=f"Seen {counted(tally.count, 'step')} in {spoken(protocol)}, each further than any value before: from "
            f"{began:g} to {now:g} by now, {counted(steps, 'step')} in a row. {ends.told()}".strip(),
            matters="No single step looks wrong, all of them together take the process to where nobody ever ran it.",
            silent=f"Silent below {LEAST_RECORDS} steps in a row beyond all that was ever written, where such a run "
            f"would come by itself more often than once in {ALARMS_APART_DAYS:.0f} days, for values that programs "
            "set all day, and once accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            techniques=named("setpoint-creep"),
            requirements=(
                "IEC 62443-3-3 SR 3.5",
                "IEC 62443-3-3 SR 3.6",
                "IEC 62443-3-3 SR 6.2",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("object", target), ("from", f"{began:g}"), ("to", f"{now:g}"), ("steps", str(steps))),
            deed=deed_at(realm, clients[0] if clients else "", (server,), ("write",)),
        )

    def knowledge(self) -> Any:
        """Give what was set."""
        return [[list(key), settings.state()] for key, settings in self.objects.items()]

    def restore_knowledge(self, known: Any) -> None:
        """Take it back."""
        self.objects = {tuple(str(w) for w in key): Settings.of(state) for key, state in known}

    def besides(self) -> Any:
        """Give what is told."""
        return [[list(key), *map(repr, moved)] for key, moved in self._moved.items()]

    def restore_besides(self, state: Any) -> None:
        """Take it back."""
        self._moved = {
            tuple(str(w) for w in key): (float(began), float(now), int(steps))
            for key, began, now, steps in state or ()
        }


def _written(batch: Batch) -> Batch:
    """The rows by which numbers are set."""
    numbers, _ = batch.having("number")
    if not numbers.has("number"):
        return numbers.take(np.zeros(len(numbers), np.bool_))
    lengths = numbers.lists("number")[2]
    return numbers.take(numbers.among("direction", ("written",)) & (lengths > 0) & (lengths <= MOST_NUMBERS))


def _changes(written: Batch) -> Iterator[tuple[tuple[Any, ...], Key, list[tuple[int, float, int]]]]:
    """Words of a group, key of one number in it, and its changes: row, value, when (UTC ns)."""
    if not len(written):
        return
    flat, starts, lengths = written.lists("number")
    times = written.times_ns()
    groups = written.groups(*_COLUMNS, bins=lengths, named="written numbers")
    for group, (*words, width) in groups:
        rows = groups.rows(group)
        for at in range(width):
            values = flat[starts[rows] + at]
            changed = _changed(values)[:MOST_CHANGES]
            key = (*(word or "" for word in (words[1], *words[3:])), str(at))
            picked = [(int(row), float(value), int(times[row])) for row, value in zip(
                rows[changed], values[changed], strict=True)]  # fmt: skip
            yield tuple(words), key, picked


def _changed(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places of the finite values that differ from the one before; the first does."""
    changed = np.isfinite(values)
    changed[1:] &= values[1:] != values[:-1]
    return np.flatnonzero(changed)


def _is_drift(settings: Settings, minutes: int) -> bool:
    """Whether a run has come further than habits take it."""
    unlikely = settings.alarms_a_day(minutes) <= 1 / ALARMS_APART_DAYS
    return unlikely and settings.records >= LEAST_RECORDS


def _is_program(settings: Settings, minutes: int) -> bool:
    """Whether so many changes were learned that no person makes them."""
    return settings.known > max(10.0, PEOPLE_A_DAY * minutes / 1_440)


_ACTIONS: Final = (
    Action(
        text="Ask the operators whether they move this set point, and why; look at the value at the machine itself.",
        risk="None while only asking.",
    ),
    Action(
        text="If nobody of yours does, have it set back by hand at the machine, and cut the writing station off.",
        risk="A jump back is itself a move of the process: let operators judge how fast. A panel that is cut off "
        "leaves them blind.",
    ),
)
