"""What a soak plays on: a wire, the practice plant's traffic and probes on it, a small disk, and the real sensor."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from interlock.plant.attacks.table import NAMES
from interlock.plant.site import site_text
from interlock.plant.twin.recording import Twin
from soaking.clock import LeapingClock
from soaking.running import RunningSensor, shared_octets, until
from soaking.sender import ENTRY, frames_of, probe_of
from soaking.wire import Wire, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["PROBES_PER_S", "Stage", "recorded"]

HERE = Path(__file__).parent
PROBES_PER_S = 50
SPEED = 40
MINUTES = 5
_DISK = "1g"
MARGIN = 300_000_000
"""A probe is sent, and is heard, a little after its time is taken (ns)."""
_SLOW = frozenset({"slow-reconnaissance", "beaconing", "setpoint-creep", "safety-programming"})


def recorded(path: Path, seed: int) -> Path:
    """Minutes of the practice plant with four attacks, drawn by the seed."""
    rng = np.random.default_rng(seed)
    with path.open("wb") as target:
        twin = Twin(target, seed)
        for at, name in enumerate(rng.choice([n for n in NAMES if n not in _SLOW], 4, replace=False)):
            twin.attack(str(name), 0.3 + at)
        for _ in twin.run(MINUTES):
            pass
    return path


class Stage:
    """One sensor at work. folder: for recordings and logs; the store lies on a small disk of its own below it."""

    def __init__(self, folder: Path, seed: int, recordings: int = 6) -> None:
        sweep()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.rng = folder, np.random.default_rng(seed)
        self.captures = [recorded(folder / f"plant{k}.pcap", seed * 1000 + k) for k in range(recordings)]
        self.site = folder / "site.toml"
        self.site.write_text(site_text())
        self.disk = folder / "disk"
        self.probes = folder / "probes.log"
        self.probes.unlink(missing_ok=True)
        self._first = 0
        self._stores = 0
        self._sender: subprocess.Popen[bytes] | None = None
        _unmounted(self.disk)
        self.disk.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", self.disk], check=True)
        self.wire = Wire()
        self.clock = LeapingClock(folder)
        self.sensor = self._sensor(self.disk / "store0")
        self.send()

    def again(self) -> None:
        """The sensor anew on the same store, as a service manager would."""
        told = self.sensor.told
        self.sensor = self._sensor(self.sensor.store, self.sensor.printed)
        self.sensor.told.extend(told)

    def end(self) -> None:
        """The sensor comes to its end; its store can still be looked at."""
        with suppress(subprocess.TimeoutExpired):
            self.sensor.stop()
        self.sensor.close()

    def afresh(self) -> None:
        """Another store, so that the disk does not fill by itself."""
        self.end()
        for old in self.disk.iterdir():
            subprocess.run(["rm", "-rf", old], check=True)
        self._stores += 1
        self.sensor = self._sensor(self.disk / f"store{self._stores}")

    def _sensor(self, store: Path, printed: Sequence[tuple[str, str, int]] = ()) -> RunningSensor:
        made = RunningSensor(self.wire, store, "--site", self.site, env=self.clock.environment())
        made.printed.extend(printed)
        try:
            made.ready(180)
        except BaseException:
            made.close()
            raise
        return made

    def send(self) -> None:
        """Traffic and probes, round after round."""
        words = (
            "--interface",
            self.wire.far,
            "--speed",
            SPEED,
            "--rounds",
            1_000_000,
            "--probes",
            PROBES_PER_S,
        )
        log = ("--first", self._first, "--log", self.probes)
        self._sender = self.wire.start(
            sys.executable, HERE / "sender.py", *words, *log, *self.captures, stdout=subprocess.PIPE
        )
        assert self._sender.stdout is not None
        self._sender.stdout.readline()

    def flood(self, capture: Path, seconds: float) -> None:
        """Another sender, as fast as it can."""
        words = ("--interface", self.wire.far, "--speed", 1e9, "--rounds", 1_000_000, capture)
        flood = self.wire.start(sys.executable, HERE / "sender.py", *words, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        flood.terminate()
        flood.wait(20)

    @contextmanager
    def tapped(self, out: Path) -> Iterator[None]:
        """What comes to the sensor's end of the wire meanwhile goes to a capture, too."""
        words = ("--interface", self.wire.near, "--out", out)
        tap = self.wire.start(sys.executable, HERE / "tap.py", *words, stdout=subprocess.PIPE)
        assert tap.stdout is not None
        try:
            tap.stdout.readline()
            yield
        finally:
            tap.terminate()
            said = tap.communicate(timeout=60)[0].split()
        if said[2:] != [b"dropped", b"0"]:
            raise RuntimeError("the tap itself could not follow")

    def unheard(self, heard: Path, begin: int, end: int) -> frozenset[int]:
        """Probes sent while a tap listened, of which it did not hear both frames."""
        sides = Counter(number for _, frame in frames_of(heard) if (number := probe_of(frame)) is not None)
        octets = self.probes.read_bytes()[-ENTRY.size * 20_000 :]
        whole = octets[: len(octets) // ENTRY.size * ENTRY.size]
        sent = [n for n, when in ENTRY.iter_unpack(whole) if begin + MARGIN < when < end - MARGIN]
        return frozenset(n for n in sent if sides[n & 0xFFFF] < 2)

    def memory(self) -> int:
        """Octets of all the sensor's processes together (PSS)."""
        return shared_octets([self.sensor.process.pid, *self.sensor.children()])

    def close(self) -> None:
        """Nothing stays."""
        with suppress(subprocess.TimeoutExpired):
            self.sensor.stop(signal.SIGTERM, 30)
        self.sensor.close()
        if self._sender is not None:
            self._sender.terminate()
            self._sender.communicate(timeout=20)
        self.wire.close()
        until(lambda: _unmounted(self.disk), 10)


def _unmounted(disk: Path) -> bool:
    """Take the disk away; whether none is there."""
    if not disk.is_mount():
        return True
    return subprocess.run(["umount", disk], check=False, capture_output=True).returncode == 0
