"""Messages that no client sends, in every protocol that the plant speaks: one rule broken at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import goose, profinet
from interlock.plant.protocols.malformed import Broken, broken

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_ROUNDS: Final = 2
_FROM: Final = "vendor-laptop"
_LINKS: Final = {
    "modbus": Link(_FROM, "drive-pump", 502),
    "s7comm": Link(_FROM, "plc-boiler", 102),
    "enip": Link(_FROM, "plc-filler", 44818),
    "dnp3": Link(_FROM, "rtu-well", 20000),
    "iec104": Link(_FROM, "rtu-feeder", 2404),
    "bacnet": Link(_FROM, "hvac-hall", 47808, "udp"),
}
_GOOSE_GROUP: Final = bytes.fromhex("010ccd010001")


def _script(scene: Scene) -> Script:
    for _ in range(_ROUNDS):
        for each in broken(lambda: scene.draws.number(8)):
            yield from _sent(scene, each)
            yield Wait(scene.draws.uniform(0.2, 0.6))


def _sent(scene: Scene, each: Broken) -> Script:
    """Over a connection of its own: who is reset may listen no longer."""
    link = _LINKS.get(each.protocol)
    if link is None:
        scene.tell(protocol=each.protocol, breaks=each.what, server="everybody")
        target = _GOOSE_GROUP if each.protocol == "goose" else profinet.IDENTIFY_GROUP
        kind = goose.ETHERTYPE if each.protocol == "goose" else profinet.ETHERTYPE
        yield Cast(_FROM, target, kind, each.octets)
        return
    for octets in each.before:
        yield Ask(link, octets)
    scene.tell(protocol=each.protocol, breaks=each.what, server=link.server)
    yield Ask(link, each.octets)
    yield Close(link)


SCENARIO: Final = Scenario(
    name="malformed-frames",
    title="A service laptop sends every controller messages that break the rules of its protocol",
    technique="T0814",
    attacker="vendor-laptop",
    victims=("drive-pump", "plc-boiler", "plc-filler", "rtu-well", "rtu-feeder", "hvac-hall", "rio-boiler"),
    harm="Nothing moves here; weaker controllers hang, and what they control stands.",
    script=_script,
)
