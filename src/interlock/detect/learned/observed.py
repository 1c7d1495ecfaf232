"""Which minutes were observed while learning: captures may lie days apart, and what lies between says nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TOGETHER", "Observed", "most_observed"]

_MOST_SPANS: Final = 4_096
"""Beyond it, the nearest two become one: a few minutes too many are taken for observed."""
TOGETHER: Final = 5
"""Minutes without anything that still are quiet, not unobserved."""
_first, _last = itemgetter(0), itemgetter(1)


class Observed:
    """Spans of minutes since 1970, apart and rising."""

    def __init__(self) -> None:
        self._spans: list[list[int]] = []

    def add(self, first: int, last: int) -> None:
        """Something was seen from one minute to another; whether in order does not matter."""
        spans = self._spans
        if spans and spans[-1][0] <= first and last <= spans[-1][1]:
            return
        begin = bisect_left(spans, first - TOGETHER, key=_last)
        end = bisect_right(spans, last + TOGETHER, begin, key=_first)
        ends = [first, last, *(minute for span in spans[begin:end] for minute in span)]
        spans[begin:end] = [[min(ends), max(ends)]]  # all that it touches are one with it
        if len(spans) > _MOST_SPANS:
            _, at = min((spans[n + 1][0] - spans[n][1], n) for n in range(len(spans) - 1))
            spans[at : at + 2] = [[spans[at][0], spans[at + 1][1]]]

    @property
    def minutes(self) -> int:
        """How many."""
        return sum(last - first + 1 for first, last in self._spans)

    @property
    def begin(self) -> int:
        """The first; 0 where there is none."""
        return self._spans[0][0] if self._spans else 0

    @property
    def end(self) -> int:
        """The last; 0 where there is none."""
        return self._spans[-1][1] if self._spans else 0

    def since(self, minute: int) -> int:
        """How many lie at or after a minute."""
        seen = 0
        for first, last in reversed(self._spans):
            if last < minute:
                break
            seen += last - max(first, minute) + 1
        return seen

    def within(self, first: int, last: int) -> int:
        """How many lie from one minute to another, both counted."""
        return self.since(first) - self.since(last + 1)

    def at_share(self, share: float) -> int:
        """The minute by which so large a part of them had been observed."""
        left = int(self.minutes * share)
        for first, last in self._spans:
            if left <= last - first:
                return first + left
            left -= last - first + 1
        return self.end

    def state(self) -> list[Any]:
        """As JSON values."""
        return [list(span) for span in self._spans]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self._spans = [[int(first), int(last)] for first, last in state]


def most_observed(minutes: Iterable[int]) -> int | None:
    """Of how many minutes at most whoever sees anything in some of these (since 1970) can say that it observed them.

    None where they may be more spans than are told apart: what is observed then can exceed all of this.
    """
    whole = Observed()
    for minute in sorted(set(minutes)):
        whole.add(minute, minute)
    spans = whole.state()
    # Who sees but some of the minutes finds more pauses, yet in one span no more than fit between its ends.
    apart = sum((last - first) // (TOGETHER + 1) + 1 for first, last in spans)
    return whole.minutes if apart <= _MOST_SPANS else None
