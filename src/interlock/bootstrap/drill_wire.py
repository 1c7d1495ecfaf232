"""A drill on a wire: a sensor of its own in a network namespace of its own, which no octet can leave.

Frames of the twin are sent on one end of a pair of virtual interfaces at their own pace, `interlock sensor run` listens
on the other one; its own figures say how long it took from a frame on the wire to the finding on disk. Store and
namespace are removed whatever happens. Needs Linux, root and the program `ip`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.bootstrap.detecting import write_learned
from interlock.errors import InterlockError
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.plant.site import site_text
from interlock.plant.twin.recording import Twin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["ONE_STEP", "on_a_wire", "why_not"]

ONE_STEP: Final = (
    "controller-stop", "cip-mode-change", "dnp3-cold-restart", "iec104-injection", "bacnet-override", "cip-write",
    "identity-reads", "time-setting", "dcp-rename", "program-download",
)  # fmt: skip
"""Short attacks that can follow each other closely."""
_QUIET_S: Final = 15.0
_APART_S: Final = 4.0
_BEGINS_S: Final = 60.0
_FAR, _NEAR = "far0", "near0"


def why_not() -> str:
    """Why no wire can be made here; empty where one can."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if os.geteuid() != 0:
        return "making a network namespace needs root"
    if shutil.which("ip") is None:
        return "the program `ip` (iproute2) is not installed"
    try:
        with _namespace():
            return ""
    except subprocess.SubprocessError as error:
        return f"no network namespace can be made here ({error})"


def on_a_wire(
    seed: int,
    learned: bytes | None,
    tick: Callable[[float], None] = lambda _share: None,
    names: Sequence[str] = ONE_STEP,
) -> tuple[float, float, int] | str:
    """Milliseconds from wire to disk, p50 and p99, and of how many findings; or why they are unknown.

    names: of short attacks.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interlock-drill-")))
        capture = folder / "frames.pcap"
        _film(capture, seed, names)
        (folder / "site.toml").write_text(site_text(()), "utf-8")
        name = stack.enter_context(_namespace())
        sensor = stack.enter_context(_sensor(name, folder, learned))
        if not _until(lambda: _state(folder) == "running" and sensor.poll() is None, _BEGINS_S):
            return "the drill's own sensor did not begin"
        lasts = _QUIET_S + _APART_S * (len(names) + 2)
        sender = stack.enter_context(
            _process(_inside(name, sys.executable, "-m", __name__, str(capture), _FAR))
        )
        began = time.monotonic()
        while sender.poll() is None and time.monotonic() - began < 3 * lasts:
            tick(min(1.0, (time.monotonic() - began) / lasts))
            time.sleep(0.2)
        time.sleep(2.5)
        return _measured(folder)


def _measured(folder: Path) -> tuple[float, float, int] | str:
    figures = read_figures_file(folder / "store")
    latency = None if figures is None else figures.finding_latency
    if latency is None or (half := latency.quantile(0.5)) is None or (most := latency.quantile(0.99)) is None:
        return "the drill's own sensor found nothing on the wire"
    return half / 1e6, most / 1e6, latency.count


def _film(capture: Path, seed: int, names: Sequence[str]) -> None:
    """Some quiet seconds, then one short attack after the other."""
    with capture.open("wb") as target:
        twin = Twin(target, seed)
        for number, name in enumerate(names):
            twin.attack(name, (_QUIET_S + number * _APART_S) / 60)
        for _ in twin.run((_QUIET_S + _APART_S * (len(names) + 1)) / 60):
            pass


class _namespace:  # noqa: N801 - used as a function
    """A network namespace with a pair of interfaces; gone at the end."""

    def __enter__(self) -> str:
        self._name = f"interlock-drill-{os.getpid()}"
        _ip("netns", "add", self._name)
        with ExitStack() as undone:
            undone.callback(self.__exit__)
            _ip("-n", self._name, "link", "add", _FAR, "type", "veth", "peer", "name", _NEAR)
            for end in (_FAR, _NEAR):
                quiet = f"echo 1 > /proc/sys/net/ipv6/conf/{end}/disable_ipv6"
                _run(*_inside(self._name, "sh", "-c", quiet))
                _ip("-n", self._name, "link", "set", end, "up")
            undone.pop_all()
        return self._name

    def __exit__(self, *_: object) -> None:
        with suppress(subprocess.SubprocessError):
            _ip("netns", "del", self._name)


def _sensor(name: str, folder: Path, learned: bytes | None) -> _process:
    words = [
        "sensor",
        "run",
        "-i",
        _NEAR,
        "--out",
        str(folder / "store"),
        "--site",
        str(folder / "site.toml"),
    ]
    if learned is not None:
        write_learned(folder / "learned", learned)
        words += ["--state", str(folder / "learned")]
    program = Path(sys.executable).with_name("interlock")
    return _process(_inside(name, str(program), *words))


class _process:  # noqa: N801 - used as a function
    """A child that is ended in good order, and killed where it does not end."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def __enter__(self) -> subprocess.Popen[bytes]:
        none = subprocess.DEVNULL
        self._child = subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=none, stdout=none, stderr=none, start_new_session=True
        )
        return self._child

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGTERM)
            try:
                self._child.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()


def _state(folder: Path) -> str:
    with suppress(InterlockError, json.JSONDecodeError):
        figures = read_figures_file(folder / "store")
        return "" if figures is None else figures.state
    return ""


def _until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.1)
    return False


def _inside(name: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", name, *command]


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)  # noqa: S603 - `ip` with our own words


def _frames(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Time (ns) and octets of each frame of a capture that the twin wrote."""
    at = 24
    while at < len(octets):
        seconds, rest, size, _ = struct.unpack_from("<IIII", octets, at)
        yield seconds * 10**9 + rest, octets[at + 16 : at + 16 + size]
        at += 16 + size


def _send(capture: str, interface: str) -> None:
    """Each frame when it is due, the capture's first one now."""
    frames = list(_frames(Path(capture).read_bytes()))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, 0))
        begin, first = time.monotonic_ns(), frames[0][0]
        for when, octets in frames:
            pause = (when - first) - (time.monotonic_ns() - begin)
            if pause > 0:
                time.sleep(pause / 1e9)
            wire.send(octets)


if __name__ == "__main__":
    _send(*sys.argv[1:3])
