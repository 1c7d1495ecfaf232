"""Who serves and who asks: every service and every script of the plant, for whichever stage plays them (ADR 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from interlock.plant.accounts import DOMAIN
from interlock.plant.actors.boiler import (
    AGREEMENT,
    BOILER_REALS,
    REMOTE_IO,
    boiler_cpu,
    drive_remote_io,
    poll_boiler,
    run_remote_io,
    take_inputs,
    take_outputs,
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
from interlock.plant.actors.water import (
    DRIVE,
    DRIVE_CIP,
    DRIVE_IDENTITY,
    WATER,
    WATER_FILES,
    WATER_FTP,
    WATER_IDENTITY,
    poll_water,
    steer_pump,
)
from interlock.plant.actors.well import WELL_ANALOGS, WELL_BINARIES, keep_filled
from interlock.plant.actors.windows import SHARE, batches
from interlock.plant.control.programs import strange_firmware
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import profinet
from interlock.plant.protocols.bacnet import BacnetDevice
from interlock.plant.protocols.cip import CipServer
from interlock.plant.protocols.cip_files import FILE_CLASS, FileObject
from interlock.plant.protocols.dnp3 import Outstation
from interlock.plant.protocols.ftp import DATA_PORT, FtpServer
from interlock.plant.protocols.iec104 import Station
from interlock.plant.protocols.modbus import ModbusServer
from interlock.plant.protocols.opcua import OpcUaServer
from interlock.plant.protocols.profinet_cm import PORT, ControllerEnd, DeviceEnd, Party
from interlock.plant.protocols.rdp import RdpServer
from interlock.plant.protocols.s7comm import S7Server
from interlock.plant.protocols.smb_server import SmbServer
from interlock.plant.protocols.svcctl import Pipes
from interlock.plant.protocols.tristation import SafetyController
from interlock.plant.protocols.web import UNAUTHORISED, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.accounts import Accounts
    from interlock.plant.actors.steps import Script
    from interlock.plant.control.controller import Controller
    from interlock.plant.process.tags import State
    from interlock.plant.protocols.opcua_security import Keyring
    from interlock.plant.protocols.session import Service

__all__ = ["Hands", "Playing", "RemoteIo", "Watch", "assign"]

_DRIVE_RESTARTS_S = 45.0
_LOCKS_AFTER_S = 8.0
"""From the start of a program that locks a machine until the machine's own software ends."""


class Playing(Protocol):
    """What plays the plant: on simulated time, or on sockets."""

    def serve(self, machine: str, port: int, service: Service) -> None:
        """A machine listens on a port."""
        ...

    def listen(self, machine: str, ethertype: int, take: Callable[[bytes], Sequence[bytes] | None]) -> None:
        """A machine takes frames of a type: those for it and those for many."""
        ...

    def play(self, begin: Callable[[], Script]) -> None:
        """Let a script begin. begin: makes it, anew where it has to begin again."""
        ...


class Hands(Protocol):
    """What a stage can do to a machine because of what reached it."""

    def restart(self, machine: str, seconds: float) -> None:
        """It falls silent in the middle of everything, and is here again after so many seconds."""
        ...

    def hush(self, machine: str, seconds: float) -> None:
        """In so many seconds its own software ends: it asks nothing more, though it still answers."""
        ...


class _NoHands:
    """Of a stage on which messages change values alone."""

    def restart(self, machine: str, seconds: float) -> None:
        """See Hands."""

    def hush(self, machine: str, seconds: float) -> None:
        """See Hands."""


@dataclass(frozen=True, slots=True)
class RemoteIo:
    """The boiler's remote I/O: what answers to its name, and its end of the relation."""

    station: profinet.DcpDevice
    end: DeviceEnd

    def replace(self, mac: bytes, serial: str) -> None:
        """Another one, fresh from its box: without a name, and in no relation."""
        self.station.name, self.end.named = "", False
        self.end.station = replace(REMOTE_IO, mac=mac, serial=serial)
        self.end.drop()


