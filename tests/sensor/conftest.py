"""Fixtures: a wire, the practice plant's traffic with attacks, and the real sensor listening to it."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from soaking.running import RunningSensor  # noqa: E402
from soaking.wire import Wire, sweep, why_not  # noqa: E402

from interlock.plant.twin.recording import Twin  # noqa: E402

MINUTES = 4
SPEED = 80
ATTACKS = (
    ("controller-stop", 0.3), ("default-login", 0.6), ("malformed-frames", 1.0), ("discovery-sweep", 1.5),
    ("firmware-write", 2.0), ("controller-stop", 3.5),
)  # fmt: skip


class Ground:
    """What a test of the sensor stands on: a wire, traffic, and what was begun, which ends with it."""

    def __init__(self, folder: Path, capture: Path) -> None:
        self.folder, self.capture = folder, capture
        self._ending = ExitStack()
        self.wire = Wire()
        self._ending.callback(self.wire.close)
        self._sensors: list[RunningSensor] = []
        self._stores = 0

    def sensor(
        self, *more: object, store: Path | None = None, ready: bool = True, env: dict[str, str] | None = None
    ) -> RunningSensor:
        """The real sensor, watching."""
        self._stores += 1
        made = RunningSensor(self.wire, store or self.folder / f"store{self._stores}", *more, env=env)
        self._sensors.append(made)
        if ready:
            made.ready()
        return made

    @contextmanager
    def sending(self, speed: float = SPEED, *more: object):
        """The plant's traffic while the block lasts, which gets the sender's process."""
        words = ("--interface", self.wire.far, "--speed", speed, *more, self.capture)
        sender = self.wire.start(
            sys.executable, SCRIPTS / "soaking" / "sender.py", *words, stdout=subprocess.PIPE
        )
        try:
            assert sender.stdout.readline() == b"ready\n"
            yield sender
        finally:
            sender.send_signal(signal.SIGTERM)
            sender.communicate(timeout=20)

    def sent(self, sender: subprocess.Popen[bytes], timeout_s: float = 60.0) -> int:
        """Wait until all is sent; how many frames."""
        told = sender.communicate(timeout=timeout_s)[0].split()
        assert told[2:4] == [b"refused", b"0"]
        return int(told[1])

    def end_sensors(self) -> None:
        """End those that a test left: the next one has the wire for itself."""
        while self._sensors:
            self._sensors.pop().close()

    def close(self) -> None:
        """End everything."""
        self.end_sensors()
        self._ending.close()


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Minutes of the practice plant under attack."""
    path = tmp_path_factory.mktemp("plant") / "plant.pcap"
    with path.open("wb") as target:
        twin = Twin(target, 5)
        for name, minute in ATTACKS:
            twin.attack(name, minute)
        for _ in twin.run(MINUTES):
            pass
    return path


@pytest.fixture(scope="session")
def _able() -> str:
    return why_not()


@pytest.fixture(scope="module")
def ground(_able: str, plant: Path, tmp_path_factory: pytest.TempPathFactory):
    """One wire for the tests of a file."""
    if _able:
        pytest.skip(_able)
    sweep()
    made = Ground(tmp_path_factory.mktemp("sensor"), plant)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _left(request: pytest.FixtureRequest):
    yield
    if "ground" in request.fixturenames:
        request.getfixturevalue("ground").end_sensors()
