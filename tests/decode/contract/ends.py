"""The two ends, the other way round: the smaller address may be the client's or the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decode.contract.judging import differences, shown
from decode.contract.playing import play
from decode.contract.subjects import DEEP, each, randomness
from decode.contract.takes import Ends, mutated, swapped, whole

if TYPE_CHECKING:
    from decode.contract.playing import Rows
    from decode.contract.subjects import Subject

MUTANTS = 1
_NAMES = (("10.0.0.1", "10.0.0.2"), ("02:00:00:00:00:01", "02:00:00:00:00:02"))


@each()
def test_swapped_ends_give_mirrored_rows(subject: Subject) -> None:
    ends = Ends()
    for seed in subject.seeds:
        rng = randomness(subject.name, seed.name, "ends")
        named = any(mac in octets for _, octets in seed.messages for mac in ends.macs)
        tried = 0 if named else MUTANTS * DEEP  # what a mutant makes of half an address is not mirrored
        conversations = [seed, *(mutated(seed, rng) for _ in range(tried))]
        as_is = play([whole(one, ends=ends) for one in conversations])
        mirrored = play([whole(one, ends=swapped(ends)) for one in conversations])
        for one, rows, others in zip(conversations, as_is, mirrored, strict=True):
            wrong = differences(_without_samples(rows), _without_samples(_mirrored(others)))
            assert not wrong, "\n".join((*wrong, shown(one)))


def _without_samples(rows: Rows) -> Rows:
    """Without the octets that oddities show: they may end in the middle of an address."""
    bare = [{k: v for k, v in row.items() if k != "octets"} for row in rows.get("oddities", ())]
    return {**rows, "oddities": sorted(bare, key=repr)}


def _mirrored(rows: Rows) -> Rows:
    return {
        name: sorted(({k: _swap(v) for k, v in row.items()} for row in table), key=repr)
        for name, table in rows.items()
    }


def _swap(value: object) -> object:
    if isinstance(value, str):
        for one, other in _NAMES:
            value = value.replace(one, "\ufdd0").replace(other, one).replace("\ufdd0", other)
    return value
