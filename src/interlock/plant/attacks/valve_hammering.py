"""The well's pump is switched on and off every few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import dnp3

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_STROKES: Final = 40


def _script(scene: Scene) -> Script:
    link = Link("hmi", "rtu-well", 20000)
    for k in range(_STROKES):
        yield Ask(link, dnp3.request(k, dnp3.DIRECT_OPERATE, dnp3.control(0, on=bool(k & 1))))
        yield Wait(scene.draws.uniform(3.0, 5.0))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="valve-hammering",
    title="The well's pump is switched on and off every four seconds from the panel",
    technique="T0855",
    also=("T0806", "T0831"),
    attacker="hmi",
    victims=("rtu-well",),
    harm="Pressure waves run through the pipe from the well; pump and check valve are hammered to pieces.",
    script=_script,
    moves=("well.pump", "well.flow"),
)
