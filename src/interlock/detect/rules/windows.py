"""Windows: what came together within a timespan, group by group, in bounded memory.

Time is cut into slots of a twentieth of the timespan; the events of a slot are a count, their frames and their words.
Whatever 20 slots in a row hold together lies within the timespan. So nothing is said that is not so; events that are
further apart than 19 slots but within the timespan may be missed. All of it is sums: however rows are cut into
batches, it comes out the same.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.rules.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.batch import Summary
    from interlock.detect.rules.floods import Flood
    from interlock.detect.rules.model import Correlation
    from interlock.detect.tally import Key

__all__ = ["MANY", "MAX_GROUPS", "MAX_SLOTS", "SLOTS", "Cell", "Windows"]

SLOTS: Final = 20
KEPT: Final = 2 * SLOTS
"""Slots of a group that are remembered, counted back from its latest: rows whose answers are late come late."""
MAX_GROUPS: Final = 4_000
MAX_SLOTS: Final = 16_000
_CROWDED: Final = MAX_SLOTS - SLOTS
MANY: Final = 100
"""Events: what takes so many is told by their number alone, and by no copy of a few."""
Cell = tuple["Key", int, str, "Summary"]
"""A group, the number of a slot since 1970, a source, and what rows of it sum up to."""
_Slots = dict[int, "Slot | tuple[str, Summary]"]
"""Number of a slot → what it showed; where rows of one source were counted once, just that: most nobody looks at."""


class Windows:
    """The groups of one correlation. `slot` gives where to count; `ripe` what has come together since."""

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self.slot_ns = max(1, correlation.timespan_s * 10**9 // SLOTS)
        self._groups: dict[Key, _Slots] = {}
        self._touched: dict[Key, set[int]] = {}
        self._totals: dict[Key, int] = {}
        self._slots = 0
        self._made_room: int | None = None
        self.left_out = 0

    @property
    def lean(self) -> bool:
        """Whether it takes so many events that each of them must cost little: then words are not remembered."""
        return self._correlation.kind == "event_count" and self._correlation.least >= MANY

    @property
    def crowded(self) -> bool:
        """Whether so much is remembered that what is ripe had better be taken, and what is old forgotten."""
        return bool(self._touched) and self._slots >= _CROWDED

    def slot(self, key: Key, number: int) -> Slot | None:
        """Give the slot of a group in which rows are to be counted; None, and counted, where there is no room.

        number: of the slot since 1970.
        """
        slots = self._groups.get(key)
        if slots is None or number not in slots:
            full = self._slots >= MAX_SLOTS or (slots is None and len(self._groups) >= MAX_GROUPS)
            if full and not self._make_room(number):
                self.left_out += 1
                return None
            slots = self._groups.setdefault(key, {})
            slots[number] = Slot()
            self._slots += 1
        touched = self._touched.get(key)
        if touched is None:
            self._touched[key] = {number}
        else:
            touched.add(number)
        return _opened(slots, number)

    def flood(self, cells: Iterable[Cell]) -> Iterator[None]:
        """Count what a lean window takes, in the order of slots; stops where it is crowded, for `ripe` to be taken."""
        touched, totals = self._touched, self._totals
        for key, number, source, summary in cells:
            if self._slots >= _CROWDED and touched:
                yield
            slot = self.slot(key, number)
            if slot is not None:
                slot.add_lean(source, summary)
                totals[key] = totals.get(key, 0) + summary[0]

    def pour(self, flood: Flood) -> Iterator[None]:
        """As `flood`, of many rows: a group at a time, where there is room for all, so that no order shows."""
        if self._slots + len(flood) < _CROWDED and len(self._groups) + len(flood.keys) < MAX_GROUPS:
            self._pour(flood)
        else:
            yield from self.flood(flood.cells())

    def _pour(self, flood: Flood) -> None:
        for group, (key, source) in enumerate(zip(flood.keys, flood.sources, strict=True)):
            part = slice(flood.starts[group], flood.starts[group + 1])
            numbers, sums = flood.numbers[part], flood.sums[part]
            slots = self._groups.setdefault(key, {})
            before = len(slots)
            if slots.keys().isdisjoint(numbers):
                slots.update(zip(numbers, zip(repeat(source), sums), strict=True))
            else:
                for number, summary in zip(numbers, sums, strict=True):
                    if number in slots:
                        _opened(slots, number).add_lean(source, summary)
                    else:
                        slots[number] = (source, summary)
            self._slots += len(slots) - before
            self._touched.setdefault(key, set()).update(numbers)
            self.counted(key, sum([summary[0] for summary in sums]))

    def counted(self, key: Key, rows: int) -> None:
        """Note that so many rows, or distinct words, were counted in a slot of a group."""
        self._totals[key] = self._totals.get(key, 0) + rows

    def _make_room(self, now: int) -> bool:
        """Forget the groups that have nothing within the timespan; looked for once a slot: a flood buys no time."""
        if self._made_room != now:
            self._made_room = now
            old = [k for k, s in self._groups.items() if k not in self._touched and max(s) < now - SLOTS]
            for key in old:
                self._slots -= len(self._groups.pop(key))
                self._totals.pop(key, None)
        return len(self._groups) < MAX_GROUPS and self._slots < MAX_SLOTS

    def ripe(self) -> Iterator[tuple[Key, Slot]]:
        """Give what has come together by what was counted since: of each group what no one has taken before."""
        if not self._touched:
            return
        for key, numbers in sorted(self._touched.items()):
            slots = self._groups[key]
            # Most groups are told quickly that they are not full: a flood of groups buys no time.
            if self._totals.get(key, 0) >= self._correlation.least:
                for number in self._ripe(slots, numbers):
                    yield key, _opened(slots, number)
            if len(slots) > KEPT or max(numbers) - min(slots) > KEPT:
                self._forget(key, slots)
        self._touched.clear()

    def _ripe(self, slots: _Slots, touched: set[int]) -> list[int]:
        """Numbers of the slots that hold something new and lie in a window that is full."""
        found: set[int] = set()
        for begin in sorted({n - back for n in touched for back in range(SLOTS) if n - back in slots}):
            numbers = [n for n in range(begin, begin + SLOTS) if n in slots]
            if not found.issuperset(numbers) and self._full([_opened(slots, n) for n in numbers]):
                found.update(numbers)
        return sorted(n for n in found if _opened(slots, n).spans)

    def _full(self, slots: list[Slot]) -> bool:
        wanted = self._correlation
        if wanted.kind == "event_count":
            return sum(slot.count for slot in slots) >= wanted.least
        if wanted.kind == "temporal_ordered":
            return _in_order(slots, wanted.rules)
        return len({word for slot in slots for word in slot.words}) >= wanted.least

    def _forget(self, key: Key, slots: _Slots) -> None:
        oldest = max(slots) - KEPT
        gone = {n: slots.pop(n) for n in [n for n in slots if n < oldest]}
        self._slots -= len(gone)
        self._totals[key] = self._totals.get(key, 0) - self._total(gone)

    def _total(self, slots: _Slots) -> int:
        """At least as many as any window of them holds."""
        if self._correlation.kind == "event_count":
            return sum([slot[1][0] if isinstance(slot, tuple) else slot.count for slot in slots.values()])
        return sum(len(_opened(slots, number).words) for number in slots)

    def state(self) -> list[Any]:
        """As JSON values."""
        groups = [
            [list(key), [[n, _opened(slots, n).state()] for n in list(slots)]]
            for key, slots in self._groups.items()
        ]
        return [self.left_out, groups]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self.left_out, self._groups, self._touched, self._made_room = int(state[0]), {}, {}, None
        for key, slots in state[1]:
            group = self._groups.setdefault(tuple(str(word) for word in key), {})
            group.update((int(number), Slot.of(slot)) for number, slot in slots)
        self._slots = sum(len(slots) for slots in self._groups.values())
        self._totals = {key: self._total(slots) for key, slots in self._groups.items()}


def _opened(slots: _Slots, number: int) -> Slot:
    """A slot that is there, as one."""
    slot = slots[number]
    if isinstance(slot, tuple):
        slot = slots[number] = Slot.lean(*slot)
    return slot


def _in_order(slots: list[Slot], wanted: Iterable[str]) -> bool:
    """Tell whether each word can be found no earlier than the one before it; by first and last time in each slot."""
    reached = -1
    for word in wanted:
        times = sorted(time for slot in slots for time in slot.words.get(word, ()) if time >= reached)
        if not times:
            return False
        reached = times[0]
    return True
