"""A foreign machine sets the pump's speed itself, faster than the controller corrects it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import modbus

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_FOR_S: Final = 120.0
_FULL: Final = 10_000


def _script(scene: Scene) -> Script:
    link, transaction, begun = Link("vendor-laptop", "drive-pump", 502), 0, scene.now_s()
    while scene.now_s() - begun < _FOR_S:
        transaction += 1
        yield Ask(link, modbus.adu(transaction, 1, modbus.write_register(0, _FULL)))
        yield Wait(scene.draws.uniform(0.04, 0.06))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="forged-write",
    title="A service laptop sets the pump's drive to full speed, twenty times a second",
    technique="T0855",
    also=("T0806", "T0831", "T0836"),
    attacker="vendor-laptop",
    victims=("drive-pump",),
    harm="The pump runs at full speed against its controller: the buffer tank overflows, the motor heats.",
    script=_script,
    moves=("pump.speed_setpoint", "pump.speed", "buffer.level"),
)
