"""The controller's own writes of an hour ago are sent again by somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import modbus

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_WRITES: Final = 240
_FIRST_TRANSACTION: Final = 4711
_RECORDED: Final = 7500
"""The pump's set point that was recorded, in hundredths of a per cent."""


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "drive-pump", 502)
    for k in range(_WRITES):
        yield Ask(link, modbus.adu(_FIRST_TRANSACTION + 2 * k, 1, modbus.write_register(0, _RECORDED)))
        yield Wait(scene.draws.uniform(0.28, 0.32))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="replayed-writes",
    title="A service laptop replays the water controller's recorded writes to the pump's drive",
    technique="T0831",
    also=("T0855", "T0836"),
    attacker="vendor-laptop",
    victims=("drive-pump",),
    harm="The drive is torn between two speeds several times a second; gear and coupling wear.",
    script=_script,
    moves=("pump.speed_setpoint", "pump.speed"),
)
