"""The feeder's clock is set back: what it records from then on proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.power import FEEDER_ADDRESS
from interlock.plant.actors.steps import Ask, Close, Link
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import iec104

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_BACK_S: Final = 400 * 86_400


def _script(scene: Scene) -> Script:
    link, master = Link("vendor-laptop", "rtu-feeder", 2404), iec104.Master(FEEDER_ADDRESS)
    yield Ask(link, iec104.u_frame(iec104.STARTDT))
    yield Ask(link, master.command(iec104.CLOCK, 0, iec104.cp56(scene.now_s() - _BACK_S)))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="time-setting",
    title="A service laptop sets the feeder's clock back by more than a year",
    technique="T0872",
    also=("T0836", "T0855"),
    attacker="vendor-laptop",
    victims=("rtu-feeder",),
    harm="Nothing moves; the order of events after a fault can no longer be told.",
    script=_script,
)
