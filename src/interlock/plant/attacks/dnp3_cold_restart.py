"""The well's remote station is restarted again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import dnp3

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_TIMES: Final = 5


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "rtu-well", 20000)
    for k in range(_TIMES):
        yield Ask(link, dnp3.request(k, dnp3.COLD_RESTART, master=3))
        yield Wait(scene.draws.uniform(8.0, 12.0))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="dnp3-cold-restart",
    title="A service laptop restarts the well's remote station five times",
    technique="T0816",
    attacker="vendor-laptop",
    victims=("rtu-well",),
    harm="While it restarts nobody sees or controls the well.",
    script=_script,
)
