"""A value written that was never near what is written there, or told that is far from what was ever told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import HELD_BACK, Learner
from interlock.detect.learned.places import Seconds, kept, roomy
from interlock.detect.learned.readings import in_turn
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.learned.value_range import Numbers, Ranges
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.site import Tag

__all__ = ["UnusualValue"]

MAX_RANGES: Final = 50_000
MAX_NUMBERS: Final = 256
"""Of one block; what is longer is judged by its first ones."""
_COLUMNS: Final = ("source", "realm", "server", "protocol", "unit", "object", "direction")


class UnusualValue(Learner):
    """One finding per object (the first of its block) and direction. Of what is told the first of each second counts.

    Keys: realm, server, protocol, unit, object, direction, and how many numbers the block has.
    """

    name: ClassVar[str] = "unusual-value"
    table: ClassVar[str] = "values"
    patient: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": (*_COLUMNS, "client", "time", "frame", "number"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.ranges = Ranges(MAX_RANGES)
        self._seats = _Seats()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Widen ranges."""
        batch, _ = batch.having("number")
        shown = self._shown(batch, self._make)
        if shown is None:
            return
        numbers = shown.numbers
        strange = self.ranges.outside(numbers) & self.ranges.ready(numbers.places)[numbers.row]
        for row in distinct(numbers.row[strange]).tolist():
            self.surprise(self.ranges.keys[int(numbers.places[row])], int(numbers.minutes[row]))
        self.ranges.widen(numbers)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count rows with a number outside."""
        batch, _ = batch.having("number")
        shown = self._shown(batch, self._find)
        if shown is None:
            return
        numbers = shown.numbers
        strange = self.ranges.outside(numbers)
        if not strange.any():
            return
        settled = self.observed.at_share(1 - HELD_BACK)
        strange &= self.ranges.judges(numbers.places, settled)[numbers.row]
        for seat in distinct(shown.seats[numbers.row[strange]]).tolist():
            yield self._count(batch, shown, strange & (shown.seats[numbers.row] == seat))

    def _count(self, batch: Batch, shown: _Shown, strange: NDArray[np.bool_]) -> Key:
        """Count the strange numbers of one object from one source; give its cause."""
        numbers = shown.numbers
        rows = distinct(numbers.row[strange])
        key = self.ranges.keys[int(numbers.places[rows[0]])]
        tally = self.tallies[key]
        source = batch.words("source")
        tally.add_rows(source[0][int(source[1][shown.rows[rows[0]]])] or "", batch, shown.rows[rows])
        tally.note_rows("client", batch, shown.rows[rows])
        within = numbers.slot[strange] - self.ranges.begin(key)
        for at in distinct(within).tolist():
            column = numbers.values[strange][within == at]
            for extreme in {float(column.min()), float(column.max())}:
                tally.note(f"number-{at}", repr(extreme))
        return key

    def _shown(self, batch: Batch, place: Callable[[tuple[Any, ...]], int]) -> _Shown | None:
        """Line up the rows that count, each with the numbers that it carries of an object that has a place."""
        if not batch.has("number"):
            return None
        flat, starts, lengths = batch.lists("number")
        groups = batch.groups(*_COLUMNS, bins=lengths, named="numbers")
        seats = self._seats.of(groups.keys, place)[groups.numbers]
        rows = self._seats.due(seats, batch.times_ns())
        if not len(rows):
            return None
        seats, starts = seats[rows], starts[rows]
        minutes, widths = batch.times_ns()[rows] // MINUTE_NS, np.minimum(lengths[rows], MAX_NUMBERS)
        places = self._seats.places[seats]
        return _Shown(rows, seats, self.ranges.numbers(places, minutes, flat, starts, widths))

    def _find(self, key: tuple[Any, ...]) -> int:
        return self.ranges.find(_object(key)) if key[7] else -1

    def _make(self, key: tuple[Any, ...]) -> int:
        if not key[7]:
            return -1
        return self.ranges.make(_object(key), min(key[7], MAX_NUMBERS), written=key[6] == "written")

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what was written or told, and what had been usual."""
        # Over 40 lines: one verdict, most of them its words.
        realm, server, protocol, unit, target, direction, _ = key
        at = min((int(k[7:]) for k in tally.words if k.startswith("number-")), default=None)
        if self.ranges.find(key) < 0 or at is None:
            return None
        values = sorted(float(v) for v in tally.noted(f"number-{at}"))
        usual, now = self.ranges.text(key, at), _span(values[0], values[-1])
        clients = list(tally.noted("client"))
        written = direction == "written"
        tag = _tag(context, realm, server, unit, target, at)
        unsafe = tag is not None and _beyond(tag, values)
        ends = standing(context, (realm, clients[0] if clients else "", server), tally, stranger=False)
        name = _named(tag, target, at)
        who = context.name(realm, clients[0]) if clients and written else context.name(realm, server)
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{protocol} {unit} {target} {direction}",
            kind="change" if ends.ordered or not (written or unsafe) else "alert",
            severity=ends.severity(
                "critical" if unsafe and written else "high" if written or unsafe else "low"
            ),
            confidence=0.8 if written else 0.5,
            title=f"{who} wrote {now} to {name} of {context.name(realm, server)}, where {usual} had been written"
            if written
            else f"{name} of {context.name(realm, server)} is {now}, where it had been {usual}",
            seen=f"Seen {counted(tally.count, 'value')} in {spoken(protocol)}, {now}; while learning it was {usual}."
            f"{_limits(tag) if unsafe else ''} {ends.told()}".strip(),
            matters="The process follows what is written: a set point or output far from its habit can drive it to "
            "where pressure, heat or speed do harm."
            if written
            else "Either the process has gone where it never was, or what is told of it is not true.",
            silent="Silent within what was written or told while learning and a margin about it, for values that went "
            "on wandering while learning, and once accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, clients[0] if written and clients else "", (server,)),
            techniques=named("strange-value-written" if written else "strange-value-told"),
            requirements=(
                "IEC 62443-3-3 SR 3.5",
                "IEC 62443-3-3 SR 3.6",
                "IEC 62443-3-3 SR 6.2",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(
                ("object", target),
                ("usual", usual),
                ("now", now),
                ("tag", "" if tag is None else tag.name),
            ),
        )

    def knowledge(self) -> Any:
        """Give all ranges."""
        return self.ranges.state()

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.ranges)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.ranges, self._seats = Ranges(MAX_RANGES), _Seats()
        for words, state in known:
            key = tuple(str(word) for word in words)
            self.ranges.restore(key, state, written=key[5] == "written")


