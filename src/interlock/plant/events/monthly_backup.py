"""The engineering station fetches every program and file of settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.engineering import fetch_settings, identify, upload_block
from interlock.plant.actors.steps import Wait
from interlock.plant.events.event import Event, Moment

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]


def _script(moment: Moment) -> Script:
    for machine in ("plc-water", "drive-pump", "plc-boiler", "plc-filler"):
        yield from identify("engineering", machine)
        yield Wait(moment.draws.uniform(1.0, 3.0))
    for block in ("_0800001P", "_0A00001P"):
        yield from upload_block("engineering", block)
        yield Wait(moment.draws.uniform(1.0, 3.0))
    yield from fetch_settings("engineering", moment.accounts.upkeep)


EVENT: Final = Event(
    name="monthly-backup",
    title="The engineering station saves the programs and settings of all controllers",
    by="engineering",
    machines=("plc-water", "drive-pump", "plc-boiler", "plc-filler"),
    looks_like="identity reads and theft of programs",
    script=_script,
    ordered=True,
    a_year=12.0,
)
