"""Each family draws attacks that can be played, that differ, and that come again for the same seed."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import pytest

import interlock.plant.blind.families as folder
from interlock.plant.blind.chance import attacker, insider
from interlock.plant.blind.table import FAMILIES, draw
from interlock.plant.draws import Draws
from interlock.plant.machines import BY_NAME
from interlock.plant.twin.recording import Twin
from interlock.records.attack_ics import TECHNIQUES

_ONLY_HOLDS_BACK = {"goose-silenced", "answers-dropped"}
"""What nobody sees any more has no frames."""


def test_every_file_stands_in_the_table() -> None:
    files = [path.stem for path in Path(folder.__file__).parent.glob("[a-z]*.py")]
    found = {
        name
        for file in files
        for name in importlib.import_module(f"interlock.plant.blind.families.{file}").FAMILIES
    }
    assert found == set(FAMILIES)
    assert len(FAMILIES) >= 90


@pytest.mark.parametrize("family", FAMILIES)
def test_an_attack_can_be_played_and_causes_frames(family: str) -> None:
    twin = Twin(io.BytesIO(), 1)
    twin.attack(draw(family, Draws(1).of(family)), 0.02)
    for second, _ in enumerate(twin.run(3.0)):
        frames = len(twin.cases[0].frames)
        if frames and second > 20:
            break
    (truth,) = [case.truth() for case in twin.cases]
    assert truth is not None
    assert frames or family in _ONLY_HOLDS_BACK
    assert set(truth["techniques"]) <= TECHNIQUES.keys()
    assert {truth["attacker"], *truth["victims"]} <= BY_NAME.keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_come_again(family: str) -> None:
    drawn = [draw(family, Draws(seed).of(family)) for seed in range(12)]
    again = draw(family, Draws(3).of(family))
    assert (again.name, again.attacker, again.victims) == (drawn[3].name, drawn[3].attacker, drawn[3].victims)


def _recorded(family: str, seed: int) -> bytes:
    film = io.BytesIO()
    twin = Twin(film, 1)
    twin.attack(draw(family, Draws(seed).of(family)), 0.02)
    for _ in twin.run(0.7):
        pass
    return film.getvalue()


@pytest.mark.parametrize(
    "family", ["modbus-flood", "answers-wild", "dcp-set", "names-tunnel", "profinet-inputs"]
)
def test_another_seed_is_another_attack_and_the_same_seed_the_same_octets(family: str) -> None:
    assert _recorded(family, 3) == _recorded(family, 3)
    assert _recorded(family, 3) != _recorded(family, 4)


def test_whoever_attacks_has_no_business_there() -> None:
    for seed in range(50):
        assert attacker(Draws(seed), "plc-boiler") not in {"plc-boiler", "hmi", "engineering"}
        assert insider(Draws(seed), "plc-boiler") in {"hmi", "engineering"}
