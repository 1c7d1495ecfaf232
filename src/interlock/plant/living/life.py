"""The living plant's own process: the process in real time, controllers, sessions, scripts, and what answers for it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import SourceError
from interlock.plant.actors.boiler import BOILER_REALS, boiler_cpu
from interlock.plant.actors.hall import HALL_NAMED, HALL_OBJECTS
from interlock.plant.actors.pasteuriser import PASTEURISER_NODES
from interlock.plant.actors.water import DRIVE, DRIVE_IDENTITY, WATER, WATER_IDENTITY
from interlock.plant.attacks.table import NAMES
from interlock.plant.control.programs import CONTROLLERS, controller
from interlock.plant.draws import Draws
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.living import control, namespaces
from interlock.plant.living.attack import Attacks
from interlock.plant.living.images import Shared
from interlock.plant.living.keyring import Keyring
from interlock.plant.living.loopback import Loopback
from interlock.plant.living.passwords import draw
from interlock.plant.living.people import People
from interlock.plant.living.processes import Child, begin
from interlock.plant.living.stage import LivingStage
from interlock.plant.living.state import Files, Run, boot, start_of
from interlock.plant.living.status import tell
from interlock.plant.process.whole import STEP_S, Process
from interlock.plant.roles import assign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from interlock.plant.accounts import Named
    from interlock.plant.living.ground import Ground

__all__ = ["live"]

_BEGIN_S: Final = 5 * 3600 + 59 * 60
"""The plant's clock when it starts: a minute before the first shift."""

_DAY_S: Final = 86_400
_READY_S: Final = 160.0
"""For all servers together: on a busy machine asyncua alone takes a minute until it knows its address space."""

_FALLS_S: Final = 0.5
"""From what makes a machine fail until it is silent."""

_MOST_STEPS: Final = 25
"""Steps of the process made up for at once after the machine stood still; the rest is lost, as time asleep is."""

_SINCE_1601_S: Final = 11_644_473_600


