"""The panel is restarted after its updates: it is away for some minutes, then asks everybody anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.network import announce_address
from interlock.plant.actors.steps import Wait
from interlock.plant.events.event import Event, Moment
from interlock.plant.machines import BY_NAME

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]


def _script(moment: Moment) -> Script:
    plant, panel = moment.plant, BY_NAME["hmi"].end
    plant.leave("hmi")
    yield Wait(moment.draws.uniform(100.0, 160.0))
    plant.appear("hmi")
    yield from announce_address("hmi", panel.mac, panel.ip)
    yield Wait(moment.draws.uniform(15.0, 25.0))
    plant.come_back("hmi")


EVENT: Final = Event(
    name="hmi-reboot",
    title="The operator's panel is restarted after its updates",
    by="hmi",
    machines=("hmi",),
    looks_like="loss of view, and then somebody new who asks every controller at once",
    script=_script,
    a_year=24.0,
)
