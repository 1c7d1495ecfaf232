"""The filler's speed is set beyond what its valves can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import cip

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_TOO_FAST: Final = 290.0


def _script(_scene: Scene) -> Script:
    link = Link("engineering", "plc-filler", 44818)
    answers = yield Ask(link, cip.register())
    session = cip.session_of(answers[0]) if answers else 0
    yield Ask(link, cip.unconnected(session, cip.read_tag("Filler_SpeedSP"), 1))
    yield Ask(link, cip.unconnected(session, cip.write_tag("Filler_SpeedSP", _TOO_FAST), 2))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="cip-write",
    title="The engineering station, taken over, sets the filler to 290 bottles a minute",
    technique="T0831",
    also=("T0836", "T0855"),
    attacker="engineering",
    victims=("plc-filler",),
    harm="Bottles leave half a glass short: all of them are thrown out, and the belt runs beyond its speed.",
    script=_script,
    moves=("filler.speed_setpoint", "filler.speed", "filler.volume", "filler.rejects"),
)
