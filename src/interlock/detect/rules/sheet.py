"""A batch as rules read it: every leaf of a condition is worked out once, whoever asks."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.rules.ends import answering_back, by_site, fact, in_window
from interlock.detect.rules.fields import FIELDS, GATES
from interlock.detect.rules.predicates import MAX_REMEMBERED, Predicate, predicate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Word
    from interlock.detect.interface import Context
    from interlock.detect.rules.masters import Masters
    from interlock.detect.rules.model import Tree
    from interlock.records.site import Site

    Mask = NDArray[np.bool_]

__all__ = ["Predicates", "Sheet"]

_COMPARED: Final[dict[str, Callable[[NDArray[np.int64], float], NDArray[np.bool_]]]] = {
    "==": lambda column, number: column == number,
    "<": lambda column, number: column < number,
    "<=": lambda column, number: column <= number,
    ">": lambda column, number: column > number,
    ">=": lambda column, number: column >= number,
}


class Predicates:
    """Leaf → its function, made once for all rules and batches; and what is remembered of what a site says."""

    def __init__(self) -> None:
        self._made: dict[Tree, Predicate] = {}
        self._site: Site | None = None
        self._told: dict[tuple[str, tuple[Word, ...]], Word | bool] = {}

    def __getitem__(self, leaf: Tree) -> Predicate:
        """Give the function of a leaf that asks about words."""
        made = self._made.get(leaf)
        if made is None:
            made = self._made[leaf] = predicate(leaf)
        return made

    def told(self, site: Site) -> dict[tuple[str, tuple[Word, ...]], Word | bool]:
        """Field, without the end that it is of, and ends → what it is: of those that the site file alone answers."""
        if self._site is not site or len(self._told) >= MAX_REMEMBERED:
            self._site, self._told = site, {}
        return self._told


class Sheet:
    """One batch with the answers found so far. A null word makes every leaf false but `null`."""

    def __init__(
        self, batch: Batch, context: Context, predicates: Predicates, masters: Masters | None = None
    ) -> None:
        """masters: whom stations of telecontrol served first; None: not known of any."""
        self._batch, self._context, self._predicates = batch, context, predicates
        self._masters = masters
        self._masks: dict[Tree, Mask] = {}
        self._facts: dict[str, list[Word | bool]] = {}
        self._fields, self._gates = FIELDS[batch.table], GATES[batch.table]

    def mask(self, tree: Tree) -> Mask:
        """Tell per row whether a condition holds."""
        joint = tree[0]
        if joint == "and":
            return self._all(tree[1:])
        if joint == "or":
            return reduce(np.logical_or, (self.mask(part) for part in tree[1:]))
        if joint == "not":
            return ~self.mask(tree[1])
        if tree not in self._masks:
            self._masks[tree] = self._leaf(tree)
        return self._masks[tree]

    def _all(self, parts: tuple[Tree, ...]) -> Mask:
        """Columns of few words first; where nothing is left the others are not looked at."""
        left = np.ones(len(self._batch), np.bool_)
        for part in sorted(parts, key=self._later):
            left = left & self.mask(part)
            if not left.any():
                break
        return left

    def _later(self, tree: Tree) -> bool:
        return len(tree) < 2 or tree[1] not in self._gates

    def _leaf(self, leaf: Tree) -> Mask:
        if len(leaf) == 1:
            return np.full(len(self._batch), leaf[0] == "true", np.bool_)
        kind, name = leaf[0], leaf[1]
        field = self._fields[name]
        if kind == "same":
            return self._same(name, leaf[2])
        if field.ends and name != "in_window":
            return self._fact(leaf)
        if kind == "flag":
            return self._flag(name)
        if field.kind == "number":
            return self._number(leaf)
        words, codes = self._batch.words(name)
        return np.array(self._predicates[leaf].answers(words), np.bool_).take(codes)

    def _flag(self, name: str) -> Mask:
        if name == "client_was_first":
            known = self._masters
            return np.zeros(len(self._batch), np.bool_) if known is None else known.before(self._batch)
        return (
            answering_back(self._batch) if name == "answering_back" else in_window(self._batch, self._context)
        )

    def _number(self, leaf: Tree) -> Mask:
        known = self._batch.known(leaf[1])
        return (
            ~known
            if leaf[0] == "null"
            else known & _COMPARED[leaf[2]](self._batch.integers(leaf[1]), leaf[3])
        )

    def _fact(self, leaf: Tree) -> Mask:
        """A leaf about the ends of a row, asked once for each pair of them."""
        kind, name = leaf[:2]
        groups = self._batch.groups("realm", *self._fields[name].ends)
        if name not in self._facts:
            self._facts[name] = self._told(name, groups.keys)
        facts = self._facts[name]
        if kind == "flag":
            return groups.spread([bool(told) for told in facts])
        return groups.spread(self._predicates[leaf].answers(facts))  # type: ignore[arg-type]

    def _told(self, name: str, ends: list[tuple[Word, ...]]) -> list[Word | bool]:
        """What a field says of each of some ends; what only the site file answers is remembered for all batches."""
        if not by_site(name):
            return [self._asked(name, these) for these in ends]
        told, what = self._predicates.told(self._context.site), name.partition("_")[2]
        answers: list[Word | bool] = []
        for these in ends:
            if (what, these) not in told:
                told[what, these] = self._asked(name, these)
            answers.append(told[what, these])
        return answers

    def _asked(self, name: str, ends: tuple[Word, ...]) -> Word | bool:
        realm, *at = ends
        return fact(name, self._context, realm or "", *(address or "" for address in at))

    def _same(self, one: str, other: str) -> Mask:
        both = self._batch.known(one) & self._batch.known(other)
        if self._fields[one].kind == "number":
            return self._equal_numbers(one, other) & both
        numbers: dict[str, int] = {}
        parts = []
        for name in (one, other):
            words, codes = self._batch.words(name)
            places = [numbers.setdefault((word or "").lower(), len(numbers)) for word in words]
            parts.append(np.array(places, np.int64)[codes])
        same: Mask = both & (parts[0] == parts[1])
        return same if len(same) else both

    def _equal_numbers(self, one: str, other: str) -> Mask:
        same: Mask = self._batch.integers(one) == self._batch.integers(other)
        return same
