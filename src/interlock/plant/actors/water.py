"""Polls of the water section: the panel reads the controller, the controller steers the pump's drive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Until
from interlock.plant.protocols.cip import Identity as CipIdentity
from interlock.plant.protocols.modbus import Identity, Point, adu, read, registers_of, write_register

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script
    from interlock.plant.process.tags import State

__all__ = [
    "DRIVE",
    "DRIVE_CIP",
    "DRIVE_IDENTITY",
    "WATER",
    "WATER_FILES",
    "WATER_FTP",
    "WATER_IDENTITY",
    "poll_water",
    "steer_pump",
]

WATER: Final = (
    Point("raw.level", "input", 0, 1000),
    Point("buffer.level", "input", 1, 1000),
    Point("pump.flow", "input", 2, 100),
    Point("pump.speed", "input", 3, 100),
    Point("pump.current", "input", 4, 100),
    Point("buffer.level_setpoint", "holding", 0, 1000),
    Point("pump.speed_setpoint", "holding", 1, 100),
    Point("raw.inlet", "coil", 0),
)
WATER_IDENTITY: Final = Identity("Interlock Practice", "PW-200", "V2.4")
DRIVE: Final = (
    Point("pump.speed", "input", 0, 100),
    Point("pump.current", "input", 1, 100),
    Point("drive.fault", "discrete", 0),
    Point("pump.speed_setpoint", "holding", 0, 100),
)
DRIVE_IDENTITY: Final = Identity("Interlock Practice", "PD-11", "V1.9")
DRIVE_CIP: Final = CipIdentity(243, 0x02, 11, (1, 9), 0x00B41102, "PD-11")
WATER_FTP: Final = "PW-200 FTP server (V2.4) ready."
WATER_FILES: Final = {"/conf/settings.ini": b"[buffer]\r\nlevel_setpoint=1.50\r\n"}


def poll_water(client: str = "hmi") -> Script:
    """The panel: measured values, set points and the valve, once a second."""
    link, transaction = Link(client, "plc-water", 502), 0
    while True:
        for request in (read(4, 0, 5), read(3, 0, 2), read(1, 0, 1)):
            transaction += 1
            yield Ask(link, adu(transaction, 1, request))
        yield Until(1.0)


def steer_pump(image: State) -> Script:
    """The water controller: tells the drive its speed and reads how it turns, once a second."""
    link, transaction = Link("plc-water", "drive-pump", 502), 0
    points = {p.tag: p for p in DRIVE}
    while True:
        yield Until(1.0, 0.35)
        asked = points["pump.speed_setpoint"].encode(image["pump.speed_setpoint"])
        yield Ask(link, adu(transaction := transaction + 1, 1, write_register(0, asked)))
        answers = yield Ask(link, adu(transaction := transaction + 1, 1, read(4, 0, 2)))
        if answers:
            speed, current = registers_of(answers[0])
            image["pump.speed"] = points["pump.speed"].decode(speed)
            image["pump.current"] = points["pump.current"].decode(current)
