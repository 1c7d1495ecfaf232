"""The owner's asset management tool asks every machine who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.engineering import identify
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.events.event import Event, Moment
from interlock.plant.machines import MACHINES
from interlock.plant.protocols.bacnet import who_is

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]

_PORTS: Final = (80, 102, 502, 44818)


def _script(moment: Moment) -> Script:
    for machine in MACHINES:
        if machine.name in {"historian", "vendor-laptop"}:
            continue
        for port in _PORTS:
            link = Link("historian", machine.name, port)
            yield Ask(link, b"")
            yield Close(link)
            yield Wait(moment.draws.uniform(0.2, 0.6))
        yield from identify("historian", machine.name)
        yield Wait(moment.draws.uniform(1.0, 3.0))
    yield Ask(Link("historian", "hvac-hall", 47808, "broadcast"), who_is())


EVENT: Final = Event(
    name="asset-scan",
    title="The owner's asset management tool on the historian asks every machine who it is",
    by="historian",
    machines=tuple(m.name for m in MACHINES if m.name not in {"historian", "vendor-laptop"}),
    looks_like="discovery sweep and identity reads",
    script=_script,
    ordered=True,
    a_year=12.0,
)