@dataclass(frozen=True, slots=True)
class _Shown:
    """rows, seats: per row that counts, its number in the batch, and its seat; numbers: what they carry."""

    rows: NDArray[np.int64]
    seats: NDArray[np.int64]
    numbers: Numbers


class _Seats:
    """Objects as each source shows them: which place theirs is in, and the second of which the last row was taken."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], int] = {}
        self.places, self._written = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self._seconds = Seconds()

    def of(self, keys: list[tuple[Any, ...]], place: Callable[[tuple[Any, ...]], int]) -> NDArray[np.int64]:
        """Give the seats of a batch's groups; new ones, and those without a place, are asked for theirs."""
        if len(self._known) + len(keys) > MAX_RANGES and not all(key in self._known for key in keys):
            self._known = {}  # costs a second's rows
            self.places[:] = -1
            self._seconds.forget()
        seats = np.fromiter(map(self._known.get, keys, repeat(-1)), np.int64, len(keys))
        for group in np.flatnonzero(seats < 0).tolist():
            seats[group] = self._known.setdefault(kept(keys[group]), len(self._known))
        self.places, self._written = roomy((self.places, self._written), len(self._known), (-1, False))
        for group in np.flatnonzero(self.places[seats] < 0).tolist():
            self.places[seats[group]] = place(keys[group])
            self._written[seats[group]] = keys[group][6] == "written"
        return seats

    def due(self, seats: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the rows that count, by seat: all that were written, of others the first of each second."""
        order = in_turn(np.where(self.places[seats] >= 0, seats, -1))
        mine = seats[order]
        rows: NDArray[np.int64] = order[self._seconds.fresh(mine, times[order]) | self._written[mine]]
        return rows


def _object(key: tuple[Any, ...]) -> Key:
    """Give the cause: what stands for an object, whoever's capture shows it."""
    return (*(word or "" for word in key[1:7]), str(min(key[7], MAX_NUMBERS)))


def _tag(context: Context, realm: str, server: str, unit: str, target: str, at: int) -> Tag | None:
    """Find the process tag that people gave the object."""
    place = target
    kind, _, number = target.rpartition(":")
    if at and number.isdecimal():
        place = f"{kind}:{int(number) + at}"
    for tag in context.site.tags:
        ours = tag.realm == realm and tag.server == server and tag.object == place
        if ours and (tag.device is None or tag.device == unit):
            return tag
    return None


def _beyond(tag: Tag, values: list[float]) -> bool:
    return (tag.low is not None and values[0] < tag.low) or (tag.high is not None and values[-1] > tag.high)


def _limits(tag: Tag | None) -> str:
    return "" if tag is None else f" The site file's safe limits of {tag.name} are {tag.low} to {tag.high}."


def _named(tag: Tag | None, target: str, at: int) -> str:
    if tag is not None:
        return f"{tag.name} ({target}{f' + {at}' if at else ''})"
    return f"{target}{f' + {at}' if at else ''}"


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


_ACTIONS: Final = (
    Action(
        text="Compare the value at the machine itself (its panel, a gauge) with what is said here.",
        risk="None while only reading.",
    ),
    Action(
        text="If it was written by nobody who should, set it back by hand at the machine's own panel.",
        risk="A jump back is itself a move of the process: let operators judge how fast.",
    ),
)
