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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Word
    from interlock.detect.rules.model import Rule, Tree

__all__ = ["Gate", "narrowed"]

_MOST_KINDS: Final = 4_096
_MOST_CELLS: Final = 65_536
_TRUE: Final = ("true",)
_FALSE: Final = ("false",)
_OPEN: Final = ("null", "")
"""A condition that holds, one that does not, one of which no column of the gate says whether it does."""

_Open = tuple[tuple[int, "Tree"], ...]
"""Places of rules, each with what is left to say whether it may fire."""


class Gate:
    """Kind of row → places of the rules that may fire for it. rules: all of one table."""

    def __init__(self, table: str, rules: Sequence[Rule]) -> None:
        self._columns = GATES[table]
        self._rules = rules
        self._predicates: dict[Tree, Predicate] = {}
        self._at: dict[str | None, list[int]] = {}
        for place, rule in enumerate(rules):
            for word in _asked(rule.test, self._columns[0]) or (None,):
                self._at.setdefault(word, []).append(place)
        self._first: dict[Word, _Open] = {}
        self._known: dict[tuple[Word, ...], _Open] = {}

    def through(self, batch: Batch) -> tuple[tuple[int, ...], Batch | None]:
        """Give the rules that may fire, and rows among which are all that they may fire for; None where none are."""
        words, codes = batch.words(self._columns[0])
        first = [bool(self._begun(word)) for word in words]
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

    def _begun(self, word: Word) -> _Open:
        """The rules that may fire for rows whose first column has this word: only they look at others."""
        found = self._first.get(word)
        if found is None:
            near = self._at.get(word.lower(), ()) if word else ()
            places = sorted({*self._at.get(None, ()), *near})
            found = self._narrowed(tuple((place, self._rules[place].test) for place in places), 0, word)
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
        return tuple([place for place, _ in self._of(kind)])

    def _of(self, words: tuple[Word, ...]) -> _Open:
        """The rules that may fire for rows whose first columns have these words: most are out by the first two."""
        if len(words) == 1:
            return self._begun(words[0])
        found = self._known.get(words)
        if found is None:
            found = self._narrowed(self._of(words[:-1]), len(words) - 1, words[-1])
            if len(self._known) >= _MOST_KINDS:
                self._known.clear()
            self._known[words] = found
        return found

    def _narrowed(self, rules: _Open, at: int, word: Word) -> _Open:
        """Those of some rules that may fire where column number `at` has a word, with what later ones have to say."""
        column, later = self._columns[at], self._columns[at + 1 :]
        waits = column == "outcome" and word == "pending"
        left = [
            (place, narrowed(tree, column, word, later, self._predicates))
            for place, tree in rules
            if not waits or self._rules[place].early
        ]
        return tuple([part for part in left if part[1] is not _FALSE])


def _fewer(batch: Batch, mask: NDArray[np.bool_]) -> Batch:
    """Only the rows of a mask, where so many fall away that it pays to copy the rest."""
    return batch if 4 * int(np.count_nonzero(mask)) > len(batch) else batch.take(mask)


def _words_of(number: int, columns: list[tuple[list[Word], NDArray[np.int64]]]) -> tuple[Word, ...]:
    kind: list[Word] = []
    for words, _ in reversed(columns):
        number, code = divmod(number, len(words))
        kind.append(words[code])
    return tuple(reversed(kind))


def _asked(tree: Tree, column: str) -> frozenset[str] | None:
    """Words of a column, in lower case, for which alone a condition can hold; None where it may hold for others."""
    joint = tree[0]
    if joint in ("in", "cased"):
        return frozenset(word.lower() for word in tree[2:]) if tree[1] == column else None
    if joint not in ("and", "or"):
        return None
    parts = [_asked(part, column) for part in tree[1:]]
    if joint == "and":
        return next((part for part in parts if part is not None), None)
    return None if None in parts else frozenset().union(*(part for part in parts if part is not None))


def narrowed(tree: Tree, column: str, word: Word, later: Sequence[str], made: dict[Tree, Predicate]) -> Tree:
    """What of a condition is left where one column is known, and those that will be are `later`.

    _TRUE or _FALSE where that decides, _OPEN where it does not and no later column will. made: kept for later.
    """
    joint = tree[0]
    if joint in ("and", "or"):
        end, empty = (_TRUE, _FALSE) if joint == "or" else (_FALSE, _TRUE)
        parts: dict[Tree, None] = {}
        for part in tree[1:]:
            left = narrowed(part, column, word, later, made)
            if left is end:
                return end
            if left is not empty:
                parts[left] = None
        return empty if not parts else next(iter(parts)) if len(parts) == 1 else (joint, *parts)
    if joint == "not":
        part = narrowed(tree[1], column, word, later, made)
        return _OPPOSITE.get(part) or ("not", part)
    if len(tree) == 1:
        return _TRUE if joint == "true" else _FALSE
    if joint == "same" or (tree[1] != column and tree[1] not in later):
        return _OPEN
    if tree[1] != column:
        return tree
    if tree not in made:
        made[tree] = predicate(tree)
    return _TRUE if made[tree](word) else _FALSE


_OPPOSITE: Final[dict[Tree, Tree]] = {_TRUE: _FALSE, _FALSE: _TRUE, _OPEN: _OPEN}
