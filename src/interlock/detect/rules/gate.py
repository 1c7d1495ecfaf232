"""The gate: by a row's protocol, verb and outcome alone, which rules can fire at all.

Almost all traffic of a plant is of few kinds that no rule asks for; what such a batch costs is one look at its kinds.
"""

from __future__ import annotations

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


class Gate:
    """Kind of row → places of the rules that may fire for it. rules: all of one table."""

    def __init__(self, table: str, rules: Sequence[Rule]) -> None:
        self._columns = GATES[table]
        self._rules = rules
        self._predicates: dict[Tree, Predicate] = {}
        self._known: dict[tuple[Word, ...], tuple[int, ...]] = {}

    def through(self, batch: Batch) -> tuple[tuple[int, ...], NDArray[np.bool_] | None]:
        """Give the rules that may fire, and which rows they may fire for; no rows where there is none."""
        kinds, cells = self._kinds(batch)
        asked = [self.rules(kind) for kind in kinds]
        if not any(asked):
            return (), None
        mask: NDArray[np.bool_] = np.array([bool(rules) for rules in asked], np.bool_)[cells]
        return tuple(sorted({rule for rules in asked for rule in rules})), mask

    def _kinds(self, batch: Batch) -> tuple[list[tuple[Word, ...]], NDArray[np.int64]]:
        """Kinds of row, also some that do not occur in it, and per row the number of its kind."""
        kinds: list[tuple[Word, ...]] = [()]
        cells = np.zeros(1, np.int64)
        for column in self._columns:
            words, codes = batch.words(column)
            cells = codes if len(kinds) == 1 else cells * len(words) + codes
            kinds = [(*kind, word) for kind in kinds for word in words]
        if len(kinds) <= _MOST_KINDS:
            occur = np.bincount(cells, minlength=len(kinds)) > 0
            return [kind if there else () for kind, there in zip(kinds, occur.tolist(), strict=True)], cells
        groups = batch.groups(*self._columns)
        cells = np.zeros(len(batch), np.int64)
        for group, _ in groups:
            cells[groups.rows(group)] = group
        return list(groups.keys), cells

    def rules(self, kind: tuple[Word, ...]) -> tuple[int, ...]:
        """Give the places of the rules that a row of this kind may fire; of an empty kind none."""
        if not kind:
            return ()
        found = self._known.get(kind)
        if found is None:
            if len(self._known) >= _MOST_KINDS:
                self._known.clear()
            given = dict(zip(self._columns, kind, strict=True))
            found = self._known[kind] = tuple(self._may_fire(given))
        return found

    def _may_fire(self, given: Mapping[str, Word]) -> Iterator[int]:
        for place, rule in enumerate(self._rules):
            waits = given.get("outcome") == "pending" and not rule.early
            if not waits and decided(rule.test, given, self._predicates) is not False:
                yield place


def decided(tree: Tree, given: Mapping[str, Word], made: dict[Tree, Predicate]) -> bool | None:
    """Say whether a condition holds where some columns are known; None where that is open. made: kept for later."""
    joint = tree[0]
    if joint in ("and", "or"):
        end: bool = joint == "or"
        parts = [decided(part, given, made) for part in tree[1:]]
        if end in parts:
            return end
        return None if None in parts else not end
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
