"""Somebody reads who the controllers are: what an attacker needs to choose tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import cip, modbus, s7comm

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]


def _script(scene: Scene) -> Script:
    for victim in ("plc-water", "drive-pump"):
        link = Link("vendor-laptop", victim, 502)
        yield Ask(link, modbus.adu(1, 1, b"\x2b\x0e\x01\x00"))
        yield Close(link)
        yield Wait(scene.draws.uniform(0.5, 2.0))
    link = Link("vendor-laptop", "plc-boiler", 102)
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    for k, number in enumerate((0x0011, 0x001C, 0x0424)):
        yield Ask(link, s7comm.szl(2 + k, number))
    yield Close(link)
    yield Wait(scene.draws.uniform(0.5, 2.0))
    link = Link("vendor-laptop", "plc-filler", 44818)
    yield Ask(link, cip.encapsulate(cip.LIST_IDENTITY, 0))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="identity-reads",
    title="A service laptop reads the identity of four controllers",
    technique="T0888",
    attacker="vendor-laptop",
    victims=("plc-water", "drive-pump", "plc-boiler", "plc-filler"),
    harm="Nothing moves.",
    script=_script,
)
