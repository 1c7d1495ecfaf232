"""The rules that one kind of conversation meets, ready to be held against many payloads at once.

Rules are numbered as those for packets and streams are; a group's number stands for what its conversations meet. Of
number 0 are those that no rule can touch.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from interlock.detect.signatures.engine.laying import PACKET, STREAM
from interlock.detect.signatures.engine.tested import COMPARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Anchor
    from interlock.detect.signatures.engine.traits import Traits
    from interlock.detect.signatures.language.numbers import Bound

__all__ = ["LEVELS", "Groups", "Placed", "Rules"]

LEVELS: Final = (PACKET, STREAM)
MOST: Final = 1_024
"""Groups; what comes beyond them meets all rules for as long as a batch lasts."""
_FIRST: Final = 16
_TOGETHER: Final = 64
"""Sets of groups that came together whose rules are remembered."""
_LONGEST: Final = 1 << 40

Rules = tuple[tuple[int, ...], tuple[int, ...]]
"""Numbers of rules, for packets and for streams."""


class Placed(NamedTuple):
    """What rules have at fixed places, as `laying.compare` takes it."""

    anchors_of: NDArray[np.int32]
    anchors: NDArray[np.int32]
    sought: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    numbers_of: NDArray[np.int32]
    numbers: NDArray[np.int64]


class _Level:
    """Of packets, or of streams. rules_of: per group where its placed rules begin and end; allowed: per group and rule.

    others: per rule that has neither literal nor octets at places, whether a group meets it.
    """

    def __init__(self, rules: int) -> None:
        self.allowed = np.zeros((_FIRST, rules), np.bool_)
        self.rules_of = np.zeros((_FIRST, 2), np.int32)
        self.placed = np.zeros(0, np.int32)
        self.others: dict[int, NDArray[np.bool_]] = defaultdict(lambda: np.zeros(MOST + 1, np.bool_))
        self.met: list[tuple[int, ...]] = [()]
        self.known: dict[tuple[int, ...], list[int]] = {}

    def add(self, number: int, rules: Sequence[int], placed: Sequence[int], others: Sequence[int]) -> None:
        """One more group."""
        if number >= len(self.rules_of):
            self.allowed = np.concatenate((self.allowed, np.zeros_like(self.allowed)))
            self.rules_of = np.concatenate((self.rules_of, np.zeros_like(self.rules_of)))
        self.allowed[number, list(rules)] = True
        self.rules_of[number] = len(self.placed), len(self.placed) + len(placed)
        self.placed = np.concatenate((self.placed, np.array(placed, np.int32)))
        for rule in others:
            self.others[rule][number] = True
        self.met.append(tuple(others))


class Groups:
    """traits: of the rules. short: numbers of those whose literal is looked for only where they can touch."""

    def __init__(self, traits: Sequence[Traits], short: Iterable[int]) -> None:
        self._traits = traits
        self._short = frozenset(short)
        levels = [one.levels for one in traits]
        self._all: Rules = (
            tuple(n for n, one in enumerate(levels) if "packet" in one),
            tuple(n for n, one in enumerate(levels) if "stream" in one),
        )
        self.table = _placed(traits)
        self.clear()

    def clear(self) -> None:
        """Forget all groups: there were too many."""
        self._numbers: dict[Rules, int] = {((), ()): 0}
        self.wants = np.zeros(MOST + 1, np.uint8)
        self.levels = {level: _Level(len(self._traits)) for level in LEVELS}
        self.short: list[frozenset[int]] = [frozenset()]
        self._shorts: dict[tuple[int, ...], frozenset[int]] = {}

    @property
    def full(self) -> bool:
        """Whether conversations meet more than they need, until `clear`."""
        return len(self._numbers) > MOST

    def number(self, rules: Rules) -> int:
        """The number of what a conversation meets; where there are too many already, of all rules at once."""
        found = self._numbers.get(rules)
        if found is None:
            if len(self._numbers) >= MOST:
                rules = self._all
                if rules in self._numbers:
                    return self._numbers[rules]
            found = self._numbers[rules] = len(self._numbers)
            for level, of_level in zip(LEVELS, rules, strict=True):
                self._add(level, found, of_level)
            self.short.append(self._short.intersection((*rules[0], *rules[1])))
            self.wants[found] = PACKET * bool(rules[0]) | STREAM * bool(rules[1])
        return found

    def _add(self, level: int, number: int, rules: Sequence[int]) -> None:
        free = [n for n in rules if self._traits[n].literal is None]
        placed = [n for n in free if self._traits[n].anchors]
        self.levels[level].add(number, rules, placed, [n for n in free if not self._traits[n].anchors])

    def others(self, level: int, groups: tuple[int, ...]) -> list[int]:
        """Rules without literals and places that any of these groups meets."""
        known = self.levels[level].known
        if groups not in known:
            _make_room(known)
            met = self.levels[level].met
            known[groups] = sorted({rule for group in groups for rule in met[group]})
        return known[groups]

    def shorts(self, groups: tuple[int, ...]) -> frozenset[int]:
        """Rules with short literals that any of these groups meets."""
        if groups not in self._shorts:
            _make_room(self._shorts)
            self._shorts[groups] = frozenset().union(*(self.short[group] for group in groups))
        return self._shorts[groups]


def _make_room(known: dict[tuple[int, ...], Any]) -> None:
    """Which groups come together differs from batch to batch where many are met; most meet few."""
    if len(known) >= _TOGETHER:
        known.clear()


def _placed(traits: Sequence[Traits]) -> Placed:
    spans: list[tuple[int, int]] = []
    anchors: list[tuple[int, int, int]] = []
    sought = bytearray()
    for one in traits:
        begin = len(anchors)
        for anchor in sorted(one.anchors, key=_often):
            anchors.append((anchor.place, len(sought), len(anchor.octets)))
            sought += anchor.octets
        spans.append((begin, len(anchors)))
    return Placed(
        np.array(spans, np.int32).reshape(-1, 2),
        np.array(anchors, np.int32).reshape(-1, 3),
        np.frombuffer(bytes(sought) or b"\0", np.uint8),
        np.array([_sizes(one.sizes) for one in traits], np.int64).reshape(-1, 2),
        *_numbers(traits),
    )


def _numbers(traits: Sequence[Traits]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Per rule where its numbers begin and end among all; of each its place, octets, and what it is compared with."""
    stops = np.cumsum([len(one.numbers) for one in traits], dtype=np.int32)
    firsts = np.concatenate((np.zeros(min(1, len(stops)), np.int32), stops[:-1]))
    numbers = [
        (
            step.reading.offset,
            step.reading.count,
            step.reading.endian == "little",
            COMPARED.index(step.operator),
            min(step.value, _LONGEST) if isinstance(step.value, int) else 0,
            step.negated,
        )
        for one in traits
        for step in one.numbers
    ]
    return np.stack((firsts, stops), axis=1), np.array(numbers, np.int64).reshape(-1, 6)


def _often(anchor: Anchor) -> tuple[bool, int]:
    """Those that are rarely met come first: zeros stand everywhere."""
    return not any(anchor.octets), -len(anchor.octets)


def _sizes(bounds: Sequence[Bound]) -> tuple[int, int]:
    """The least and the most octets that fit all bounds; of `!=` it is not told."""
    least, most = 0, _LONGEST
    for bound in bounds:
        low, high = {
            "=": (bound.number, bound.number),
            "<": (0, bound.number - 1),
            ">": (bound.number + 1, _LONGEST),
            "<=": (0, bound.number),
            ">=": (bound.number, _LONGEST),
            "<>": (bound.number + 1, bound.other - 1),
        }.get(bound.operator, (0, _LONGEST))
        least, most = max(least, low), min(most, high)
    return least, most