class _Watch:
    """Real time. See roles.Watch. The day begins where the plant begins: shifts are there at any hour."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def now_s(self) -> float:
        return time.time_ns() / 1e9

    def up_s(self) -> float:
        return time.monotonic() - self._begun

    def day_s(self) -> float:
        return (_BEGIN_S + self.up_s()) % _DAY_S

    def filetime(self) -> int:
        return time.time_ns() // 100 + _SINCE_1601_S * 10_000_000


class Plant:
    """Everything of one run."""

    def __init__(self, files: Files, ground: Ground, run: Run, lock: int) -> None:
        self.run = run
        self.ground = ground
        self.watch = _Watch()
        self.draws = Draws(run.seed)
        self.process = Process(self.draws.of("process").gauss, _BEGIN_S)
        self.controllers = {name: controller(name) for name in CONTROLLERS}
        self.images = {name: each.image for name, each in self.controllers.items()}
        self.shared = Shared()
        self.children: dict[str, Child] = {}
        self.ended: dict[str, str] = {}
        self.silent: set[str] = set()
        self.late_s = 0.0
        self._files = files
        self._lock = lock
        self.keyring = Keyring(files.keys, self.watch.now_s())
        self.accounts = draw(files.keys)
        self._hosted: dict[tuple[str, int], str] = {}
        self._scan()
        self._fork()
        self.stage = LivingStage(ground, self.draws, self._hosted, self.watch.now_s, self.restart)
        self.attacks = Attacks(self.stage, self.process.state, self.draws, self.watch.now_s, files.truth)
        about = (self.controllers, self.watch, self.keyring, self.accounts, self)
        self.remote_io = assign(self.stage, *about)

    def _scan(self) -> None:
        self.process.step()
        for name, each in self.controllers.items():
            if name not in self.silent:
                each.scan(self.process, STEP_S)

    def restart(self, machine: str, seconds: float) -> None:
        """See Hands."""
        loop = asyncio.get_running_loop()
        loop.call_later(_FALLS_S, self.fall_silent, machine)
        loop.call_later(seconds, self.come_back, machine)

    def hush(self, machine: str, seconds: float) -> None:
        """See Hands."""
        asyncio.get_running_loop().call_later(seconds, self.stage.hush, machine)

    def fall_silent(self, machine: str) -> None:
        """Off the network first, so that nothing says goodbye."""
        self.silent.add(machine)
        self.ground.cut(machine)
        self.stage.hush(machine)
        child = self.children.get(machine)
        if child and machine not in self.ended:
            os.kill(child.pid, signal.SIGKILL)

    def come_back(self, machine: str) -> None:
        """A machine that was away is here again, and asks anew."""
        if machine in self.silent:
            self.appear(machine)
        self.stage.come_back(machine)

    def appear(self, machine: str) -> None:
        """A machine that was away serves again; it asks nothing yet."""
        child = self.children.get(machine)
        if child:
            self._bury()
            self.ended.pop(machine, None)
            about = (child.library, child.image, child.serve)
            self.children[machine] = begin(self.ground, machine, *about, self._lock)
        self.ground.join(machine)
        self.silent.discard(machine)

    def _fork(self) -> None:
        """Servers of libraries, each in a process of its own; before there are threads or an event loop."""
        self._host("plc-water", 502, "pymodbus", [p.tag for p in WATER], _modbus(WATER, WATER_IDENTITY))
        self._host(
            "drive-pump",
            502,
            "pymodbus",
            [p.tag for p in DRIVE],
            _modbus(DRIVE, DRIVE_IDENTITY, fragile=True),
        )
        self._host("plc-boiler", 102, "python-snap7", [r.tag for r in BOILER_REALS], _s7)
        pasteuriser = partial(_opcua, self.watch.now_s, self._files.keys, self.accounts.shift)
        self._host("plc-pasteuriser", 4840, "asyncua", list(PASTEURISER_NODES.values()), pasteuriser)
        self._host("hvac-hall", 47808, "bacpypes3", [o.tag for o in HALL_OBJECTS], _bacnet)
        deadline = time.monotonic() + _READY_S
        for child in self.children.values():
            while not child.image.heard_ready(0.1):
                self._bury()
                if child.machine in self.ended or time.monotonic() > deadline:
                    raise SourceError(
                        f"{child.machine} ({child.library}): did not start to serve; {_why(self._files)}"
                    )

    def _host(
        self, machine: str, port: int, library: str, tags: list[str], serve: Callable[..., None]
    ) -> None:
        image = self.shared.add(machine, self.images[machine], tags)
        address = self.ground.address(machine, port)
        self._hosted[machine, port] = library
        serving = partial(serve, image, address)
        self.children[machine] = begin(self.ground, machine, library, image, serving, self._lock)

    def _runs(self, machine: str, running: bool) -> None:
        self.controllers[machine].running = running

    def _fails(self, machine: str, seconds: float) -> None:
        """At once: it is its own software that does not go on."""
        if machine not in self.silent:
            self.fall_silent(machine)
            asyncio.get_running_loop().call_later(seconds, self.come_back, machine)

    async def live(self, ready: Callable[[], None]) -> None:
        """Live until a signal says otherwise."""
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ending.set)
        loop.add_signal_handler(signal.SIGCHLD, self._bury)
        await self.stage.open()
        asked = await control.listen(self._files, self._answer)
        self.stage.begin_all()
        time_passes = asyncio.ensure_future(self._pass_time(ending))
        ready()
        await ending.wait()
        time_passes.cancel()
        await asyncio.gather(time_passes, self.stage.end_all(), return_exceptions=True)
        asked.close()
        self.attacks.finish()
        loop.remove_signal_handler(signal.SIGCHLD)  # servers end from here on without being mourned

    async def _pass_time(self, ending: asyncio.Event) -> None:
        """Step after step; and the end, where the state folder is taken away from under the plant."""
        due = time.monotonic()
        try:
            while not ending.is_set():
                now, steps = time.monotonic(), 0
                while due <= now and steps < _MOST_STEPS:
                    self.shared.exchange(self.images, self._runs, self._fails)
                    self._scan()
                    self.attacks.look()
                    due, steps = due + STEP_S, steps + 1
                if due <= now:
                    self.late_s, due = self.late_s + now - due, now
                self.shared.show(self.images)
                if not self._files.lock.exists():
                    print("the state folder is gone: the plant ends", file=sys.stderr)  # noqa: T201 (the log)
                    ending.set()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            ending.set()

    def _bury(self) -> None:
        """A server's process has ended: its machine is silent from now on, as one that was switched off."""
        for child in self.children.values():
            if child.machine in self.ended:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.ended[child.machine] = f"killed by signal {-code}" if code < 0 else f"ended with {code}"

    async def _answer(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        what = request.get("do")
        if what == "status":
            yield {"status": tell(self)}
        elif what in ("attack", "event"):
            name = str(request.get("name"))
            if set(request) != {"do", "name"} or name not in (NAMES if what == "attack" else EVENTS):
                yield {"error": f"there is no such {what}; `interlock plant {what}s` lists them"}
                return
            people = People(self)
            plays = (
                self.attacks.play(name, self.keyring, self.accounts)
                if what == "attack"
                else self.attacks.befall(name, people, self.keyring, self.accounts)
            )
            async for line in plays:
                yield line
        else:
            yield {"error": "asked for something that a plant does not do"}


def _modbus(points: Any, identity: Any, *, fragile: bool = False) -> Callable[..., None]:
    def serve(image: Any, address: tuple[str, int]) -> None:
        from interlock.plant.living.servers.modbus import serve_modbus  # noqa: PLC0415 (loaded where it serves)

        serve_modbus(image, address, points, identity, fragile=fragile)

    return serve


def _s7(image: Any, address: tuple[str, int]) -> None:
    from interlock.plant.living.servers.s7 import serve_s7  # noqa: PLC0415

    serve_s7(image, address, BOILER_REALS, boiler_cpu())


def _opcua(
    clock: Callable[[], float], keys: Path, shift: Named, image: Any, address: tuple[str, int]
) -> None:
    from interlock.plant.living.servers.opcua import serve_opcua  # noqa: PLC0415

    serve_opcua(image, address, clock, keys, shift)


def _bacnet(image: Any, address: tuple[str, int]) -> None:
    from interlock.plant.living.servers.bacnet import serve_bacnet  # noqa: PLC0415

    serve_bacnet(image, address, HALL_OBJECTS, 5000, HALL_NAMED)


def _why(files: Files) -> str:
    """The last thing that was written into the log."""
    try:
        lines = files.log.read_text("utf-8", "replace").split("\n")
    except OSError:
        return "what it wrote says why"
    said = [line for line in lines if line.strip()]
    return said[-1] if said else "it did not say why"


def live(files: Files, seed: int, *, loopback: bool, ready: Callable[[Run], None]) -> None:
    """Start a plant and live until SIGINT or SIGTERM, then clear everything away. Raises SourceError, ConfigError.

    ready: called once every machine serves.
    """
    handle = files.take()
    run_id = secrets.token_hex(3)
    ground: Ground = Loopback() if loopback else namespaces.Namespaces(run_id)
    started = start_of(os.getpid())
    assert started is not None
    told: dict[str, Any] = {
        "run": run_id, "pid": os.getpid(), "started": started, "boot": boot(), "seed": seed,
        "ground": "loopback" if loopback else "namespaces",
        "begun": datetime.fromtimestamp(time.time_ns() // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    plant = None
    try:
        files.write(Run(**told, mirror=""))
        ground.build()
        run = Run(**told, mirror=ground.mirror)
        plant = Plant(files, ground, run, handle)
        files.write(run)
        asyncio.run(plant.live(lambda: ready(run)))
    finally:
        files.kill_others()
        if not loopback:
            namespaces.clear(run_id)
        files.clear()  # the lock stays held until the process is gone: who waits for its end waits for that
