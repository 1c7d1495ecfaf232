"""Sets of whole numbers as ranges: ports, and addresses as numbers."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Spans"]


@dataclass(frozen=True, slots=True)
class Spans:
    """ranges: closed, ascending, with a gap between any two. Made by `of`."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Spans:
        """The numbers of all these ranges, which may overlap and stand in any order."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(pairs):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.ranges, number, key=lambda span: span[0])
        return at > 0 and number <= self.ranges[at - 1][1]

    def __or__(self, other: Spans) -> Spans:
        return Spans.of((*self.ranges, *other.ranges))

    def __sub__(self, other: Spans) -> Spans:
        left = list(self.ranges)
        for first, last in other.ranges:
            left = [piece for span in left for piece in _cut(span, first, last)]
        return Spans(tuple(left))

    def __bool__(self) -> bool:
        return bool(self.ranges)


def _cut(span: tuple[int, int], first: int, last: int) -> Iterable[tuple[int, int]]:
    """What a range has outside another one."""
    if last < span[0] or first > span[1]:
        return (span,)
    pieces = ((span[0], first - 1), (last + 1, span[1]))
    return (piece for piece in pieces if piece[0] <= piece[1])
