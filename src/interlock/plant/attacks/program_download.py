"""A block of the boiler's program is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.engineering import download_block
from interlock.plant.attacks.scenario import Scenario, Scene

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_BLOCK: Final = "_0800001P"
_OCTETS: Final = 640


def _script(scene: Scene) -> Script:
    octets = bytes(scene.draws.number(8) for _ in range(_OCTETS))
    yield from download_block("engineering", _BLOCK, octets)


SCENARIO: Final = Scenario(
    name="program-download",
    title="The engineering station, taken over, replaces a block of the boiler's program at night",
    technique="T0843",
    also=("T0889", "T0821"),
    attacker="engineering",
    victims=("plc-boiler",),
    harm="From now on the boiler is controlled by whatever the attacker wrote.",
    script=_script,
)
