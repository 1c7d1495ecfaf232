"""The gate: by a row's protocol, verb and outcome alone, which rules can fire at all.

Almost all traffic of a plant is of few kinds that no rule asks for; what such a batch costs is one look at its kinds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.rules.fields import GATES
from interlock.detect.rules.predicates import Predicate, predicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Word
    from interlock.detect.rules.model import Rule, Tree

__all__ = ["Gate", "decided"]

_MOST_KINDS: Final = 4_096
_MOST_CELLS: Final = 65_536


class Gate:
    """Kind of row → places of the rules that may fire for it. rules: all of one table."""

    def __init__(self, table: str, rules: Sequence[Rule]) -> None:
        self._columns = GATES[table]
        self._rules = rules
        self._predicates: dict[Tree, Predicate] = {}
        self._first: dict[Word, tuple[int, ...]] = {}
        self._known: dict[tuple[Word, ...], tuple[int, ...]] = {}

    def through(self, batch: Batch) -> tuple[tuple[int, ...], Batch | None]:
        """Give the rules that may fire, and rows among which are all that they may fire for; None where none are."""
        words, codes = batch.words(self._columns[0])
        first = [bool(self._anything_for(word)) for word in words]
        if not any(first):
            return (), None
        if not all(first):
            batch = _fewer(batch, np.array(first, np.bool_)[codes])
        numbers, kinds, size, cells = self._kinds(batch)
        asked = [self.rules(kind) for kind in kinds]
        if not any(asked):
            return (), None
        passes = np.zeros(size, np.bool_)
        passes[[number for number, rules in zip(numbers, asked, strict=True) if rules]] = True
        return tuple(sorted({rule for rules in asked for rule in rules})), _fewer(batch, passes[cells])

    def _anything_for(self, word: Word) -> tuple[int, ...]:
        """Places of the rules that may fire for rows whose first column has this word: only they look at others."""
        found = self._first.get(word)
        if found is None:
            given = {self._columns[0]: word}
            found = tuple(
                place
                for place, rule in enumerate(self._rules)
                if decided(rule.test, given, self._predicates) is not False
            )
            if len(self._first) < _MOST_KINDS:
                self._first[word] = found
        return found

    def _kinds(self, batch: Batch) -> tuple[list[int], list[tuple[Word, ...]], int, NDArray[np.int64]]:
        """Give the kinds of row that occur, by number and by words; how many numbers there are; each row's number."""
        columns = [batch.words(column) for column in self._columns]
        size = math.prod(len(words) for words, _ in columns)
        if size > _MOST_CELLS:
            return self._many_kinds(batch)
        cells = np.zeros(len(batch), np.int64)
        for words, codes in columns:
            if len(words) > 1:
                cells = cells * len(words) + codes
        numbers = [0] if size == 1 else np.flatnonzero(np.bincount(cells, minlength=size)).tolist()
        return numbers, [_words_of(number, columns) for number in numbers], size, cells

    def _many_kinds(self, batch: Batch) -> tuple[list[int], list[tuple[Word, ...]], int, NDArray[np.int64]]:
        groups = batch.groups(*self._columns)
        numbers = list(range(len(groups.keys)))
        return numbers, list(groups.keys), len(numbers), groups.numbers

    def rules(self, kind: tuple[Word, ...]) -> tuple[int, ...]:
        """Give the places of the rules that a row of this kind may fire."""
        found = self._known.get(kind)
        if found is None:
            if len(self._known) >= _MOST_KINDS:
                self._known.clear()
            given = dict(zip(self._columns, kind, strict=True))
            found = self._known[kind] = tuple(self._may_fire(given))
        return found

    def _may_fire(self, given: Mapping[str, Word]) -> Iterator[int]:
        for place in self._anything_for(given[self._columns[0]]):
            rule = self._rules[place]
            waits = given.get("outcome") == "pending" and not rule.early
            if not waits and decided(rule.test, given, self._predicates) is not False:
                yield place


def _fewer(batch: Batch, mask: NDArray[np.bool_]) -> Batch:
    """Only the rows of a mask, where so many fall away that it pays to copy the rest."""
    return batch if 4 * int(np.count_nonzero(mask)) > len(batch) else batch.take(mask)


def _words_of(number: int, columns: list[tuple[list[Word], NDArray[np.int64]]]) -> tuple[Word, ...]:
    kind: list[Word] = []
    for words, _ in reversed(columns):
        number, code = divmod(number, len(words))
        kind.append(words[code])
    return tuple(reversed(kind))


def decided(tree: Tree, given: Mapping[str, Word], made: dict[Tree, Predicate]) -> bool | None:
    """Say whether a condition holds where some columns are known; None where that is open. made: kept for later."""
    joint = tree[0]
    if joint in ("and", "or"):
        end: bool = joint == "or"
        whole: bool | None = not end
        for part in tree[1:]:
            holds = decided(part, given, made)
            if holds is end:
                return end
            if holds is None:
                whole = None
        return whole
    if joint == "not":
        part = decided(tree[1], given, made)
        return None if part is None else not part
    if len(tree) == 1:
        return bool(joint == "true")
    if tree[1] not in given or joint == "same":
        return None
    if tree not in made:
        made[tree] = predicate(tree)
    return made[tree](given[tree[1]])
