"""What is known to be allowed, so that a batch of little else than that is passed over at once.

A sensor hands over a few rows at a time, which a plant repeats all day: what a policy said to their like is looked up
in sets, as a whole, and only what was never met is judged. Sets hold allowed requests alone: who is denied is counted
each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.batch import Batch
    from interlock.detect.zones.ruling import Ruling

__all__ = ["FEW", "MOST_COUNT", "Passing"]

FEW: Final = 256
"""Rows: with more of them grouping is quicker."""
_MOST: Final = 65_536
"""Requests of each kind that are remembered; past it all are forgotten."""
MOST_COUNT: Final = 1 << 32
_ENDS: Final = ("realm", "client", "server", "protocol", "verb")


class Passing:
    """Says whether all rows of a batch are allowed.

    Only of relations that the ruling was asked for before, so that who hears a group is learned in the same order with
    and without this. The answers are the ruling's while its `changes` stay; when they rise all is forgotten.
    """

    def __init__(self, ruling: Ruling) -> None:
        self._ruling = ruling
        self._changes = ruling.changes
        self._any: set[tuple[str | None, ...]] = set()
        self._these: set[tuple[Any, ...]] = set()

    def __len__(self) -> int:
        return len(self._any) + len(self._these)

    def all_of(self, batch: Batch) -> bool:
        """Whether every row of a batch of operations is allowed, whatever else there is to know of it."""
        if self._changes != self._ruling.changes:
            self._any.clear()
            self._these.clear()
            self._changes = self._ruling.changes
        relations = list(zip(*(_spelled(batch, column) for column in _ENDS), strict=True))
        if self._any.issuperset(relations) or all(map(self._whatever, dict.fromkeys(relations))):
            return True
        parts = [_spelled(batch, column) for column in ("unit", "object")]
        numbers = ("count", "server_port") if self._ruling.by_port else ("count",)
        parts += [batch.integers(column).tolist() for column in numbers]
        asked = list(zip(relations, *parts, strict=True))
        return self._these.issuperset(asked) or all(map(self._exactly, dict.fromkeys(asked)))

    def _whatever(self, relation: tuple[str | None, ...]) -> bool:
        """Whether who asks whom for what is allowed of any unit and object."""
        if relation in self._any:
            return True
        answer = self._ruling.remembered(_words(relation))
        passes = answer is not None and answer.allowed and answer.unseen is None
        return passes and _kept(self._any, relation)

    def _exactly(self, request: tuple[Any, ...]) -> bool:
        """Whether one request is allowed of its unit and object, or by its port."""
        if request in self._these:
            return True
        relation, unit, name, count, *port = request
        known = _words(relation)
        answer = self._ruling.remembered(known)
        if answer is None or (answer.unseen is None and not answer.allowed):
            return False
        if answer.unseen is not None:
            answer = self._ruling.exactly(known, unit, name, min(max(count, 0), MOST_COUNT), *port or (0,))
        return answer.allowed and _kept(self._these, request)


def _words(relation: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(word or "" for word in relation)


def _kept(known: set[tuple[Any, ...]], one: tuple[Any, ...]) -> bool:
    if len(known) >= _MOST:
        known.clear()
    known.add(one)
    return True


def _spelled(batch: Batch, column: str) -> Iterable[str | None]:
    words, codes = batch.words(column)
    return words * len(codes) if len(words) == 1 else [words[code] for code in codes.tolist()]
