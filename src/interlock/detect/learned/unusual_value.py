"""A value written that was never near what is written there, or told that is far from what was ever told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import HELD_BACK, Learner
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.learned.value_range import Range
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.site import Tag

__all__ = ["UnusualValue"]

MAX_RANGES: Final = 50_000
MAX_NUMBERS: Final = 256
"""Of one block; what is longer is judged by its first ones."""
_COLUMNS: Final = ("source", "realm", "server", "protocol", "unit", "object", "direction")


_SLOT_NS: Final = 1_000_000_000


class UnusualValue(Learner):
    """One finding per object (the first of its block) and direction. Of what is told the first of each second counts.

    Keys: realm, server, protocol, unit, object, direction, and how many numbers the block has.
    """

    name: ClassVar[str] = "unusual-value"
    table: ClassVar[str] = "values"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": (*_COLUMNS, "client", "time", "frame", "number"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.ranges: dict[Key, Range] = {}
        self._looked: dict[tuple[Any, ...], int] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Widen ranges."""
        for key, rows, numbers in self._blocks(batch):
            times = batch.times_ns()[rows]
            first, last = int(times.min()), int(times.max())
            known = self.ranges.get(key[1:])
            if known is None:
                if len(self.ranges) >= MAX_RANGES:
                    continue
                known = self.ranges[key[1:]] = Range(numbers.shape[1])
            if known.ready(key[6]) and known.outside(numbers, key[6]).any():
                self.surprise(key[1:], first // MINUTE_NS)
            known.widen(numbers, first // MINUTE_NS, last // MINUTE_NS)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count rows with a number outside."""
        settled = self.observed.at_share(1 - HELD_BACK)
        for key, found, numbers in self._blocks(batch):
            known = self.ranges.get(key[1:])
            if known is None or not known.judges(key[6], settled):
                continue
            strange = known.outside(numbers, key[6])
            if not strange.any():
                continue
            rows = found[strange.any(axis=1)]
            tally = self.tallies[key[1:]]
            tally.add_rows(key[0], batch, rows)
            tally.note_rows("client", batch, rows)
            for at in np.flatnonzero(strange.any(axis=0)).tolist():
                column = numbers[strange[:, at], at]
                for extreme in {float(column.min()), float(column.max())}:
                    tally.note(f"number-{at}", repr(extreme))
            yield key[1:]

    def _blocks(self, batch: Batch) -> Iterator[tuple[Key, NDArray[np.int64], NDArray[np.float64]]]:
        """Give rows that carry equally many numbers of one object, and these as rows and columns."""
        if not batch.has("number"):
            return
        column = batch.column("number")
        lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        flat = column.flatten().to_numpy(zero_copy_only=False)
        starts = np.cumsum(lengths) - lengths
        groups = batch.groups(*_COLUMNS, bins=lengths, named="numbers")
        for group, key in groups:
            width = min(key[7], MAX_NUMBERS)
            rows = self._due(key, batch, groups, group) if width else None
            if rows is not None:
                numbers = flat[starts[rows][:, None] + np.arange(width)]
                yield (*(word or "" for word in key[:7]), str(width)), rows, numbers

    def _due(
        self, key: tuple[Any, ...], batch: Batch, groups: Groups, group: int
    ) -> NDArray[np.int64] | None:
        """Give the rows of a group that count; None where none does. Polls of every millisecond buy no time."""
        if key[6] == "written":
            return groups.rows(group)
        _, first, last, _ = groups.summary(group)
        before, latest = self._looked.get(key), last // _SLOT_NS
        if before is not None and first // _SLOT_NS == latest == before:
            return None
        if len(self._looked) >= MAX_RANGES:
            self._looked.clear()
        rows = groups.rows(group)
        slots = batch.times_ns()[rows] // _SLOT_NS
        fresh = np.ones(len(rows), np.bool_)
        fresh[1:] = slots[1:] != slots[:-1]
        if before is not None:
            fresh &= slots != before
        self._looked[key] = int(slots[-1])
        return rows[fresh] if fresh.any() else None

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what was written or told, and what had been usual."""
        # Over 40 lines: one verdict, most of them its words.
        realm, server, protocol, unit, target, direction, _ = key
        known = self.ranges.get(key)
        at = min((int(k[7:]) for k in tally.words if k.startswith("number-")), default=None)
        if known is None or at is None:
            return None
        values = sorted(float(v) for v in tally.noted(f"number-{at}"))
        usual, now = known.text(at), _span(values[0], values[-1])
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
            techniques=("T0836", "T0831", "T0855") if written else ("T0856", "T0832", "T0831"),
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
        return [[list(key), known.state()] for key, known in self.ranges.items()]

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.ranges = {tuple(str(w) for w in key): Range.of(state) for key, state in known}


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
