"""Rows of ledgers as Proofs: the only place where numbers become words again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.asset import Proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.inventory.ledger import Tally
    from interlock.inventory.sightings import Sightings

__all__ = ["MOST_PROOFS", "Fact", "FactsOf", "facts_of", "retold", "rows_of", "surest"]

MOST_PROOFS: Final = 6
"""Proofs that an asset shows for one field."""
_HALF_LIFE_NS: Final = 180 * 86_400_000_000_000


class Fact(NamedTuple):
    """A field and one clue about it."""

    field: str
    proof: Proof


FactsOf = dict[tuple[int, str], list[Fact]]
"""(endpoint number, unit or empty) → its facts."""


def rows_of(tally: Tally) -> Iterator[tuple[int, ...]]:
    """Rows as plain numbers: *keys, count, weight, top, first, last, frame, source."""
    columns = (tally.count, tally.weight, tally.top, tally.first, tally.last, tally.frame, tally.source)
    return zip(*(c.tolist() for c in (*tally.keys, *columns)), strict=True)


def facts_of(sightings: Sightings) -> FactsOf:
    """All facts by whom they are about."""
    words, values, names = sightings.words.texts, sightings.values.texts, sightings.sources.names
    found: FactsOf = defaultdict(list)
    for who, unit, field, value, protocol, count, _, top, first, last, frame, source in rows_of(
        sightings.facts.rows()
    ):
        proof = Proof(
            value=values[value],
            protocol=words[protocol],
            source=names[source],
            frame=frame,
            confidence=top / 10_000,
            first=first,
            last=first if last == first else last,
            count=count,
        )
        found[who, words[unit]].append(Fact(words[field], proof))
    return dict(found)


def retold(proof: Proof, value: str, confidence: float, note: str) -> Proof:
    """Return what follows from a proof: the same sighting, said in other words."""
    return Proof(
        value=value,
        protocol=proof.protocol,
        source=proof.source,
        frame=proof.frame,
        confidence=confidence,
        first=proof.first,
        last=proof.last,
        count=proof.count,
        note=note,
    )


def surest(proofs: Iterable[Proof], now_ns: int) -> list[Proof]:
    """Proofs in order of confidence, which halves in 180 days; then the latest, then by what they say."""

    def rank(proof: Proof) -> tuple[float, int, str, str, str, int]:
        age = max(0, now_ns - proof.last)
        aged = round(proof.confidence * 0.5 ** (age / _HALF_LIFE_NS), 3)
        return (-aged, -proof.last, proof.value, proof.protocol, proof.source, proof.frame)

    known = list(proofs)
    return known if len(known) < 2 else sorted(known, key=rank)
