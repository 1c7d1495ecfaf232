"""The hall's temperature transmitter is calibrated: five points of its whole span, a minute each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Wait
from interlock.plant.events.event import Event, Moment

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]

_POINTS_C: Final = (-20.0, 0.0, 20.0, 40.0, 60.0)


def _script(moment: Moment) -> Script:
    for value in _POINTS_C:
        moment.plant.simulate("hall.temperature", value)
        yield Wait(moment.draws.uniform(55.0, 70.0))
    moment.plant.simulate("hall.temperature", None)


EVENT: Final = Event(
    name="transmitter-calibration",
    title="The hall's temperature transmitter is calibrated in five steps over its span",
    by="hvac-hall",
    machines=("hvac-hall",),
    looks_like="sensor spoofing: a value jumps where nothing physical can have moved it, and the fan follows",
    script=_script,
    ordered=True,
    a_year=4.0,
)
