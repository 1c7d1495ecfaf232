"""The hall's set point is overridden at a priority that operators cannot take back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.hall import HALL_OBJECTS
from interlock.plant.actors.steps import Ask, Link
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import bacnet

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_HOT_C: Final = 30.0
_LIFE_SAFETY: Final = 1


def _script(_scene: Scene) -> Script:
    setpoint = next(o for o in HALL_OBJECTS if o.tag == "hall.temperature_setpoint")
    link = Link("historian", "hvac-hall", 47808, "udp")
    yield Ask(link, bacnet.read_present(1, setpoint))
    yield Ask(link, bacnet.write_present(2, setpoint, _HOT_C, _LIFE_SAFETY))
    yield Ask(link, bacnet.read_present(3, setpoint))


SCENARIO: Final = Scenario(
    name="bacnet-override",
    title="The historian, taken over, overrides the hall's set point at life-safety priority",
    technique="T0836",
    also=("T0855", "T0831"),
    attacker="historian",
    victims=("hvac-hall",),
    harm="The hall heats up to where people leave and drives switch themselves off.",
    script=_script,
    moves=("hall.temperature_setpoint", "hall.temperature", "hall.fan"),
)
