"""One question every few minutes, to one machine at a time: below what counts per minute would notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_ASKED: Final = (
    ("plc-water", 502), ("plc-boiler", 102), ("plc-filler", 44818), ("rtu-well", 20000), ("rtu-feeder", 2404),
    ("drive-pump", 502), ("plc-pasteuriser", 4840), ("safety-boiler", 1502),
)  # fmt: skip


def _script(scene: Scene) -> Script:
    for k, (machine, port) in enumerate(_ASKED):
        if k == 1:
            scene.shows()  # one machine tried is a mistake, the second one is a search
        link = Link("historian", machine, port)
        yield Ask(link, b"")
        yield Wait(scene.draws.uniform(0.5, 1.5))
        yield Close(link)
        yield Wait(scene.draws.uniform(150.0, 270.0))


SCENARIO: Final = Scenario(
    name="slow-reconnaissance",
    title="The historian, taken over, tries one control port every few minutes",
    technique="T0846",
    slow=True,
    attacker="historian",
    victims=tuple(machine for machine, _ in _ASKED),
    harm="Nothing moves.",
    script=_script,
)
