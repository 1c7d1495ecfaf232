"""What a group showed within one slot of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.detect.batch import Groups, Summary, Word
    from interlock.detect.tally import Tally

__all__ = ["MAX_MIXES", "MAX_WORDS", "Slot"]

MAX_WORDS: Final = 512
MAX_MIXES: Final = 64
MAX_SOURCES: Final = 16
MAX_FRAMES: Final = 128
"""Bounds of a slot: distinct values, distinct mixtures of other columns' words, sources, frames of each."""


class Slot:
    """count: events. words: value → first and last time (UTC ns). spans, mixes: what no finding has taken yet.

    spans: source → count, first, last, smallest frames. mixes: words of the columns that a finding tells → count.
    """

    __slots__ = ("count", "mixes", "spans", "words")

    def __init__(self) -> None:
        self.count = 0
        self.words: dict[str, list[int]] = {}
        self.spans: dict[str, list[Any]] = {}
        self.mixes: dict[tuple[Word, ...], int] = {}

    def add(self, source: str, groups: Groups, group: int, mix: tuple[Word, ...]) -> int:
        """Count a group of rows; how many there were."""
        count, first, last, least = groups.summary(group)
        self.count += count
        one = count == 1
        span = self.spans.get(source)
        if span is None:
            if len(self.spans) >= MAX_SOURCES:
                return count
            # Most groups of a flood are one row, and the first of their slot.
            span = self.spans[source] = [count, first, last, [least] if one and 0 < least < _NONE else []]
        else:
            span[0] += count
            span[1], span[2] = min(span[1], first), max(span[2], last)
        if (not one or least not in span[3]) and (len(span[3]) < MAX_FRAMES or least < span[3][-1]):
            frames = [least] if one else groups.frames[groups.rows(group)].tolist()
            span[3] = sorted({*span[3], *(frame for frame in frames if 0 < frame < _NONE)})[:MAX_FRAMES]
        if mix and (mix in self.mixes or len(self.mixes) < MAX_MIXES):
            self.mixes[mix] = self.mixes.get(mix, 0) + count
        return count

    def add_lean(self, source: str, summary: Summary) -> None:
        """Count rows that are summed up: only their smallest frame is told, and no mixture."""
        count, first, last, least = summary
        self.count += count
        span = self.spans.get(source)
        if span is None:
            if len(self.spans) < MAX_SOURCES:
                self.spans[source] = [count, first, last, [least] if 0 < least < _NONE else []]
            return
        span[0] += count
        span[1], span[2] = min(span[1], first), max(span[2], last)
        frames = span[3]
        if 0 < least < _NONE and least not in frames and (len(frames) < MAX_FRAMES or least < frames[-1]):
            span[3] = sorted((*frames, least))[:MAX_FRAMES]

    @classmethod
    def lean(cls, source: str, summary: Summary) -> Slot:
        """One of rows that are summed up."""
        slot = cls()
        slot.add_lean(source, summary)
        return slot

    def note(self, word: str, first: int, last: int) -> int:
        """Remember a value and when it was there (UTC ns); 1 where it is new here, else 0."""
        known = self.words.get(word)
        if known is not None:
            known[0], known[1] = min(known[0], first), max(known[1], last)
            return 0
        if len(self.words) >= MAX_WORDS:
            return 0
        self.words[word] = [first, last]
        return 1

    def take(self, tally: Tally, columns: Sequence[str]) -> None:
        """Hand all that was not taken yet to a tally. columns: of the mixtures' words, in their order."""
        for source, (count, first, last, frames) in self.spans.items():
            tally.add(source, first, last, np.array(frames, np.int64), count)
        for mix, count in self.mixes.items():
            for column, word in zip(columns, mix, strict=True):
                if word is not None:
                    tally.note(column, word, count)
        self.spans, self.mixes = {}, {}

    def state(self) -> list[Any]:
        """As JSON values."""
        return [self.count, self.words, self.spans, [[list(mix), n] for mix, n in self.mixes.items()]]

    @classmethod
    def of(cls, state: list[Any]) -> Slot:
        """From JSON values."""
        slot = cls()
        slot.count = int(state[0])
        slot.words = {str(word): [int(a), int(b)] for word, (a, b) in state[1].items()}
        slot.spans = {
            str(source): [int(n), int(first), int(last), [int(frame) for frame in frames]]
            for source, (n, first, last, frames) in state[2].items()
        }
        slot.mixes = {tuple(None if w is None else str(w) for w in mix): int(n) for mix, n in state[3]}
        return slot


_NONE: Final = 2**63 - 1
"""What a group's summary says where no row has a frame."""
