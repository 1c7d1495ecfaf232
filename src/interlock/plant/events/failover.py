"""The water controller's standby takes over: its address is at another hardware address from one moment to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.network import announce_address
from interlock.plant.actors.steps import Wait
from interlock.plant.events.event import Event, Moment
from interlock.plant.machines import BY_NAME

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]

STANDBY: Final = bytes.fromhex("0080f45a106e")


def _script(moment: Moment) -> Script:
    plant = moment.plant
    plant.fall_silent("plc-water")
    yield Wait(moment.draws.uniform(0.9, 1.4))
    plant.move("plc-water", STANDBY)
    plant.appear("plc-water")
    yield from announce_address("plc-water", STANDBY, BY_NAME["plc-water"].end.ip)
    plant.come_back("plc-water")


EVENT: Final = Event(
    name="failover",
    title="The water controller's standby takes over its address",
    by="plc-water",
    machines=("plc-water", "drive-pump", "hmi"),
    looks_like="ARP spoofing: an address moves to another hardware address, without being asked, and sessions break",
    script=_script,
    a_year=2.0,
)
