"""The pasteuriser is written to over a session without security, though its server offers better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.pasteuriser import PASTEURISER_URL
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.logon import Logon
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols.opcua_client import Client

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_COLD_C: Final = 55.0
_SINCE_1601: Final = 116_444_736_000_000_000
"""1970 in units of 100 ns."""


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "plc-pasteuriser", 4840)
    speaker = Client(PASTEURISER_URL, "hmi", lambda: round(scene.now_s() * 1e7) + _SINCE_1601)
    yield Ask(link, speaker.hello())
    answers = yield Ask(link, speaker.open())
    if not answers:
        return
    speaker.opened(answers[0])
    yield Ask(link, speaker.get_endpoints())
    yield Wait(scene.draws.uniform(0.5, 1.0))
    answers = yield Ask(link, speaker.create_session())
    speaker.created(answers[0])
    yield Ask(link, speaker.activate_session(*scene.accounts.shift.pair))
    yield Ask(link, speaker.read(("Pasteuriser.TemperatureSetpoint",)))
    yield Ask(link, speaker.write("Pasteuriser.TemperatureSetpoint", _COLD_C))
    yield Wait(scene.draws.uniform(1.0, 2.0))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="opcua-downgrade",
    title="A service laptop opens the panel's session again, without security, and writes in the operator's name",
    technique="T0836",
    also=("T0859", "T0855"),
    attacker="vendor-laptop",
    victims=("plc-pasteuriser",),
    harm="Product runs through too cold: bottles are thrown out, or, worse, are not.",
    script=_script,
    logons=(Logon(machine="plc-pasteuriser", service="OPC UA", user="shift", how="stolen"),),
    moves=("pasteuriser.temperature_setpoint", "pasteuriser.temperature", "pasteuriser.steam"),
)
