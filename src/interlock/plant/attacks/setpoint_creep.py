"""The boiler's pressure set point is raised a little at a time, so that no single step looks wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import s7comm

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_FROM_BAR: Final = 7.0
_TO_BAR: Final = 9.3
_STEP_BAR: Final = 0.1
_USUAL_BAR: Final = 7.2
"""Shifts set up to so much (events/shift_change)."""


def _script(scene: Scene) -> Script:
    link = Link("hmi", "plc-boiler", 102)
    setpoint = next(r for r in BOILER_REALS if r.tag == "boiler.pressure_setpoint")
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    value, reference = _FROM_BAR, 1
    while value < _TO_BAR:
        value, reference = value + _STEP_BAR, reference + 1
        if value > _USUAL_BAR:
            scene.shows()  # until here a shift might have set it
        yield Ask(link, s7comm.write_real(reference, setpoint, value))
        yield Wait(scene.draws.uniform(20.0, 40.0))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="setpoint-creep",
    title="The panel, taken over, raises the boiler's pressure by 0.1 bar at a time",
    technique="T0836",
    also=("T0831",),
    slow=True,
    attacker="hmi",
    victims=("plc-boiler",),
    harm="The drum is driven to the edge of its safety trip, where any disturbance stops the plant.",
    script=_script,
    moves=("boiler.pressure_setpoint", "boiler.pressure"),
)