class Watch(Protocol):
    """What time it is."""

    def now_s(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def day_s(self) -> float:
        """Seconds since the plant's midnight: what shifts go by."""
        ...

    def up_s(self) -> float:
        """Seconds since the plant began."""
        ...

    def filetime(self) -> int:
        """Now, in 100 ns since 1601."""
        ...


def assign(
    stage: Playing,
    controllers: Mapping[str, Controller],
    watch: Watch,
    keyring: Keyring,
    accounts: Accounts,
    hands: Hands | None = None,
) -> RemoteIo:
    """Every service and every script, in an order that equal recordings depend on."""
    images, hands = {name: each.image for name, each in controllers.items()}, hands or _NoHands()
    _power_and_water(stage, images)
    _upkeep(stage, controllers, hands, accounts)
    for machine in ("hmi", "historian", "engineering"):
        _windows(stage, machine, watch, hands, keyring, accounts)

    def filler_runs(running: bool) -> None:
        controllers["plc-filler"].running = running

    address = BY_NAME["plc-filler"].end.ip
    filler = CipServer(images["plc-filler"], FILLER_TAGS, FILLER_IDENTITY, address, ran=filler_runs)
    stage.serve("plc-filler", 44818, filler)
    stage.play(lambda: operate_filler(watch.day_s))
    stage.serve("hvac-hall", 47808, BacnetDevice(images["hvac-hall"], HALL_OBJECTS, 5000, HALL_NAMED))
    stage.play(show_hall)
    _pasteuriser(stage, images["plc-pasteuriser"], watch, keyring, accounts)
    remote = _boiler(stage, images, controllers)
    stage.serve("outside", 80, Web())
    stage.serve("switch", 161, switch_agent(watch.up_s, accounts.community))
    stage.play(lambda: announce(BY_NAME["switch"].end.mac))
    stage.play(lambda: ask_switch(accounts.community))
    stage.play(lambda: publish_breaker(images["rtu-feeder"], watch.now_s))
    stage.play(poll_water)
    stage.play(lambda: steer_pump(images["plc-water"]))
    return remote


def _pasteuriser(stage: Playing, image: State, watch: Watch, keyring: Keyring, accounts: Accounts) -> None:
    """Panel and historian speak signed and enciphered; the server takes None, too, as too many do."""
    name, clients = "plc-pasteuriser", {"hmi": 1.0, "historian": 5.0}
    may_write = dict([accounts.shift.pair])
    server = OpcUaServer(
        image, PASTEURISER_NODES, PASTEURISER_WRITABLE, PASTEURISER_URL, watch.filetime, may_write,
        guards=[keyring.guard(name, client) for client in clients],
    )  # fmt: skip
    stage.serve(name, 4840, server)
    for client, every_s in clients.items():
        guard = keyring.guard(client, name)
        stage.play(partial(collect, client, watch.filetime, every_s, guard))


def _power_and_water(stage: Playing, images: Mapping[str, State]) -> None:
    stage.serve("plc-water", 502, ModbusServer(images["plc-water"], WATER, WATER_IDENTITY))
    stage.serve("drive-pump", 502, ModbusServer(images["drive-pump"], DRIVE, DRIVE_IDENTITY, fragile=True))
    feeder = Station(images["rtu-feeder"], FEEDER_ADDRESS, FEEDER_MEASURED, FEEDER_SWITCHES)
    stage.serve("rtu-feeder", 2404, feeder)
    stage.play(watch_feeder)
    stage.serve("rtu-well", 20000, Outstation(images["rtu-well"], WELL_ANALOGS, WELL_BINARIES))
    stage.play(lambda: keep_filled(images["plc-water"]))


def _upkeep(stage: Playing, controllers: Mapping[str, Controller], hands: Hands, accounts: Accounts) -> None:
    """What makers and engineers reach water controller and drive by: files of settings, firmware."""

    def flashed(_octets: bytes) -> None:
        """Firmware that nobody knows."""
        controllers["drive-pump"].program = strange_firmware

    def stored(_name: str, octets: bytes) -> None:
        for line in octets.decode("ascii", "replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "level_setpoint" and value.strip().replace(".", "", 1).isdigit():
                controllers["plc-water"].image["buffer.level_setpoint"] = float(value)

    water, drive = BY_NAME["plc-water"], BY_NAME["drive-pump"]
    settings = FtpServer(WATER_FTP, accounts.files_of(water.name), water.ip, dict(WATER_FILES), stored)
    stage.serve(water.name, 21, settings)
    stage.serve(water.name, DATA_PORT, settings.data)
    files = {FILE_CLASS: FileObject(flashed).serve}
    restart = partial(hands.restart, drive.name, _DRIVE_RESTARTS_S)
    stage.serve(drive.name, 44818, CipServer({}, {}, DRIVE_CIP, drive.end.ip, reset=restart, objects=files))


def _windows(
    stage: Playing, machine: str, watch: Watch, hands: Hands, keyring: Keyring, accounts: Accounts
) -> None:
    """File service, remote management and, but for the panel, remote desktop."""
    shares = [("IPC$", "Remote IPC")]
    files: dict[str, bytes] = {}
    if machine == "historian":
        shares.append((SHARE, "Batch reports"))
        files = batches()
    pipes = Pipes(shares, lambda _name, _path: hands.hush(machine, _LOCKS_AFTER_S))
    share = SHARE if files else ""
    server = SmbServer(machine, DOMAIN, accounts.windows, pipes, watch.filetime, share, files)
    stage.serve(machine, 445, server)
    stage.serve(machine, 5985, Web(UNAUTHORISED))
    if machine != "hmi":
        let_in = dict([accounts.engineer.pair])
        stage.serve(machine, 3389, RdpServer(let_in, tls=partial(keyring.desktop, machine)))


def _boiler(stage: Playing, images: Mapping[str, State], controllers: Mapping[str, Controller]) -> RemoteIo:
    def runs(running: bool) -> None:
        controllers["plc-boiler"].running = running

    def safety_changed() -> None:
        """Whatever was loaded does not trip any more."""
        images["safety-boiler"].update({"safety.pressure_limit": 1e6, "safety.level_limit": -1.0})

    boiler, remote = BY_NAME["plc-boiler"].end, BY_NAME["rio-boiler"].end
    ours = ControllerEnd(Party("plc-boiler", 0x002A, 0x010E, boiler.mac), REMOTE_IO, AGREEMENT)
    theirs = DeviceEnd(REMOTE_IO, AGREEMENT.outputs)
    stage.serve("plc-boiler", 102, S7Server(images["plc-boiler"], BOILER_REALS, boiler_cpu(), ran=runs))
    stage.play(poll_boiler)
    stage.listen("plc-boiler", profinet.ETHERTYPE, take_inputs(images["plc-boiler"], ours))
    stage.listen("rio-boiler", profinet.ETHERTYPE, take_outputs(images["rio-boiler"], theirs))

    def named(name: str) -> None:
        theirs.named = name == REMOTE_IO.name

    station = profinet.DcpDevice("rio-boiler", "Practice Remote IO", (0x002A, 0x0501), 1, remote.ip, named)
    stage.listen("rio-boiler", profinet.ETHERTYPE, station.receive)
    stage.serve("plc-boiler", PORT, ours)
    stage.serve("rio-boiler", PORT, theirs)
    stage.play(lambda: run_remote_io(images["rio-boiler"], theirs))
    stage.play(lambda: drive_remote_io(images["plc-boiler"], ours))
    stage.serve("safety-boiler", 1502, SafetyController(safety_changed, key_program=True))
    return RemoteIo(station, theirs)
