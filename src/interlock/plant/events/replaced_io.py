"""The boiler's remote I/O is replaced: other hardware address, other serial number, named by its controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.events.event import Event, Moment
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import profinet

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]

SPARE: Final = bytes.fromhex("2863365a108d")
SERIAL: Final = "S PRACTICE-R0099"


def _script(moment: Moment) -> Script:
    plant, xid = moment.plant, moment.draws.number(31)
    plant.fall_silent("rio-boiler")
    yield Wait(moment.draws.uniform(60.0, 90.0))
    plant.replace_io(SPARE, SERIAL)
    plant.appear("rio-boiler")
    yield Wait(moment.draws.uniform(2.0, 4.0))
    yield Cast("plc-boiler", profinet.IDENTIFY_GROUP, profinet.ETHERTYPE, profinet.identify(xid))
    yield Wait(1.0)
    yield Cast("plc-boiler", SPARE, profinet.ETHERTYPE, profinet.set_name(xid + 1, "rio-boiler"))
    yield Wait(0.5)
    given = profinet.set_ip(xid + 2, BY_NAME["rio-boiler"].end.ip, bytes((255, 255, 255, 0)), bytes(4))
    yield Cast("plc-boiler", SPARE, profinet.ETHERTYPE, given)
    yield Wait(0.5)
    plant.come_back("rio-boiler")


EVENT: Final = Event(
    name="replaced-io",
    title="The boiler's remote I/O is replaced by a spare one, which its controller names",
    by="plc-boiler",
    machines=("rio-boiler", "plc-boiler"),
    looks_like="DCP rename and address change; a clone that answers in another one's place",
    script=_script,
    ordered=True,
    a_year=1.0,
)
