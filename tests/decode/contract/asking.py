"""A table's rows do not depend on which other tables are asked for, though decoders leave out what nobody wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decode.contract.judging import differences, shown
from decode.contract.playing import play
from decode.contract.subjects import DEEP, each, randomness
from decode.contract.takes import mutated, whole

if TYPE_CHECKING:
    from decode.contract.subjects import Subject

MUTANTS = 2
COMMON = (
    frozenset({"operations", "flows"}),
    frozenset({"values", "oddities"}),
    frozenset({"clues", "credentials"}),
    frozenset({"artifacts"}),
)
"""Oddities with values: some show only where values are read, which is not done where nobody wants them."""


@each()
def test_a_table_is_the_same_whatever_else_is_asked_for(subject: Subject) -> None:
    own = frozenset(table.name for table in subject.spec.details)
    rng = randomness(subject.name, "asking")
    tried = [t for s in subject.seeds for t in (s, *(mutated(s, rng) for _ in range(MUTANTS * DEEP)))]
    takes = [whole(one) for one in tried]
    for tables in (*COMMON, own) if own else COMMON:
        among_all, alone = play(takes, shown=tables), play(takes, wanted=tables)
        for one, first, rows in zip(tried, among_all, alone, strict=True):
            wrong = differences(first, rows)
            assert not wrong, "\n".join((f"only {sorted(tables)}:", *wrong, shown(one)))
