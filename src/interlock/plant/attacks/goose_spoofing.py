"""A false protection message: the breaker is said to be open, with a state number ahead of the true one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import goose

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_GROUP: Final = bytes.fromhex("010ccd010001")
_AHEAD: Final = 1000
_MESSAGES: Final = 20


def _script(scene: Scene) -> Script:
    base = "RTUFEEDERCTRL/LLN0"
    false = goose.Publisher(
        reference=f"{base}$GO$breaker", data_set=f"{base}$breaker", name="breaker", application=0x3001,
        state_number=_AHEAD, changed_s=scene.now_s(),
    )  # fmt: skip
    sender = BY_NAME["rtu-feeder"].end.mac
    for _ in range(_MESSAGES):
        false.changed((False, 0.0), scene.now_s())
        yield Cast("vendor-laptop", _GROUP, goose.ETHERTYPE, false.payload(4000), sender, 4)
        yield Wait(scene.draws.uniform(0.05, 0.2))


SCENARIO: Final = Scenario(
    name="goose-spoofing",
    title="A service laptop says in the feeder's name that its breaker is open",
    technique="T0856",
    attacker="vendor-laptop",
    victims=("rtu-feeder",),
    harm="Protection elsewhere acts on a breaker that never opened.",
    script=_script,
)
