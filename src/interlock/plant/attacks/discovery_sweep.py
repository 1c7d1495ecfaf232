"""Somebody looks for control services on every address of the plant's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import MACHINES

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_PORTS: Final = (102, 502, 2404, 4840, 20000, 44818)


def _script(scene: Scene) -> Script:
    for machine in MACHINES:
        if machine.name == "vendor-laptop":
            continue
        for port in _PORTS:
            link = Link("vendor-laptop", machine.name, port)
            yield Ask(link, b"")
            yield Close(link)
            yield Wait(scene.draws.uniform(0.01, 0.05))


SCENARIO: Final = Scenario(
    name="discovery-sweep",
    title="A service laptop tries six control ports on every machine",
    technique="T0846",
    attacker="vendor-laptop",
    victims=tuple(m.name for m in MACHINES if m.name != "vendor-laptop"),
    harm="Nothing moves; old controllers have stopped when somebody merely looked for them.",
    script=_script,
)
