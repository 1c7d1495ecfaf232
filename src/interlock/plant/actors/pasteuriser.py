"""The pasteuriser's controller, the panel and the historian that read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Until
from interlock.plant.protocols.opcua_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script

__all__ = ["OPERATOR", "PASTEURISER_NODES", "PASTEURISER_URL", "PASTEURISER_WRITABLE", "collect"]

OPERATOR: Final = ("shift", "Kessel-7")
"""User and password of those who may change the set point."""

PASTEURISER_URL: Final = "opc.tcp://plc-pasteuriser:4840"
PASTEURISER_NODES: Final = {
    "Pasteuriser.Temperature": "pasteuriser.temperature",
    "Pasteuriser.TemperatureSetpoint": "pasteuriser.temperature_setpoint",
    "Pasteuriser.SteamValve": "pasteuriser.steam",
}
PASTEURISER_WRITABLE: Final = frozenset({"Pasteuriser.TemperatureSetpoint"})


def collect(client: str, now: Callable[[], int], every_s: float) -> Script:
    """Open a session, look around once, then read every value again and again. now: see Client."""
    link, speaker = Link(client, "plc-pasteuriser", 4840), Client(PASTEURISER_URL, client, now)
    yield Ask(link, speaker.hello())
    speaker.opened((yield Ask(link, speaker.open()))[0])
    yield Ask(link, speaker.get_endpoints())
    speaker.created((yield Ask(link, speaker.create_session()))[0])
    yield Ask(link, speaker.activate_session())
    yield Ask(link, speaker.browse())
    while True:
        yield Until(every_s, 0.85)
        yield Ask(link, speaker.read(tuple(PASTEURISER_NODES)))
