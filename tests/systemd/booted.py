"""A real systemd in namespaces of its own, with Interlock installed in /opt and a wire to watch.

Its processes, mounts, control groups, units, state and network are its own; `keeper` takes all of it away.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .keeper import groups, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UNIT", "Machine", "until", "why_not"]

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
SYSTEMD = Path("/lib/systemd/systemd")
TOOLS = ("systemctl", "systemd-analyze", "journalctl", "unshare", "nsenter", "ip", "mount")
LONGEST_S = 900.0
"""However a test hangs, its machine is gone by then."""
UNIT = "interlock-sensor.service"

_ENTRY = """#!/opt/interlock/bin/python
from interlock.cli.start import main
main()
"""


def why_not() -> str:
    """Why no systemd can be booted here; empty where one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "booting systemd in namespaces needs Linux and root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or not SYSTEMD.exists():
        return f"booting systemd in namespaces needs {', '.join(missing) or SYSTEMD}"
    found = groups()
    if found is None or not os.access(found, os.W_OK):
        return "booting systemd in namespaces needs control groups of version 2 that can be written"
    probe = found / f"interlock-test-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
        spaces = ["unshare", "--fork", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net"]
        subprocess.run(
            [*spaces, "mount", "-t", "cgroup2", "none", "/mnt"], check=True, timeout=30, capture_output=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"systemd cannot be booted in namespaces here ({error})"
    return ""


def until(met: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait for something; whether it came."""
    end = time.monotonic() + seconds
    while not (found := met()) and time.monotonic() < end:
        time.sleep(0.1)
    return bool(found)


class Machine:
    """Booted when made. Raises AssertionError, with what systemd said, where it does not come up.

    far, near: both ends of its wire. root: its files, seen from outside; state: its /var/lib, where also SQLite, which
    follows links itself, finds them.
    """

    far, near = "far0", "near0"

    def __init__(self, folder: Path) -> None:
        sweep()
        self._log = folder / "systemd.log"
        self.state = folder / "lib"
        self.state.mkdir()
        boot = ("sh", HERE / "boot.sh", sys.base_prefix, CHECKOUT, sysconfig.get_path("purelib"), self.state)
        words = [sys.executable, HERE / "keeper.py", LONGEST_S, *boot]
        with self._log.open("wb") as said:
            self._keeper = subprocess.Popen(
                [str(word) for word in words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, start_new_session=True,
            )  # fmt: skip
        assert self._keeper.stdout is not None
        self.first = int(self._keeper.stdout.readline() or 0)
        try:
            self._come_up()
            self._plug()
            self._install()
        except BaseException:
            self.close()
            raise

    @property
    def keeper(self) -> int:
        """The process that takes it away."""
        return self._keeper.pid

    @property
    def group(self) -> Path:
        """Its control group, as this machine sees it."""
        found = groups()
        assert found is not None
        return found / f"interlock-test-{self.keeper}"

    @property
    def root(self) -> Path:
        """Its file system."""
        return Path(f"/proc/{self.first}/root")

    def command(self, *words: object) -> list[str]:
        """How a command is run there, as its administrator would."""
        return ["nsenter", f"--target={self.first}", "-m", "-p", "-n", "-i", "-u", "--wd=/", *map(str, words)]

    def run(
        self, *words: object, check: bool = True, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        ended = subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=_environment(),
        )
        assert not check or ended.returncode == 0, (words, ended.stdout, ended.stderr, self.journal())
        return ended

    def start(self, *words: object, **how: Any) -> subprocess.Popen[bytes]:
        """Begin a command there; it ends with the machine."""
        return subprocess.Popen(self.command(*words), env=_environment(), **how)

    def systemctl(
        self, *words: object, check: bool = True, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """`systemctl`."""
        return self.run("systemctl", "--no-pager", *words, check=check, timeout=timeout)

    def shows(self, name: str, unit: str = UNIT) -> str:
        """A property of a unit."""
        return self.systemctl("show", "--value", "-p", name, unit).stdout.strip()

    def journal(self) -> str:
        """What units wrote, and systemd of them."""
        said = subprocess.run(
            self.command("journalctl", "--no-pager", "-o", "short-precise", "-n", "80"),
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        return said.stdout + "\n" + self._log.read_text("utf-8", "replace")[-6000:]

    def close(self) -> None:
        """Everything is gone when this returns."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(30)
        assert self._keeper.stdout is not None
        self._keeper.stdout.close()

    def _come_up(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and self._keeper.poll() is None:
            with suppress(subprocess.SubprocessError):
                said = self.systemctl("is-system-running", check=False, timeout=10).stdout.strip()
                if said == "running":
                    return
            time.sleep(0.1)
        raise AssertionError(self._log.read_text("utf-8", "replace"))

    def _plug(self) -> None:
        self.run("ip", "link", "add", self.far, "type", "veth", "peer", "name", self.near)
        knob = f"/proc/sys/net/ipv6/conf/{self.far}/disable_ipv6"
        self.run("sh", "-c", f"[ ! -e {knob} ] || echo 1 > {knob}")  # else the kernel speaks for itself there
        self.run("ip", "link", "set", self.far, "up")

    def _install(self) -> None:
        """What `python3 -m venv /opt/interlock` and pip would make, with this checkout instead of a wheel."""
        self.run("/opt/python/bin/python3", "-m", "venv", "--without-pip", "/opt/interlock")
        (folder,) = (self.root / "opt/interlock/lib").glob("python3*")
        paths = "/opt/checkout/src\n/opt/packages\n"
        (folder / "site-packages/interlock.pth").write_text(paths, "ascii")
        entry = self.root / "opt/interlock/bin/interlock"
        entry.write_text(_ENTRY, "ascii")
        entry.chmod(0o755)


def _environment() -> dict[str, str]:
    """As an administrator's shell has it, without what a test's has."""
    return {"PATH": "/opt/interlock/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
