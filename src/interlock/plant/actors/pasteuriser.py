"""The pasteuriser's controller, the panel and the historian that read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Until, Wait
from interlock.plant.protocols.opcua_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.protocols.opcua_security import Guard

__all__ = ["PASTEURISER_NODES", "PASTEURISER_URL", "PASTEURISER_WRITABLE", "collect", "discover"]

PASTEURISER_URL: Final = "opc.tcp://plc-pasteuriser:4840"
PASTEURISER_NODES: Final = {
    "Pasteuriser.Temperature": "pasteuriser.temperature",
    "Pasteuriser.TemperatureSetpoint": "pasteuriser.temperature_setpoint",
    "Pasteuriser.SteamValve": "pasteuriser.steam",
}
PASTEURISER_WRITABLE: Final = frozenset({"Pasteuriser.TemperatureSetpoint"})


_RENEWED_S: Final = 2700.0
"""After which a client opens its channel of an hour anew, as the specification advises (three quarters)."""


def discover(client: str, now: Callable[[], int]) -> Script:
    """Ask what the server offers, over a connection that is closed again."""
    link, speaker = Link(client, "plc-pasteuriser", 4840), Client(PASTEURISER_URL, client, now)
    yield Ask(link, speaker.hello())
    speaker.opened((yield Ask(link, speaker.open()))[0])
    yield Ask(link, speaker.get_endpoints())
    yield Ask(link, speaker.close())
    yield Close(link)


def collect(client: str, now: Callable[[], int], every_s: float, guard: Guard) -> Script:
    """Look what the server offers, open a session over the best of it, then read every value again and again.

    now: see Client.
    """
    yield from discover(client, now)
    yield Wait(0.2)
    link, speaker = Link(client, "plc-pasteuriser", 4840), Client(PASTEURISER_URL, client, now, guard)
    yield Ask(link, speaker.hello())
    speaker.opened((yield Ask(link, speaker.open()))[0])
    speaker.created((yield Ask(link, speaker.create_session()))[0])
    yield Ask(link, speaker.activate_session())
    yield Ask(link, speaker.browse())
    opened = now()
    while True:
        yield Until(every_s, 0.85)
        if now() - opened > _RENEWED_S * 1e7:
            speaker.opened((yield Ask(link, speaker.open(again=True)))[0])
            opened = now()
        yield Ask(link, speaker.read(tuple(PASTEURISER_NODES)))
