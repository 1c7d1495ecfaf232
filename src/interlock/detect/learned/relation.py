"""A relation as it was learned: who asks whom in which protocol, for what, and how settled that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.detect.learned.chances import expected
from interlock.detect.learned.deeds import INFRASTRUCTURE, QUIET, begins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.learned.chances import Expectation
    from interlock.detect.learned.lexicon import Lexicon
    from interlock.detect.learned.observed import Observed
    from interlock.detect.learned.settled import Settled
    from interlock.detect.tally import Key

__all__ = ["Relation", "by_relation", "news_by_hour", "once", "relations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """objects: how many are known. once: words met in one minute only, from which `expectation` follows.

    first, last: minutes since 1970. judged: the minute since which a sensor that learns by itself judges it, 0 where
    it does not yet, or people said what is normal.
    """

    realm: str
    client: str
    server: str
    protocol: str
    verbs: tuple[str, ...]
    functions: tuple[str, ...]
    users: tuple[str, ...]
    objects: int
    once: int
    first: int
    last: int
    expectation: Expectation
    judged: int = 0


def relations(lexicon: Lexicon, observed: Observed, settled: Settled) -> tuple[Relation, ...]:
    """Give every relation of plant protocols, sorted, from words as NewDeed learns them."""
    users: dict[Key, list[str]] = {}
    for word in lexicon:
        if word[0] == "u":
            users.setdefault(word[1:4], []).append(word[4])
    found: list[Relation] = []
    for pair, words in sorted(by_relation(lexicon).items()):
        words.sort()
        first, last = lexicon.span(("s", *pair))
        single = once(lexicon, words)
        relation = Relation(
            realm=pair[0], client=pair[1], server=pair[2], protocol=pair[3],
            verbs=tuple(word[5] for word in words if word[0] == "v"),
            functions=tuple(dict.fromkeys(word[6] for word in words if word[0] == "f" and word[6])),
            users=tuple(users.get((pair[0], *pair[2:4]), ())),
            objects=sum(1 for word in words if word[0] == "o"),
            once=single, first=first, last=last,
            expectation=expected(single, observed.since(first)), judged=settled.since(pair),
        )  # fmt: skip
        found.append(relation)
    return tuple(found)


def by_relation(lexicon: Lexicon) -> dict[Key, list[Key]]:
    """Verbs, functions and objects of every relation of plant protocols."""
    parts: dict[Key, list[Key]] = {}
    for word in lexicon:
        if word[0] in "vfo" and word[4] not in INFRASTRUCTURE:
            parts.setdefault(word[1:5], []).append(word)
    return parts


def once(lexicon: Lexicon, words: Iterable[Key]) -> int:
    """How many of a relation's words were met in one minute only, and are no matter of course."""
    return sum(1 for word in words if word[5] not in QUIET and not begins(word) and lexicon.once(word))


def news_by_hour(lexicon: Lexicon, observed: Observed) -> tuple[int, ...]:
    """Count the words that were met for the first time, by hour from the first to the last observed."""
    if not len(lexicon):
        return ()
    begin, end = observed.begin // 60, observed.end // 60
    hours = [0] * min(end - begin + 1, 10_000)
    for word in lexicon:
        at = lexicon.span(word)[0] // 60 - begin
        if INFRASTRUCTURE.isdisjoint(word[4:5]) and 0 <= at < len(hours):
            hours[at] += 1
    return tuple(hours)
