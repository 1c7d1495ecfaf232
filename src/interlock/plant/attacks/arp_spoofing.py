"""Panel and water controller are told that the other one's address is at the attacker, who passes everything on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.wire.frames import End

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_ROUNDS: Final = 60


def _script(scene: Scene) -> Script:
    attacker = BY_NAME["vendor-laptop"].end.mac
    panel, controller = BY_NAME["hmi"].end, BY_NAME["plc-water"].end
    for _ in range(_ROUNDS):
        for victim, other in ((panel, controller), (controller, panel)):
            false = arp(2, End(attacker, other.ip), victim)
            yield Cast("vendor-laptop", victim.mac, ARP, false)
        yield Wait(scene.draws.uniform(1.9, 2.1))
    for victim, other in ((panel, controller), (controller, panel)):  # and go without leaving a trace
        yield Cast("vendor-laptop", victim.mac, ARP, arp(2, other, victim))


SCENARIO: Final = Scenario(
    name="arp-spoofing",
    title="A service laptop puts itself between the panel and the water controller by false ARP replies",
    technique="T0830",
    attacker="vendor-laptop",
    victims=("hmi", "plc-water"),
    harm="Nothing moves by itself; every value and command between the two can be read, and changed, on its way.",
    script=_script,
)
