"""Two that always told the same and now do not: between one of them and its reader somebody changes what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.raw_numbers import raw_readings
from interlock.detect.learned.readings import ASKED, READ, TOLD, Lined, Readings, Seats
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.learned.tape import SPAN, Tape
from interlock.detect.learned.twins import LEAST_MOVED, LEAST_STRETCHES, TIMES, Twins
from interlock.detect.techniques import named
from interlock.detect.walks import in_time, views
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["TwinValues"]

MAX_OBJECTS: Final = 4_000
MAX_NUMBERS: Final = 8_192
MOST_OF_ONE: Final = 64
"""Numbers of one object that are looked at."""
LEAST_STILL: Final = 2
"""Stretches in which one of two that always moved stood still: what stops for a moment is read as it was for less."""
_WRITTEN: Final = " (written)"
_ENDS: Final = 5
_SECOND_NS: Final = 1_000_000_000
_NONE: Final = -10


class TwinValues(Learner):
    """One finding per pair of blocks. Keys: realm, client, server, protocol, place of the one, then of the other.

    Learned: pairs of numbers that went through a span together and were never further apart than a part of it.
    """

    name: ClassVar[str] = "twin-values"
    table: ClassVar[str] = "values"
    leisurely: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": (*READ, "raw"),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "gaps": "readings are missing of one of two that are compared",
        "clock-step": "the capture's clock jumped, and which readings belong together is not known",
    }

    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def _begin(self) -> None:
        self._tape, self.twins, self._seats = Tape(MAX_OBJECTS, MAX_NUMBERS), Twins(), Seats()
        self._bad: dict[tuple[int, int], int] = {}
        """Slots of a pair → the last stretch in which it was apart."""
        self._waiting: list[tuple[Lined, NDArray[np.int64], NDArray[np.int64]]] = []
        """Readings of a batch's first parts, their stretches and frames."""

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Look for pairs, and how far apart they are."""
        for numbers in self._ended(batch, self._tape.make):
            for left, right in self.twins.learn(numbers):
                self.surprise(self._cause(left, right), self._tape.stretch * SPAN // 60)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count stretches in which two were apart, where those before them were, too."""
        pairs = self.twins.judged
        slots = np.append(self.twins.left[pairs], self.twins.right[pairs])
        wanted = set(self._tape.owner[slots].tolist())

        def known(key: Key, _: int) -> int:
            place = self._tape.find(key)
            return place if place in wanted else -1

        for numbers in self._ended(batch, known) if wanted else ():
            for at in self.twins.parted(numbers).tolist():
                left, right = int(self.twins.left[at]), int(self.twins.right[at])
                before = self._bad.get((left, right), _NONE)
                self._bad[left, right] = self._tape.stretch
                if before == self._tape.stretch - 1:
                    yield self._count(at, numbers[left], numbers[right])

    def _count(self, at: int, one: NDArray[np.float64], other: NDArray[np.float64]) -> Key:
        left, right = int(self.twins.left[at]), int(self.twins.right[at])
        key, begin = self._cause(left, right), self._tape.stretch * SPAN
        tally = self.tallies[key]
        for slot in (left, right):
            place = int(self._tape.owner[slot])
            frames = self._tape.frames[place]
            seconds = np.flatnonzero(frames)
            if len(seconds):
                ends = [(begin + int(seconds[n])) * _SECOND_NS for n in (0, -1)]
                tally.add(self._tape.sources[place], ends[0], ends[1], frames[seconds], int(slot == left))
        pair = f"{self._place(left)} and {self._place(right)}"
        tally.note("pair", pair)
        tally.note(self.twins.likeness(at), pair)
        if self.twins.never_rests(at) and _stands(one) != _stands(other):
            tally.note("still", pair)
        tally.note(f"apart {pair}", f"{np.nanmedian(one):.6g} and {np.nanmedian(other):.6g}")
        return key

    def _place(self, slot: int) -> str:
        key, at = self._tape.keys[int(self._tape.owner[slot])], self._tape.number_of(slot)
        return f"{key[4]}, number {at + 1}" if int(key[5]) > 1 else key[4]

    def _cause(self, left: int, right: int) -> Key:
        one, other = sorted(self._tape.keys[int(self._tape.owner[slot])][:_ENDS] for slot in (left, right))
        return (*one, *other[1:])

    def _ended(self, batch: Batch, seat: Callable[[Key, int], int]) -> Iterator[NDArray[np.float64]]:
        """Take a batch's readings in; give the numbers of each stretch that ends, [slot, second].

        Rows need not come in time's order: a batch may hold one protocol's, or one server's, behind another's. So
        no stretch ends before the last part of a batch; what comes later than a later stretch began is left out.
        """
        for lined, rows in self._parts(batch, seat):
            stretches = np.empty(len(rows), np.int64)
            in_time(*views(lined.times), SPAN * _SECOND_NS, self._tape.stretch, *views(stretches))
            self._waiting.append((lined, stretches, batch.frames()[rows]))
        if batch.more or not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for stretch in distinct(np.concatenate([of for _, of, _ in waiting])).tolist():
            if stretch < 0:
                continue
            if stretch != self._tape.stretch:
                if self._tape.stretch >= 0:
                    yield self._tape.ended()
                self._tape.clear(next_one=stretch == self._tape.stretch + 1)
                self._tape.stretch = stretch
            for lined, of, frames in waiting:
                self._tape.put(lined, of == stretch, frames)

    def _parts(
        self, batch: Batch, seat: Callable[[Key, int], int]
    ) -> Iterator[tuple[Lined, NDArray[np.int64]]]:
        """Readings that are told, then those that are written, in numbers, then in octets; and their batch rows."""
        sets: list[tuple[Batch, Readings, NDArray[np.int64] | None, bool]] = []
        numbers, of = batch.having("number")
        if (readings := Readings.of(numbers)) is not None:
            sets.append((numbers, readings, of, False))
        if (raw := raw_readings(batch)) is not None:
            sets.append((*raw, True))
        for rows, readings, of, holds in sets:
            for directions, behind in ((TOLD, ""), (ASKED, _WRITTEN)):

                def place(key: Key, width: int, behind: str = behind) -> int:
                    return seat((*key[:4], key[4] + behind, key[5]), min(width, MOST_OF_ONE))

                lined = readings.lined(rows, self._seats, place, MOST_OF_ONE, directions)
                if lined is not None:
                    self._note_sources(rows, lined)
                    if holds:
                        self._hold(lined)
                    yield lined, lined.rows if of is None else of[lined.rows]

    def _hold(self, lined: Lined) -> None:
        """Octets are told when they change."""
        first = lined.firsts
        for place, width in zip(lined.places[first].tolist(), lined.widths[first].tolist(), strict=True):
            self._tape.hold(place, width)

    def _note_sources(self, batch: Batch, lined: Lined) -> None:
        words, codes = batch.words("source")
        first = lined.firsts
        for place, row in zip(lined.places[first].tolist(), lined.rows[first].tolist(), strict=True):
            if not self._tape.sources[place]:
                self._tape.sources[place] = words[int(codes[row])] or ""

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say which two, and what each says now."""
        realm, client, server, protocol, place, beside, teller, other, where = key
        if not self._copies(key, tally, context):
            return None
        pairs = list(tally.noted("pair"))
        now = next(iter(tally.noted(f"apart {pairs[0]}")), "") if pairs else ""
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name = context.name
        written = _WRITTEN.strip() in f"{place} {where}"
        first = _told(name(realm, client), name(realm, server), protocol, place)
        second = _told(name(realm, beside), name(realm, teller), other, where)
        return Verdict(
            realm=realm,
            machines=tuple(dict.fromkeys((server, teller, client, beside))),
            cause=f"{protocol} {place} {other} {where} {client} {beside}",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("high"),
            confidence=0.75,
            title=f"Two that always told the same no longer do: {first}, and {second}",
            seen=f"Seen {counted(tally.count, 'stretch')} in which {counted(len(pairs), 'pair')} of numbers lay "
            f"further apart than ever while learning: {pairs[0] if pairs else ''}, {now}. {ends.told()}".strip(),
            matters="One of the two is not true: somebody changes it on its way, or its sender lies. Who commands by "
            "it, or obeys it, does what the process does not need.",
            silent=f"Silent up to {TIMES:g} times as far apart as they were while learning, for numbers that did not "
            f"move together in {_LEAST_TEXT} stretches of it, under a work order for both machines, and once "
            "accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, "", dict.fromkeys((server, teller))),
            techniques=named("twins-apart-written" if written else "twins-apart"),
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("pairs", "; ".join(pairs)[:500]), ("now", now)),
        )

    def _copies(self, key: Key, tally: Tally, context: Context) -> bool:
        """Whether one of the two is a copy of the other: one machine tells both to others, or hands on what it is told.

        What a machine does when it is told to is no copy, but physics: a drive that trips follows its speed no more.
        What is handed on may be read a moment later, and differ by that; nothing that never rests stands still alone.
        """
        realm, client, server, _, place, beside, teller, _, where = key

        def machine(address: str) -> str:
            asset = context.asset(realm, address)
            return address if asset is None else asset.id

        ends = [machine(address) for address in (client, server, beside, teller)]
        orders = [place.endswith(_WRITTEN), where.endswith(_WRITTEN)]
        speakers = [ends[0 if orders[0] else 1], ends[2 if orders[1] else 3]]
        listeners = [ends[1 if orders[0] else 0], ends[3 if orders[1] else 2]]
        if speakers[0] == speakers[1]:
            return listeners[0] != listeners[1] and bool(tally.noted("exact") or tally.noted("close"))
        handed_on = listeners[0] == speakers[1] or listeners[1] == speakers[0]
        still = max(tally.noted("still").values(), default=0) >= LEAST_STILL
        return handed_on and not any(orders) and (bool(tally.noted("exact")) or still)

    def knowledge(self) -> Any:
        """Give the pairs that are no accident."""
        return [
            [self._tape.label(int(self.twins.left[at])), self._tape.label(int(self.twins.right[at])),
             self.twins.state(at)]
            for at in np.flatnonzero(self.twins.stretches).tolist()
        ]  # fmt: skip

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.twins)

    def restore_knowledge(self, known: Any) -> None:
        """Take it back; the lesson's last stretch is no part of what is judged."""
        self._begin()
        for left, right, state in known:
            slots = self._slot(*left), self._slot(*right)
            if min(slots) >= 0:
                self.twins.add(*slots, state)

    def _slot(self, words: list[str], at: int) -> int:
        key = tuple(str(word) for word in words)
        width = min(int(key[5]), MOST_OF_ONE)
        if not 0 <= int(at) < width:
            raise ValueError("an object has no such number")
        place = self._tape.make(key, width)
        return -1 if place < 0 else int(self._tape.begins[place]) + int(at)

    def besides(self) -> Any:
        """Give the stretch that has begun, and which pairs are apart."""
        bad = [
            [self._tape.label(left), self._tape.label(right), stretch]
            for (left, right), stretch in self._bad.items()
        ]
        return [self._tape.state(), bad]

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        self._tape.restore(state[0])
        for left, right, stretch in state[1]:
            self._bad[self._slot(*left), self._slot(*right)] = int(stretch)


def _stands(numbers: NDArray[np.float64]) -> bool:
    """Whether all seconds that were read say the same."""
    return bool(np.nanmin(numbers) == np.nanmax(numbers))


def _told(client: str, server: str, protocol: str, place: str) -> str:
    bare = place.replace(_WRITTEN, "")
    verb = "writes to" if place.endswith(_WRITTEN) else "is told by"
    return f"{client} {verb} {server} at {bare} ({spoken(protocol)})"


_LEAST_TEXT: Final = f"{LEAST_MOVED} of {LEAST_STRETCHES}"
_ACTIONS: Final = (
    Action(
        text="Compare both with the machine itself: its panel, a gauge, the position of the valve.",
        risk="None while only looking.",
    ),
    Action(
        text="Look at the cables and switches between the two ends of the one that is wrong for somebody who stands "
        "there.",
        risk="None while only looking; unplugging something stops the exchange, and the machine with it.",
    ),
)
