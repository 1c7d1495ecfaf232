"""The pump's drive fails on a request that is longer than any may be, whenever it is back again."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_TIMES: Final = 3
_OCTETS: Final = 1000


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "drive-pump", 502)
    for k in range(_TIMES):
        octets = struct.pack("!HHHBB", k + 1, 0, _OCTETS, 1, 16) + bytes(
            scene.draws.number(8) for _ in range(_OCTETS - 2)
        )
        yield Ask(link, octets)
        yield Close(link)
        yield Wait(scene.draws.uniform(100.0, 110.0))


SCENARIO: Final = Scenario(
    name="silenced-machine",
    title="A service laptop crashes the pump's drive with an overlong request, three times",
    technique="T0814",
    attacker="vendor-laptop",
    victims=("drive-pump",),
    harm="The pump turns on at its last speed and nobody steers it: the buffer tank overflows or runs empty.",
    script=_script,
    moves=("pump.speed", "buffer.level"),
)
