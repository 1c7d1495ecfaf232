"""What two baselines know that the other does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlock.detect.learned.new_deed import NewDeed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interlock.detect.learned.learner import Learner
    from interlock.detect.tally import Key

__all__ = ["Difference", "compare_baselines", "difference_document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """new: in the second and not in the first. gone: the other way round. Sentences, sorted."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


def compare_baselines(old: Mapping[str, Learner], new: Mapping[str, Learner]) -> Difference:
    """Compare what is known of who does what; what follows from a new relation is not told beside it."""
    before, after = _words(old), _words(new)
    return Difference(new=tuple(_told(after - before)), gone=tuple(_told(before - after)))


def difference_document(difference: Difference) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": "interlock/baseline-difference/1",
        "new": list(difference.new),
        "gone": list(difference.gone),
    }


def _words(learners: Mapping[str, Learner]) -> set[Key]:
    deeds = learners.get("new-deed")
    return set(deeds.words) if isinstance(deeds, NewDeed) else set()


def _told(words: set[Key]) -> Iterator[str]:
    for word in sorted(words, key=lambda w: (w[1:], w[0])):
        if not _follows(word, words):
            yield _sentence(word)


def _follows(word: Key, words: set[Key]) -> bool:
    """Whether a word above this one is among them."""
    kind = word[0]
    if kind in "vfo" and ("s", *word[1:5]) in words:
        return True
    if kind in "fo" and ("v", *word[1:6]) in words:
        return True
    return kind == "m" and any(w[0] == "s" and w[1] == word[1] and word[2] in w[2:4] for w in words)


def _sentence(word: Key) -> str:
    kind, realm, *rest = word
    where = "" if realm == "default" else f" [{realm}]"
    if kind == "m":
        return f"machine {rest[0]}{where}"
    if kind == "u":
        return f"user {rest[2]} at {rest[0]} ({rest[1]}){where}"
    ends = f"{rest[0]} → {rest[1]} {rest[2]}"
    named = {"s": "", "v": f": {rest[3]}" if len(rest) > 3 else "", "f": "", "o": ""}[kind]
    if kind == "f":
        named = f": {rest[3]} by {rest[4] or 'a function without a name'}"
    if kind == "o":
        named = f": {rest[3]} of {rest[4]}"
    return f"{ends}{named}{where}"
