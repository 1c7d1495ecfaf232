"""The boiler's pressure is said to be lower than it is, in its remote I/O's name, right behind the true message."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import CYCLE_S, GOOD, INPUT_FRAME
from interlock.plant.actors.steps import Cast, Until
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import profinet

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_FOR_S: Final = 300.0
_SAID_BAR: Final = 6.9
_SAID_LEVEL: Final = 60.0
_SAID_C: Final = 168.0


def _script(scene: Scene) -> Script:
    sender, target = BY_NAME["rio-boiler"].end.mac, BY_NAME["plc-boiler"].end.mac
    begun, counter = scene.now_s(), scene.draws.number(16)
    while scene.now_s() - begun < _FOR_S:
        yield Until(CYCLE_S, 0.105)
        counter += round(CYCLE_S / 31.25e-6)
        said = struct.pack("!3f", _SAID_BAR + 0.02 * scene.draws.gauss(), _SAID_LEVEL, _SAID_C) + GOOD
        false = profinet.cyclic(INPUT_FRAME, said, counter)
        yield Cast("vendor-laptop", target, profinet.ETHERTYPE, false, sender, 6)


SCENARIO: Final = Scenario(
    name="sensor-spoofing",
    title="A service laptop tells the boiler's controller a pressure that is too low, as if it were the remote I/O",
    technique="T0856",
    attacker="vendor-laptop",
    victims=("plc-boiler",),
    harm="The controller fires on: the true pressure rises unseen until the safety controller trips.",
    script=_script,
    moves=("boiler.pressure", "boiler.burner"),
)
