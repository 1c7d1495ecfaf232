"""Tallies: what a detector remembers about one cause, and a bounded shelf of them.

Everything in a tally is a sum, a smallest or a largest, so that it comes out the same
however the records were cut into batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.named_frames import NamedFrames, Store
from interlock.records.finding import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups

__all__ = ["MAX_CAUSES", "Key", "Room", "Span", "Tallies", "Tally"]

Key = tuple[str, ...]
MAX_CAUSES: Final = 10_000
_FEW: Final = 16
"""Rows: up to here counting them one by one is quicker than numpy's set-up."""
_MOST_INSTANTS: Final = 4_096
_MOST_ORDERS: Final = 20
MAX_SOURCES: Final = 1_000
MAX_WORDS: Final = 2_048
MAX_ALL_WORDS: Final = 100_000
"""Bounds per detector, per cause, per kind of word, for all words of a shelf; what comes after is counted
as left out."""


class Span:
    """What one source showed of a cause: rows, first and last time (UTC ns), frames."""

    __slots__ = ("count", "first", "frames", "last")

    def __init__(self, first: int, last: int, store: Store | None) -> None:
        self.count, self.first, self.last, self.frames = 0, first, last, NamedFrames(store)

    def add(self, first: int, last: int, frames: NDArray[np.int64] | list[int], count: int) -> None:
        """Take in more rows."""
        self.count += count
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.frames.add(frames)


class Room:
    """How many more words and frames a shelf of tallies can hold; and by what its tallies tell which orders held.

    when: from one instant to another (UTC ns) → ids of the orders in force, joined by lines (gate.calendar_of).
    """

    __slots__ = ("frames", "left", "refused", "when")

    def __init__(self, left: int) -> None:
        self.left = left
        self.frames = Store()
        self.when: Callable[[int, int], str] | None = None
        self.refused = 0

    def take(self) -> bool:
        """Take the place of one word; false, and counted, where none is left."""
        if self.left <= 0:
            self.refused += 1
            return False
        self.left -= 1
        return True


class Tally:
    """One cause: a span per source, words with counts, and how much of it fell under which work orders."""

    __slots__ = ("_room", "left_out", "orders", "spans", "words")

    def __init__(self, room: Room | None = None) -> None:
        """room: what bounds its words together with those of its shelf."""
        self._room = room
        self.spans: dict[str, Span] = {}
        self.words: dict[str, dict[str, int]] = {}
        self.orders: dict[str, int] = {}
        self.left_out = 0

    @property
    def count(self) -> int:
        """Occurrences in all sources."""
        return sum(span.count for span in self.spans.values())

    @property
    def first(self) -> int:
        """When it first occurred, UTC ns."""
        return min((span.first for span in self.spans.values()), default=0)

    @property
    def last(self) -> int:
        """When it last occurred, UTC ns."""
        return max((span.last for span in self.spans.values()), default=0)

    def add_rows(self, source: str, batch: Batch, rows: NDArray[np.int64]) -> None:
        """Count rows of a batch that all came from one source."""
        if len(rows):
            times = batch.times_ns()[rows]
            first, last = int(times.min()), int(times.max())
            self._hold(first, last, len(rows), times)
            self._span(source, first, last, batch.frames()[rows], len(rows))

    def add_group(self, source: str, groups: Groups, group: int) -> None:
        """Count a group of rows that all came from one source."""
        count, first, last, _ = groups.summary(group)
        frames = groups.frames_of(group)
        if self._room is not None and self._room.when is not None:
            self._hold(first, last, count, groups.times[groups.rows(group)])
        self._span(source, first, last, frames, count)

    def merge(self, other: Tally) -> None:
        """Take in another tally."""
        for held, count in other.orders.items():
            self.orders[held] = self.orders.get(held, 0) + count
        for source, span in other.spans.items():
            self._span(source, span.first, span.last, np.array(span.frames.told(), np.int64), span.count)
        for kind, words in other.words.items():
            for word, count in words.items():
                self.note(kind, word, count)
        self.left_out += other.left_out

    def add(self, source: str, first: int, last: int, frames: NDArray[np.int64], count: int) -> None:
        """Count `count` occurrences between two instants (UTC ns) in frames of one source."""
        self._hold(first, last, count)
        self._span(source, first, last, frames, count)

    def _hold(self, first: int, last: int, count: int, times: NDArray[np.int64] | None = None) -> None:
        """Note under which orders it falls, instant by instant where they are known and not all under the same."""
        if self._room is None or (when := self._room.when) is None:
            return
        held = when(first, last)
        if not held and times is not None and 1 < len(times) <= _MOST_INSTANTS:
            for instant in times.tolist():
                self._note_order(when(instant, instant), 1)
        else:
            self._note_order(held, count)

    def _note_order(self, held: str, count: int) -> None:
        held = held if held in self.orders or len(self.orders) < _MOST_ORDERS else ""
        self.orders[held] = self.orders.get(held, 0) + count

    def _span(
        self, source: str, first: int, last: int, frames: NDArray[np.int64] | list[int], count: int
    ) -> None:
        span = self.spans.get(source)
        if span is None:
            if len(self.spans) >= MAX_SOURCES:
                self.left_out += count
                return
            span = self.spans[source] = Span(first, last, None if self._room is None else self._room.frames)
        span.add(first, last, frames, count)

    def note(self, kind: str, word: str, count: int = 1) -> None:
        """Count a word of a kind (a peer, a user, an outcome)."""
        words = self.words.setdefault(kind, {})
        if word in words:
            words[word] += count
        elif len(words) < MAX_WORDS and (self._room is None or self._room.take()):
            words[word] = count
        else:
            self.left_out += count

    def note_rows(self, column: str, batch: Batch, rows: NDArray[np.int64]) -> None:
        """Count the words that a column has in these rows, as words of the column's kind; nulls are not."""
        if len(rows) <= _FEW:
            for word in batch.words_at(column, rows):
                if word is not None:
                    self.note(column, word)
            return
        words, codes = batch.words(column)
        if len(words) == 1:
            if words[0] is not None:
                self.note(column, words[0], len(rows))
            return
        counts = np.bincount(codes[rows], minlength=len(words))
        for code in np.flatnonzero(counts).tolist():
            word = words[code]
            if word is not None:
                self.note(column, word, int(counts[code]))

    def noted(self, kind: str) -> dict[str, int]:
        """Words of a kind with their counts, in the words' order."""
        return dict(sorted(self.words.get(kind, {}).items()))

    def only(self, sources: set[str]) -> Tally:
        """Give the same cause as only these sources show it; words are not kept by source and stay."""
        part = Tally()
        part.spans = {s: span for s, span in self.spans.items() if s in sources}
        part.words, part.orders, part.left_out = self.words, self.orders, self.left_out
        return part

    def evidence(self, table: str, note: str = "") -> tuple[Evidence, ...]:
        """Frames by source, at most MAX_FRAMES each (named_frames)."""
        return tuple(
            Evidence(source=source, frames=span.frames.told(), total=span.count, table=table, note=note)
            for source, span in sorted(self.spans.items())
        )

    def leave(self, room: Room) -> None:
        """Give back what its words and frames take of a shelf's room."""
        room.left += sum(len(words) for words in self.words.values())
        room.frames.left += sum(len(span.frames) for span in self.spans.values())

    def state(self) -> list[Any]:
        """As JSON values."""
        spans = {s: [x.count, x.first, x.last, x.frames.told()] for s, x in self.spans.items()}
        return [spans, self.words, self.left_out, self.orders]

    @classmethod
    def of(cls, state: list[Any], room: Room | None = None) -> Tally:
        """From JSON values."""
        tally = cls(room)
        for source, (count, first, last, frames) in state[0].items():
            tally._span(source, int(first), int(last), np.array(frames, np.int64), int(count))
        tally.words = {kind: {w: int(n) for w, n in words.items()} for kind, words in state[1].items()}
        tally.left_out = int(state[2])
        tally.orders = {held: int(n) for held, n in state[3].items()} if len(state) > 3 else {}
        return tally


