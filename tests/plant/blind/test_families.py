"""Each family draws attacks that can be played, that differ, and that come again for the same seed."""

from __future__ import annotations

import io

import pytest

from interlock.plant.blind.chance import attacker
from interlock.plant.blind.families import FAMILIES, draw
from interlock.plant.draws import Draws
from interlock.plant.machines import BY_NAME
from interlock.plant.twin.recording import Twin
from interlock.records.attack_ics import TECHNIQUES


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_an_attack_can_be_played_and_causes_frames(family: str, seed: int) -> None:
    twin = Twin(io.BytesIO(), seed)
    twin.attack(draw(family, Draws(seed).of(family)), 0.05)
    for _ in twin.run(0.4):
        pass
    (truth,) = [case.truth() for case in twin.cases]
    assert truth is not None
    assert truth["frames"]
    assert set(truth["techniques"]) <= TECHNIQUES.keys()
    assert {truth["attacker"], *truth["victims"]} <= BY_NAME.keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_differ_and_come_again(family: str) -> None:
    drawn = [draw(family, Draws(seed).of(family)) for seed in range(12)]
    assert len({(one.name, one.attacker, one.victims) for one in drawn}) > 1
    again = draw(family, Draws(3).of(family))
    assert (again.name, again.attacker, again.victims) == (drawn[3].name, drawn[3].attacker, drawn[3].victims)


def test_whoever_attacks_has_no_business_there() -> None:
    for seed in range(50):
        assert attacker(Draws(seed), "plc-boiler") not in {"plc-boiler", "hmi", "engineering"}
