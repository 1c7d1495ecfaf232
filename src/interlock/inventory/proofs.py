"""Rows of ledgers as signs: the only place where numbers become words again.

A sign is a proof in the making. Signs are plain tuples, and the facts of a drawing are made where they are asked
for: a site of 100,000 machines has a million of them, which all at once would fill memory.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.records.arrays import distinct
from interlock.records.asset import Proof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from interlock.inventory.ledger import Tally
    from interlock.inventory.sightings import Sightings

__all__ = ["MOST_PROOFS", "Fact", "Facts", "Sign", "made", "retold", "rows_of", "shown", "slices", "surest"]

MOST_PROOFS: Final = 6
"""Proofs that an asset shows for one field."""
_HALF_LIFE_NS: Final = 180 * 86_400_000_000_000
_CHUNK: Final = 4096
"""Rows that become words at once."""
made: Final = tuple.__new__
"""Half the price of a named tuple's own constructor, where millions are made."""


class Sign(NamedTuple):
    """As records.asset.Proof, whose fields these are in their order; times: its count."""

    value: str
    protocol: str
    source: str
    frame: int
    confidence: float
    first: int
    last: int
    times: int = 1
    note: str = ""


class Fact(NamedTuple):
    """A field and one clue about it."""

    field: str
    proof: Sign


class Facts:
    """All facts of one drawing. An asker gets those that texts spell out, too.

    spelled: fact → the facts that its text spells out (texts.read_text). spoken: fields whose text may.
    """

    def __init__(
        self, sightings: Sightings, spelled: Callable[[Fact], Iterable[Fact]], spoken: Iterable[str]
    ) -> None:
        self.tally = sightings.facts.rows()
        self._sightings = sightings
        self._spelled = spelled
        self._told: dict[str, dict[int, list[Sign]]] = {}
        words = sightings.words
        _, unit, field, value, _ = self.tally.keys
        self._own = unit == 0
        in_text = np.isin(field, [words.code(f) for f in spoken])
        telling = [v for v in distinct(value[in_text]).tolist() if self._tells(v, next(iter(spoken)))]
        self._texts = in_text & np.isin(value, telling)
        """Rows whose text spells out more facts."""

    def _tells(self, value: int, field: str) -> bool:
        sign = Sign(self._sightings.values.texts[value], "", "", 0, 1.0, 0, 0)
        return any(True for _ in self._spelled(Fact(field, sign)))

    def of(
        self, rows: NDArray[np.int64], owners: NDArray[np.int64] | None = None
    ) -> Iterator[tuple[int, str, Fact]]:
        """(who, unit, fact) of some rows, in their order; what a text spells out follows it.

        owners: what is said of each row in place of who, where somebody knows better.
        """
        names = self._sightings.sources.names
        words, values = self._sightings.words.texts, self._sightings.values.texts
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            told = self.tally.take(part)
            named = told.keys[0] if owners is None else owners[start : start + _CHUNK]
            for (
                _,
                unit,
                field,
                value,
                protocol,
                count,
                _,
                top,
                first,
                last,
                frame,
                source,
            ), text, who in zip(rows_of(told), self._texts[part].tolist(), named.tolist(), strict=True):
                said = (values[value], words[protocol], names[source], frame, top / 10_000)
                sign = made(Sign, (*said, first, first if last == first else last, count, ""))
                fact = made(Fact, (words[field], sign))
                yield who, words[unit], fact
                for more in self._spelled(fact) if text else ():
                    yield who, words[unit], more

    def told(self, field: str) -> Mapping[int, Sequence[Sign]]:
        """Who (no unit) → what was told of one field."""
        if field not in self._told:
            found: dict[int, list[Sign]] = defaultdict(list)
            code = self._sightings.words.code(field)
            rows = np.flatnonzero(self._own & ((self.tally.keys[2] == code) | self._texts))
            for who, _, fact in self.of(rows):
                if fact.field == field:
                    found[who].append(fact.proof)
            self._told[field] = dict(found)
        return self._told[field]

    def values(self, who: int, field: str) -> Sequence[str]:
        """All different values of one field, in order."""
        told = self.told(field).get(who)
        return sorted({sign.value for sign in told}) if told else ()

    def introductions(
        self, fields: Iterable[str], protocols: Iterable[str]
    ) -> Iterator[tuple[int, list[Fact]]]:
        """(who, its facts) of those who told one of the fields, or spoke one of the protocols; units left out."""
        words, (who, _, field, _, protocol) = self._sightings.words, self.tally.keys
        telling = np.isin(field, [words.code(f) for f in fields]) | self._texts
        telling |= np.isin(protocol, [words.code(p) for p in protocols])
        whose = np.zeros(len(self._sightings.endpoints) + 1, np.bool_)
        whose[who[telling & self._own]] = True
        rows = np.flatnonzero(whose[who] & self._own)
        rows = rows[np.argsort(who[rows], kind="stable")]
        for one, told in groupby(self.of(rows), key=itemgetter(0)):
            yield one, [fact for _, _, fact in told]


def rows_of(tally: Tally) -> Iterator[tuple[int, ...]]:
    """Rows as plain numbers: *keys, count, weight, top, first, last, frame, source."""
    columns = (tally.count, tally.weight, tally.top, tally.first, tally.last, tally.frame, tally.source)
    return zip(*(c.tolist() for c in (*tally.keys, *columns)), strict=True)


def slices(places: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], list[int]]:
    """Rows in the order of their places (0 to n-1; others are left out), and where each place's begin.

    The result's second part has n + 1 entries: place p's rows are `order[begin[p] : begin[p + 1]]`.
    """
    rows = np.flatnonzero(places >= 0)
    order = rows[np.argsort(places[rows], kind="stable")]
    return order, np.searchsorted(places[order], np.arange(n + 1)).tolist()


def retold(sign: Sign, value: str, confidence: float, note: str) -> Sign:
    """Return what follows from a sign: the same sighting, said in other words."""
    _, protocol, source, frame, _, first, last, count, _ = sign
    return made(Sign, (value, protocol, source, frame, confidence, first, last, count, note))


def shown(sign: Sign) -> Proof:
    """The sign as a proof."""
    return Proof(
        value=sign.value,
        protocol=sign.protocol,
        source=sign.source,
        frame=sign.frame,
        confidence=sign.confidence,
        first=sign.first,
        last=sign.last,
        count=sign.times,
        note=sign.note,
    )


def surest(signs: Iterable[Sign], now_ns: int) -> list[Sign]:
    """Signs in order of confidence, which halves in 180 days; then the latest, then by what they say."""

    def rank(sign: Sign) -> tuple[float, int, str, str, str, int]:
        value, protocol, source, frame, confidence, _, last, _, _ = sign
        aged = confidence * 0.5 ** ((now_ns - last) / _HALF_LIFE_NS) if last < now_ns else confidence
        return (-round(aged, 3), -last, value, protocol, source, frame)

    known = list(signs)
    if len(known) > 1:
        known.sort(key=rank)
    return known
