"""The safety controller's program is changed so that it never trips, and the pressure is raised afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import s7comm, tristation

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_PARTS: Final = 12
_RAISED_BAR: Final = 12.0


def _script(scene: Scene) -> Script:
    link = Link("engineering", "safety-boiler", 1502, "udp")
    yield Ask(link, tristation.envelope(tristation.CONNECT))
    yield Ask(link, tristation.command(tristation.CP_STATUS, 1))
    yield Ask(link, tristation.command(tristation.DOWNLOAD_CHANGE, 2))
    for k in range(_PARTS):
        program = (7).to_bytes(2, "little") + bytes(scene.draws.number(8) for _ in range(200))
        yield Ask(link, tristation.command(tristation.ALLOCATE_PROGRAM, 3 + k, program))
        yield Wait(scene.draws.uniform(0.05, 0.1))
    yield Ask(link, tristation.command(tristation.END_DOWNLOAD_CHANGE, 20))
    yield Ask(link, tristation.command(tristation.RUN_PROGRAM, 21))
    yield Ask(link, tristation.envelope(tristation.DISCONNECT))
    yield Wait(30.0)
    boiler = Link("engineering", "plc-boiler", 102)
    setpoint = next(r for r in BOILER_REALS if r.tag == "boiler.pressure_setpoint")
    for request in (s7comm.connect(), s7comm.setup(1), s7comm.write_real(2, setpoint, _RAISED_BAR)):
        yield Ask(boiler, request)
    yield Close(boiler)


SCENARIO: Final = Scenario(
    name="safety-programming",
    title="The engineering station, taken over, reprograms the safety controller and then raises the pressure",
    technique="T0843",
    also=("T0889", "T0880", "T0836"),
    attacker="engineering",
    victims=("safety-boiler", "plc-boiler"),
    harm="The boiler is driven beyond its limit; only the relief valve stands between it and bursting.",
    script=_script,
    moves=("boiler.pressure_setpoint", "boiler.pressure", "boiler.relief"),
)
