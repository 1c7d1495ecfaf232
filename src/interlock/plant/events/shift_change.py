"""A new shift sits down at the panel: another user, and set points as that shift likes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.pasteuriser import PASTEURISER_URL
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.events.event import Event, Moment
from interlock.plant.protocols import cip, modbus, s7comm
from interlock.plant.protocols.opcua_client import Client

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["EVENT"]

_SINCE_1601: Final = 116_444_736_000_000_000
"""1970 in units of 100 ns."""


def _script(moment: Moment) -> Script:
    pasteuriser = Link("hmi", "plc-pasteuriser", 4840)
    guard = moment.keyring.guard("hmi", "plc-pasteuriser")
    speaker = Client(PASTEURISER_URL, "hmi", lambda: round(moment.now_s() * 1e7) + _SINCE_1601, guard)
    yield Ask(pasteuriser, speaker.hello())
    speaker.opened((yield Ask(pasteuriser, speaker.open()))[0])
    speaker.created((yield Ask(pasteuriser, speaker.create_session()))[0])
    yield Ask(pasteuriser, speaker.activate_session(*moment.accounts.shift.pair))
    liked = round(moment.draws.uniform(75.5, 76.5), 1)
    yield Ask(pasteuriser, speaker.write("Pasteuriser.TemperatureSetpoint", liked))
    yield Close(pasteuriser)
    yield Wait(moment.draws.uniform(20.0, 60.0))
    filler = Link("hmi", "plc-filler", 44818)
    session = cip.session_of((yield Ask(filler, cip.register()))[0])
    speed = float(round(moment.draws.uniform(170.0, 185.0)))
    yield Ask(filler, cip.unconnected(session, cip.write_tag("Filler_SpeedSP", speed), 1))
    yield Close(filler)
    yield Wait(moment.draws.uniform(20.0, 60.0))
    water = Link("hmi", "plc-water", 502)
    yield Ask(water, modbus.adu(1, 1, modbus.write_register(0, round(moment.draws.uniform(1450.0, 1550.0)))))
    yield Close(water)
    boiler = Link("hmi", "plc-boiler", 102)
    setpoint = next(r for r in BOILER_REALS if r.tag == "boiler.pressure_setpoint")
    pressure = round(moment.draws.uniform(6.9, 7.2), 2)
    for request in (s7comm.connect(), s7comm.setup(1), s7comm.write_real(2, setpoint, pressure)):
        yield Ask(boiler, request)
    yield Close(boiler)


EVENT: Final = Event(
    name="shift-change",
    title="A new shift logs on at the panel and sets the plant as it likes it",
    by="hmi",
    machines=("plc-pasteuriser", "plc-filler", "plc-water", "plc-boiler"),
    looks_like="unauthorised writes: set points change that nobody touched for hours",
    script=_script,
    a_year=730.0,
)
