"""Every unit behind a Modbus address is asked whether it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import modbus

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "plc-water", 502)
    for unit in range(1, 248):
        yield Ask(link, modbus.adu(unit, unit, modbus.read(3, 0, 1)))
        yield Wait(scene.draws.uniform(0.02, 0.05))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="unit-sweep",
    title="A service laptop asks all 247 units behind the water controller's address",
    technique="T0846",
    attacker="vendor-laptop",
    victims=("plc-water",),
    harm="Nothing moves; serial lines behind a gateway would be blocked meanwhile.",
    script=_script,
)
