"""Any octets give records or declared oddities: random ones, and messages that are almost right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from decode.contract.judging import judge
from decode.contract.playing import play
from decode.contract.subjects import DEEP, each, randomness
from decode.contract.takes import mutated, whole

if TYPE_CHECKING:
    from numpy.random import Generator

    from decode.contract.subjects import Subject
    from decode.seeds import Seed

MUTANTS = 5
RANDOM = 3


def _random_octets(seed: Seed, rng: Generator) -> Seed:
    """Random messages, the first or the second at times behind the beginning of a valid one."""
    messages = []
    for _ in range(int(rng.integers(1, 9))):
        side, octets = seed.messages[int(rng.integers(len(seed.messages)))]
        begun = octets[: int(rng.choice((0, 0, 2, 4, 8, 12)))]
        messages.append((int(rng.choice((side, 1 - side))), begun + rng.bytes(int(rng.integers(1, 200)))))
    return replace(seed, messages=tuple(messages))


@each()
def test_any_octets_give_records_or_declared_oddities(subject: Subject) -> None:
    for seed in subject.seeds:
        rng = randomness(subject.name, seed.name, "octets")
        tried = [seed, *(_random_octets(seed, rng) for _ in range(RANDOM * DEEP))]
        tried += [mutated(seed, rng) for _ in range(MUTANTS * DEEP)]
        takes = [whole(t, handshake=bool(rng.integers(2))) for t in tried]
        for one, rows in zip(tried, play(takes), strict=True):
            judge(subject, one, rows)


@each(lambda s: s.own_seeds)
def test_valid_messages_are_recognised_and_give_no_error(subject: Subject) -> None:
    for seed, rows in zip(subject.seeds, play([whole(s) for s in subject.seeds]), strict=True):
        assert {r["protocol"] for r in rows["flows"]} <= set(subject.spec.names), seed.name
        told = sum(len(table) for name, table in rows.items() if name not in ("flows", "oddities"))
        assert told, seed.name
