"""A recording of the twin: the whole plant for so many simulated minutes, as a capture of its mirror port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import (
    BOILER_REALS,
    boiler_cpu,
    drive_outputs,
    poll_boiler,
    take_inputs,
    take_outputs,
    tell_inputs,
)
from interlock.plant.actors.filling import FILLER_IDENTITY, FILLER_TAGS, operate_filler
from interlock.plant.actors.hall import HALL_NAMED, HALL_OBJECTS, show_hall
from interlock.plant.actors.network import announce, ask_switch, publish_breaker, switch_agent
from interlock.plant.actors.pasteuriser import (
    PASTEURISER_NODES,
    PASTEURISER_URL,
    PASTEURISER_WRITABLE,
    collect,
)
from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_MEASURED, FEEDER_SWITCHES, watch_feeder
from interlock.plant.actors.water import DRIVE, DRIVE_IDENTITY, WATER, WATER_IDENTITY, poll_water, steer_pump
from interlock.plant.actors.well import WELL_ANALOGS, WELL_BINARIES, keep_filled
from interlock.plant.attacks.scenario import Scene
from interlock.plant.attacks.table import scenario
from interlock.plant.control.programs import CONTROLLERS, controller
from interlock.plant.draws import Draws
from interlock.plant.machines import BY_NAME
from interlock.plant.process.whole import STEP_S, Process
from interlock.plant.protocols import profinet
from interlock.plant.protocols.bacnet import BacnetDevice
from interlock.plant.protocols.cip import CipServer
from interlock.plant.protocols.dnp3 import Outstation
from interlock.plant.protocols.iec104 import Station
from interlock.plant.protocols.modbus import ModbusServer
from interlock.plant.protocols.opcua import OpcUaServer
from interlock.plant.protocols.s7comm import S7Server
from interlock.plant.protocols.tristation import SafetyController
from interlock.plant.protocols.web import Web
from interlock.plant.twin.cases import Case
from interlock.plant.twin.clock import SECOND, Clock
from interlock.plant.twin.mirror import Mirror
from interlock.plant.twin.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["BEGIN_S", "Twin"]

BEGIN_S: Final = 1_788_411_600
"""A Thursday in September 2026, 05:00 UTC: an hour before the first shift."""

SCAN_S: Final = 0.2
_DAY_S: Final = 86_400


class Twin:
    """The plant on simulated time; equal seeds give equal octets."""

    def __init__(self, target: BinaryIO, seed: int, begin_s: int = BEGIN_S) -> None:
        self._draws = draws = Draws(seed)
        self.cases: list[Case] = []
        self.clock = Clock(begin_s * SECOND)
        self.mirror = Mirror(target)
        self.process = Process(draws.of("process").gauss, begin_s % _DAY_S)
        self.controllers = {name: controller(name) for name in CONTROLLERS}
        self.stage = Stage(self.clock, self.mirror, draws)
        self._serve()
        self._step()

    def run(self, minutes: float) -> Iterator[float]:
        """Let time pass, and give the share that is done after each simulated second."""
        until = self.clock.now + round(minutes * 60 * SECOND)
        begin = self.clock.now
        while self.clock.now < until:
            self.clock.run(min(self.clock.now + SECOND, until))
            self.mirror.write(self.clock.now)
            yield (self.clock.now - begin) / (until - begin)

    def attack(self, name: str, minute: float) -> None:
        """Let an attack begin at a minute of the recording. Raises KeyError where there is none of this name."""
        case = Case(scenario(name), self.clock, self.process.state)
        self.cases.append(case)
        scene = Scene(self._draws.of(f"attack {name} {minute}"), lambda: self.clock.now / SECOND)
        begin = self.clock.now + round(minute * 60 * SECOND)
        self.stage.play(case.watched(scene), begin_ns=begin, frames=case.frames)

    def _step(self) -> None:
        self.process.step()
        for each in self.controllers.values():
            each.scan(self.process, SCAN_S)
        for case in self.cases:
            case.look()
        self.clock.at(self.clock.now + round(STEP_S * SECOND), self._step)

    def _boiler_runs(self, running: bool) -> None:
        self.controllers["plc-boiler"].running = running

    def _safety_changed(self) -> None:
        """Whatever was loaded does not trip any more."""
        self.controllers["safety-boiler"].image.update(
            {"safety.pressure_limit": 1e6, "safety.level_limit": -1.0}
        )

    def _filetime(self) -> int:
        """Now, in 100 ns since 1601."""
        return self.clock.now // 100 + 116_444_736_000_000_000

    def _serve(self) -> None:
        stage, images = self.stage, {name: c.image for name, c in self.controllers.items()}
        stage.serve("plc-water", 502, ModbusServer(images["plc-water"], WATER, WATER_IDENTITY))
        stage.serve("drive-pump", 502, ModbusServer(images["drive-pump"], DRIVE, DRIVE_IDENTITY))
        feeder = Station(images["rtu-feeder"], FEEDER_ADDRESS, FEEDER_MEASURED, FEEDER_SWITCHES)
        stage.serve("rtu-feeder", 2404, feeder)
        stage.play(watch_feeder())
        stage.serve("rtu-well", 20000, Outstation(images["rtu-well"], WELL_ANALOGS, WELL_BINARIES))
        stage.play(keep_filled(images["plc-water"]))
        filler = CipServer(images["plc-filler"], FILLER_TAGS, FILLER_IDENTITY, BY_NAME["plc-filler"].end.ip)
        stage.serve("plc-filler", 44818, filler)
        stage.play(operate_filler(lambda: self.clock.now / SECOND % _DAY_S))
        stage.serve("hvac-hall", 47808, BacnetDevice(images["hvac-hall"], HALL_OBJECTS, 5000, HALL_NAMED))
        stage.play(show_hall())
        nodes = (PASTEURISER_NODES, PASTEURISER_WRITABLE, PASTEURISER_URL)
        stage.serve("plc-pasteuriser", 4840, OpcUaServer(images["plc-pasteuriser"], *nodes, self._filetime))
        stage.play(collect("hmi", self._filetime, 1.0))
        stage.play(collect("historian", self._filetime, 5.0))
        boiler, remote = BY_NAME["plc-boiler"].end, BY_NAME["rio-boiler"].end
        stage.serve(
            "plc-boiler",
            102,
            S7Server(images["plc-boiler"], BOILER_REALS, boiler_cpu(), ran=self._boiler_runs),
        )
        stage.play(poll_boiler())
        stage.listen("plc-boiler", profinet.ETHERTYPE, take_inputs(images["plc-boiler"]))
        stage.listen("rio-boiler", profinet.ETHERTYPE, take_outputs(images["rio-boiler"]))
        named = profinet.DcpDevice("rio-boiler", "Practice Remote IO", (0x002A, 0x0501), 1, remote.ip)
        stage.listen("rio-boiler", profinet.ETHERTYPE, named.receive)
        stage.play(tell_inputs(images["rio-boiler"], boiler.mac))
        stage.play(drive_outputs(images["plc-boiler"], remote.mac))
        stage.serve("safety-boiler", 1502, SafetyController(self._safety_changed, key_program=True))
        stage.serve("outside", 80, Web())
        stage.serve("switch", 161, switch_agent(lambda: self.process.elapsed_s))
        stage.play(announce(BY_NAME["switch"].end.mac))
        stage.play(ask_switch())
        stage.play(publish_breaker(images["rtu-feeder"], lambda: self.clock.now / SECOND))
        stage.play(poll_water())
        stage.play(steer_pump(images["plc-water"]))
