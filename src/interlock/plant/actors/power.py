"""The feeder's bay controller, and the panel as its controlling station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Hear, Link, Until
from interlock.plant.protocols.iec104 import INTERROGATION, Master, Measured, Switch, u_frame

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["FEEDER_ADDRESS", "FEEDER_MEASURED", "FEEDER_SWITCHES", "watch_feeder"]

FEEDER_ADDRESS: Final = 12
FEEDER_MEASURED: Final = (
    Measured("power.voltage", 700, 0.05),
    Measured("power.current", 701, 0.3),
    Measured("power.load", 702, 5.0),
)
FEEDER_SWITCHES: Final = (Switch("power.breaker", 100, 5000),)
_ACKNOWLEDGED_S: Final = 10.0


def watch_feeder(client: str = "hmi") -> Script:
    """Start data transfer, ask for everything, then listen, acknowledge, and ask again every quarter of an hour."""
    link, master = Link(client, "rtu-feeder", 2404), Master(FEEDER_ADDRESS)
    yield Ask(link, u_frame(0x07))
    while True:
        master.heard((yield Ask(link, master.command(INTERROGATION, 0, b"\x14"))))
        for _ in range(90):
            yield Until(_ACKNOWLEDGED_S, 0.7)
            spoken = yield Hear(link)
            if spoken:
                master.heard(spoken)
                yield Ask(link, master.acknowledge())
            else:
                yield Ask(link, u_frame(0x43))