class _Refused(Tally):
    """What does not fit on a shelf is counted there and looked at no further: whoever floods it buys no time."""

    def add_group(self, source: str, groups: Groups, group: int) -> None:
        """Nothing."""

    def add(self, source: str, first: int, last: int, frames: NDArray[np.int64], count: int) -> None:
        """Nothing."""

    def add_rows(self, source: str, batch: Batch, rows: NDArray[np.int64]) -> None:
        """Nothing."""

    def note(self, kind: str, word: str, count: int = 1) -> None:
        """Nothing."""

    def note_rows(self, column: str, batch: Batch, rows: NDArray[np.int64]) -> None:
        """Nothing."""


_REFUSED: Final = _Refused()


class Tallies:
    """Cause → tally, at most `most` of them; what does not fit is counted, never silently lost."""

    def __init__(self, most: int = MAX_CAUSES) -> None:
        self._most = most
        self._tallies: dict[Key, Tally] = {}
        self._room = Room(MAX_ALL_WORDS)
        self._full = 0

    @property
    def room(self) -> Room:
        """What its tallies share."""
        return self._room

    @property
    def left_out(self) -> int:
        """How many times something did not fit."""
        return self._full + self._room.refused

    def __len__(self) -> int:
        """How many causes there are."""
        return len(self._tallies)

    def __iter__(self) -> Iterator[Key]:
        """Give the causes, sorted."""
        return iter(sorted(self._tallies))

    def __contains__(self, key: Key) -> bool:
        return key in self._tallies

    def __getitem__(self, key: Key) -> Tally:
        """Give the tally of a cause, made on first sight; one that nobody reads once the shelf is full."""
        tally = self._tallies.get(key)
        if tally is not None:
            return tally
        if len(self._tallies) >= self._most:
            self._full += 1
            return _REFUSED
        return self._tallies.setdefault(key, Tally(self._room))

    def age_out(self, most: int, worth: Callable[[Tally], int] = lambda _: 0) -> list[Key]:
        """Where three quarters of `most` are in use, let go what has not occurred for longest, down to half.

        worth: what is worth less goes before all that is worth more.
        """
        most = min(self._most, most)
        if 4 * len(self._tallies) <= 3 * most:
            return []
        order = sorted(self._tallies, key=lambda key: (worth(tally := self._tallies[key]), tally.last, key))
        gone = order[: len(order) - most // 2]
        for key in gone:
            self.pop(key)
        return gone

    def pop(self, key: Key) -> Tally | None:
        """Take a cause out; its words make room for others."""
        tally = self._tallies.pop(key, None)
        if tally is not None:
            tally.leave(self._room)
        return tally

    def state(self) -> list[Any]:
        """As JSON values, the last an iterator (see `packing`)."""
        tallies = ([list(key), tally.state()] for key, tally in self._tallies.items())
        return [self._full, self._room.left, self._room.refused, tallies]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self._full, self._room.left, self._room.refused = (int(n) for n in state[:3])
        self._room.frames = Store()
        self._tallies = {tuple(str(k) for k in key): Tally.of(tally, self._room) for key, tally in state[3]}
