"""What is known to be allowed, so that a batch of little else than that is passed over at once.

A sensor hands over a few rows at a time, which a plant repeats all day: what a policy said to their like is looked up
in sets, as a whole, and only what was never met is judged. Sets hold allowed requests alone: who is denied is counted
each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch, Word
    from interlock.detect.zones.ruling import Ruling
    from interlock.segment.model.policy import Answer

    _Words = tuple[Word, ...]

__all__ = ["FEW", "MOST_COUNT", "Passing", "keep", "named"]

FEW: Final = 256
"""Rows: with more of them grouping is quicker."""
_MOST: Final = 65_536
"""Requests of each kind that are remembered; past it all are forgotten."""
MOST_COUNT: Final = 1 << 32
_ENDS: Final = ("realm", "client", "server", "protocol", "verb")


class Passing:
    """Says whether all rows of a batch are allowed, and which relations and groups of rows are known.

    Only of relations that the ruling was asked for before, so that who hears a group is learned in the same order with
    and without this. The answers are the ruling's while its `changes` stay; when they rise all is forgotten.
    """

    def __init__(self, ruling: Ruling) -> None:
        self._ruling = ruling
        self._changes = ruling.changes
        self._relations: dict[_Words, Answer] = {}
        self._any: set[_Words] = set()
        self._these: set[tuple[Any, ...]] = set()
        self._groups: set[tuple[Any, ...]] = set()

    def __len__(self) -> int:
        return len(self._relations) + len(self._any) + len(self._these) + len(self._groups)

    def _hold(self) -> None:
        if self._changes != self._ruling.changes:
            for known in (self._relations, self._any, self._these, self._groups):
                known.clear()
            self._changes = self._ruling.changes

    def groups(self) -> set[tuple[Any, ...]]:
        """Keys of groups of rows that were allowed, for the caller to `keep` more of them until he asks again."""
        self._hold()
        return self._groups

    def relations(self) -> Mapping[_Words, Answer]:
        """Answers to relations as batches spell them, until it is asked again; others by `relation`."""
        self._hold()
        return self._relations

    def relation(self, words: _Words) -> Answer:
        """The ruling's answer to a relation; kept where it does not depend on who else was heard so far."""
        answer = self._ruling.relation(named(words))
        if not (is_group(words[1] or "") or is_group(words[2] or "")):
            if len(self._relations) >= _MOST:
                self._relations.clear()
            self._relations[words] = answer
        return answer

    def all_of(self, batch: Batch) -> bool:
        """Whether every row of a batch of operations is allowed, whatever else there is to know of it."""
        self._hold()
        relations = list(zip(*(_spelled(batch, column) for column in _ENDS), strict=True))
        if self._any.issuperset(relations) or all(map(self._whatever, dict.fromkeys(relations))):
            return True
        parts = [_spelled(batch, column) for column in ("unit", "object")]
        numbers = ("count", "server_port") if self._ruling.by_port else ("count",)
        parts += [batch.integers(column).tolist() for column in numbers]
        asked = list(zip(relations, *parts, strict=True))
        return self._these.issuperset(asked) or all(map(self._exactly, dict.fromkeys(asked)))

    def _whatever(self, words: _Words) -> bool:
        """Whether who asks whom for what is allowed of any unit and object."""
        if words in self._any:
            return True
        answer = self._ruling.remembered(named(words))
        passes = answer is not None and answer.allowed and answer.unseen is None
        return passes and keep(self._any, words)

    def _exactly(self, request: tuple[Any, ...]) -> bool:
        """Whether one request is allowed of its unit and object, or by its port."""
        if request in self._these:
            return True
        words, unit, name, count, *port = request
        relation = named(words)
        answer = self._ruling.remembered(relation)
        if answer is None or (answer.unseen is None and not answer.allowed):
            return False
        if answer.unseen is not None:
            answer = self._ruling.exactly(relation, unit, name, min(max(count, 0), MOST_COUNT), *port or (0,))
        return answer.allowed and keep(self._these, request)


def named(words: Iterable[Word]) -> tuple[str, ...]:
    """A relation as the ruling spells it."""
    return tuple([word or "" for word in words])


def keep(known: set[tuple[Any, ...]], one: tuple[Any, ...]) -> bool:
    """Remember it; of too many all others are forgotten."""
    if len(known) >= _MOST:
        known.clear()
    known.add(one)
    return True


def _spelled(batch: Batch, column: str) -> Iterable[Word]:
    words, codes = batch.words(column)
    return words * len(codes) if len(words) == 1 else [words[code] for code in codes.tolist()]
