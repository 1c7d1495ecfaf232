"""An engineer loads a changed block into the boiler's controller, as ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.engineering import download_block, identify, upload_block
from interlock.plant.actors.steps import Wait
from interlock.plant.events.event import Event, Moment

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]

_BLOCK: Final = "_0800001P"
_OCTETS: Final = 640


def _script(moment: Moment) -> Script:
    yield from identify("engineering", "plc-boiler")
    yield from upload_block("engineering", _BLOCK)
    yield Wait(moment.draws.uniform(20.0, 40.0))
    changed = bytes((k * 37 + 11 + (k % 64 == 0)) & 0xFF for k in range(_OCTETS))
    yield from download_block("engineering", _BLOCK, changed)
    yield Wait(moment.draws.uniform(5.0, 10.0))
    yield from upload_block("engineering", _BLOCK)


EVENT: Final = Event(
    name="work-order-download",
    title="An engineer loads a changed block into the boiler's controller under a work order",
    by="engineering",
    machines=("plc-boiler",),
    looks_like="program download: on the wire it is the same",
    script=_script,
    ordered=True,
    a_year=10.0,
)
