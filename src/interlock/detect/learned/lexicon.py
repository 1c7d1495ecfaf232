"""Words of habit: what was met at all, when first and when last; bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.detect.learned.places import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.tally import Key

__all__ = ["MAX_WORDS", "Lexicon"]

MAX_WORDS: Final = 200_000


class Lexicon:
    """Key → first and last minute (since 1970) in which it was met. Only grows; what does not fit is counted."""

    def __init__(self, most: int = MAX_WORDS) -> None:
        self._most = most
        self._met: dict[Key, list[int]] = {}
        self.left_out = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._met)

    def __contains__(self, key: Key) -> bool:
        return key in self._met

    def __iter__(self) -> Iterator[Key]:
        """Give the keys, in no order."""
        return iter(self._met)

    def meet(self, key: Key, first: int, last: int) -> bool:
        """Met from one minute to another; true where it had never been met, and now is known."""
        span = self._met.get(key)
        if span is not None:
            if first < span[0]:  # noqa: PLR1730 - asked for every word of every row: two calls are half of its price
                span[0] = first
            if last > span[1]:  # noqa: PLR1730 - as above
                span[1] = last
            return False
        if len(self._met) >= self._most:
            self.left_out += 1
            return False
        self._met[kept(key)] = [first, last]
        return True

    def span(self, key: Key) -> tuple[int, int]:
        """First and last minute of a known key."""
        first, last = self._met[key]
        return first, last

    def once(self, key: Key) -> bool:
        """Whether a known key was met in one minute only."""
        first, last = self._met[key]
        return first == last

    def forget(self, key: Key) -> None:
        """Take a key out; its place is free again."""
        self._met.pop(key, None)

    def state(self) -> list[Any]:
        """As JSON values, sorted: equal lessons have equal octets."""
        return [self.left_out, [[list(key), *span] for key, span in sorted(self._met.items())]]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self.left_out = int(state[0])
        self._met = {tuple(str(w) for w in key): [int(first), int(last)] for key, first, last in state[1]}
