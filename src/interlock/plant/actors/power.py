"""The feeder's bay controller, and the panel as its controlling station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Hear, Link, Until
from interlock.plant.protocols.iec104 import (
    INTERROGATION,
    SINGLE_COMMAND,
    STARTDT,
    TESTFR,
    Master,
    Measured,
    Switch,
    floats_of,
    u_frame,
)

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
_VOLTAGE: Final = 700
_DEAD_KV: Final = 1.0
_ACTS_AFTER_S: Final = 240.0


def watch_feeder(client: str = "hmi") -> Script:
    """Start data transfer, ask for everything, then listen, acknowledge, and ask again every quarter of an hour.

    Where the voltage is gone for some minutes, the operator asks, and closes the breaker again.
    """
    link, master, dead = Link(client, "rtu-feeder", 2404), Master(FEEDER_ADDRESS), 0
    yield Ask(link, u_frame(STARTDT))
    while True:
        master.heard((yield Ask(link, master.command(INTERROGATION, 0, b"\x14"))))
        for _ in range(90):
            yield Until(_ACKNOWLEDGED_S, 0.7)
            spoken = yield Hear(link)
            master.heard(spoken)
            yield Ask(link, master.acknowledge() if spoken else u_frame(TESTFR))
            said = floats_of(spoken).get(_VOLTAGE)
            dead = dead + 1 if (dead and said is None) or (said is not None and said < _DEAD_KV) else 0
            if dead * _ACKNOWLEDGED_S >= _ACTS_AFTER_S:
                command = FEEDER_SWITCHES[0].command
                for element in (b"\x81", b"\x01"):  # select, then execute
                    master.heard((yield Ask(link, master.command(SINGLE_COMMAND, command, element))))
                dead = 0
