"""Facts: a bounded relation between a subject and the words known about it (a MAC and its IPs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.tally import Key

__all__ = ["MAX_SUBJECTS", "MAX_WORDS_EACH", "Facts"]

MAX_SUBJECTS: Final = 65_536
MAX_WORDS_EACH: Final = 64
MAX_ALL_WORDS: Final = 100_000


class Facts:
    """Subject → set of words. Only grows, up to its bounds; what does not fit is counted."""

    def __init__(self, subjects: int = MAX_SUBJECTS, each: int = MAX_WORDS_EACH) -> None:
        """subjects: how many at most; each: how many words at most for one of them."""
        self._most, self._each = subjects, each
        self._known: dict[Key, set[str]] = {}
        self._words = 0
        self.left_out = 0

    def __iter__(self) -> Iterator[Key]:
        """Give the subjects, sorted."""
        return iter(sorted(self._known))

    def __len__(self) -> int:
        """How many facts there are."""
        return self._words

    def __contains__(self, subject: Key) -> bool:
        return subject in self._known

    def __getitem__(self, subject: Key) -> frozenset[str]:
        """Give what is known about a subject; empty where nothing is."""
        return frozenset(self._known.get(subject, ()))

    def add(self, subject: Key, word: str) -> bool:
        """Learn a fact; true where it was not known before."""
        words = self._known.get(subject, set())
        if word in words or len(words) >= self._each:
            return False
        if (not words and len(self._known) >= self._most) or self._words >= MAX_ALL_WORDS:
            self.left_out += 1
            return False
        self._known.setdefault(subject, words).add(word)
        self._words += 1
        return True

    def state(self) -> list[Any]:
        """As JSON values."""
        return [self.left_out, [[list(s), sorted(words)] for s, words in self._known.items()]]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self.left_out = int(state[0])
        self._known = {tuple(str(p) for p in s): {str(w) for w in words} for s, words in state[1]}
        self._words = sum(len(words) for words in self._known.values())
