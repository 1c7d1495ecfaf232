"""Windows: what came together within a timespan, group by group, in bounded memory.

Time is cut into slots of a twentieth of the timespan; the events of a slot are a count, their frames and their words.
Whatever 20 slots in a row hold together lies within the timespan. So nothing is said that is not so; events that are
further apart than 19 slots but within the timespan may be missed. All of it is sums: however rows are cut into
batches, it comes out the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.detect.tally import Key, Room, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.rules.model import Correlation

__all__ = ["MAX_GROUPS", "SLOTS", "Slot", "Windows"]

SLOTS: Final = 20
KEPT: Final = 2 * SLOTS
"""Slots of a group that are remembered, counted back from its latest: rows whose answers are late come late."""
MAX_GROUPS: Final = 4_000
MAX_SLOTS: Final = 16_000
MAX_WORDS: Final = 512
"""Distinct values that a slot remembers."""
_MAX_ALL_WORDS: Final = 50_000


class Slot:
    """What a group showed in one slot. tally: what of it has not become part of a finding. words: all of it."""

    __slots__ = ("tally", "words")

    def __init__(self, room: Room | None = None) -> None:
        self.tally = Tally(room)
        self.words: dict[str, list[int]] = {}

    def note(self, word: str, first: int, last: int) -> None:
        """Remember a word and when it was there (UTC ns)."""
        known = self.words.get(word)
        if known is not None:
            known[0], known[1] = min(known[0], first), max(known[1], last)
        elif len(self.words) < MAX_WORDS:
            self.words[word] = [first, last]


class Windows:
    """The groups of one correlation. `slot` gives where to count; `ripe` what has come together since."""

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self.slot_ns = max(1, correlation.timespan_s * 10**9 // SLOTS)
        self._groups: dict[Key, dict[int, Slot]] = {}
        self._touched: dict[Key, set[int]] = {}
        self._room = Room(_MAX_ALL_WORDS)
        self._slots = 0
        self.left_out = 0

    @property
    def crowded(self) -> bool:
        """Whether so much is remembered that what is ripe had better be taken, and what is old forgotten."""
        return self._slots >= MAX_SLOTS // 2

    def slot(self, key: Key, number: int) -> Slot | None:
        """Give the slot of a group in which rows are to be counted; None, and counted, where there is no room.

        number: of the slot since 1970.
        """
        slots = self._groups.get(key, {})
        if number not in slots:
            full = len(self._groups) >= MAX_GROUPS or self._slots >= MAX_SLOTS
            if full and not self._make_room(number):
                self.left_out += 1
                return None
            slots = self._groups.setdefault(key, {})
            slots[number] = Slot(self._room)
            self._slots += 1
        self._touched.setdefault(key, set()).add(number)
        return slots[number]

    def _make_room(self, now: int) -> bool:
        """Forget the groups that have nothing within the timespan and were looked at."""
        for key in [
            k for k, slots in self._groups.items() if k not in self._touched and max(slots) < now - SLOTS
        ]:
            self._drop(self._groups[key], list(self._groups[key]))
            del self._groups[key]
        return len(self._groups) < MAX_GROUPS and self._slots < MAX_SLOTS

    def _drop(self, slots: dict[int, Slot], numbers: list[int]) -> None:
        for number in numbers:
            self._give_back(slots.pop(number).tally)
        self._slots -= len(numbers)

    def _give_back(self, tally: Tally) -> None:
        self._room.left += sum(len(words) for words in tally.words.values())

    def ripe(self) -> Iterator[tuple[Key, Tally]]:
        """Give what has come together by what was counted since: of each group what no one has given before."""
        for key, numbers in sorted(self._touched.items()):
            slots = self._groups[key]
            for number in self._ripe(slots, numbers):
                slot = slots[number]
                yield key, slot.tally
                self._give_back(slot.tally)
                slot.tally = Tally(self._room)
            self._forget(slots)
        self._touched.clear()

    def _ripe(self, slots: dict[int, Slot], touched: set[int]) -> list[int]:
        """Numbers of the slots that hold something new and lie in a window that is full."""
        found: set[int] = set()
        if not self._may_be_full(slots):
            return []
        for begin in sorted({n - back for n in touched for back in range(SLOTS) if n - back in slots}):
            numbers = [n for n in range(begin, begin + SLOTS) if n in slots]
            if not found.issuperset(numbers) and self._full([slots[n] for n in numbers]):
                found.update(numbers)
        return sorted(n for n in found if slots[n].tally.spans)

    def _may_be_full(self, slots: dict[int, Slot]) -> bool:
        """Tell quickly of most groups that they are not: a flood of groups buys no time."""
        wanted = self._correlation
        if wanted.kind == "event_count":
            return sum(slot.words.get("", [0])[0] for slot in slots.values()) >= wanted.least
        return sum(len(slot.words) for slot in slots.values()) >= wanted.least

    def _full(self, slots: list[Slot]) -> bool:
        wanted = self._correlation
        if wanted.kind == "event_count":
            return sum(slot.words.get("", [0])[0] for slot in slots) >= wanted.least
        if wanted.kind == "temporal_ordered":
            return _in_order(slots, wanted.rules)
        return len({word for slot in slots for word in slot.words}) >= wanted.least

    def count(self, slot: Slot, rows: int) -> None:
        """Count events of a slot: of event_count nothing else is asked."""
        if self._correlation.kind == "event_count":
            known = slot.words.setdefault("", [0, 0])
            known[0] += rows

    def _forget(self, slots: dict[int, Slot]) -> None:
        oldest = max(slots) - KEPT
        self._drop(slots, [n for n in slots if n < oldest])

    def state(self) -> list[Any]:
        """As JSON values."""
        groups = [
            [list(key), [[n, s.words, s.tally.state()] for n, s in slots.items()]]
            for key, slots in self._groups.items()
        ]
        return [self.left_out, groups]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self.left_out, self._groups, self._touched = int(state[0]), {}, {}
        self._room, self._slots = Room(_MAX_ALL_WORDS), 0
        for key, slots in state[1]:
            group = self._groups.setdefault(tuple(str(word) for word in key), {})
            for number, words, tally in slots:
                slot = group[int(number)] = Slot()
                slot.tally = Tally.of(tally, self._room)
                self._room.left -= sum(len(kind) for kind in slot.tally.words.values())
                self._slots += 1
                slot.words = {str(word): [int(a), int(b)] for word, (a, b) in words.items()}


def _in_order(slots: list[Slot], wanted: Iterable[str]) -> bool:
    """Tell whether each word can be found no earlier than the one before it; by first and last time in each slot."""
    reached = -1
    for word in wanted:
        times = sorted(time for slot in slots for time in slot.words.get(word, ()) if time >= reached)
        if not times:
            return False
        reached = times[0]
    return True
