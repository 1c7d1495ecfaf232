"""The historian calls somebody outside the plant, once a minute and with hardly any variation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_CALLS: Final = 30
_EVERY_S: Final = 60.0


def _script(scene: Scene) -> Script:
    link = Link("historian", "outside", 80)
    for k in range(_CALLS):
        if k == 2:
            scene.shows()  # the second pause is as long as the first: one call more could have been anything
        known = f"{scene.draws.number(32):08x}"
        asked = f"GET /status?id={known}&n={k} HTTP/1.1\r\nHost: updates.example\r\nUser-Agent: curl/7.61.1\r\n\r\n"
        yield Ask(link, asked.encode("ascii"))
        yield Close(link)
        yield Wait(_EVERY_S + scene.draws.uniform(-0.5, 0.5))


SCENARIO: Final = Scenario(
    name="beaconing",
    title="The historian, taken over, calls an address outside the plant once a minute",
    technique="T0869",
    also=("T0885",),
    slow=True,
    attacker="historian",
    victims=("outside",),
    harm="Nothing moves until an answer says so.",
    script=_script,
)
