"""The sensor as the unit file lets it live, without systemd: one capability, its filter, a manager that listens."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from tests.export.readers import read_openmetrics

from interlock.systemd.unit import Service, unit_text

from .confined import HEADER

MAIN = "from interlock.cli.main import main; main()"
TOOLS = ("unshare", "nsenter", "setpriv", "ip", "mount", "systemd-analyze")


def _may_have_namespaces() -> bool:
    if os.geteuid() or not all(map(shutil.which, TOOLS)) or not HEADER.exists():
        return False
    return (
        subprocess.run(["unshare", "-n", "-m", "-p", "-f", "true"], check=False, timeout=30).returncode == 0
    )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _may_have_namespaces(), reason=f"needs root, namespaces and {', '.join(TOOLS)}"),
]

SCRIPT = """
set -e
ip link set lo up
mount -t proc -o subset=pid,hidepid=invisible proc /proc
exec setpriv --clear-groups --inh-caps -all,+net_raw --ambient-caps -all,+net_raw --bounding-set -all,+net_raw \
  "$@"
"""


class Living:
    """A sensor on `lo` of a network of its own, and its manager's end of the line."""

    def __init__(self, folder) -> None:
        self.folder = folder
        (folder / "unit.service").write_text(unit_text(Service(command=("/bin/true",), interfaces=("lo",))))
        (folder / "interlock.toml").write_text(
            f"""
            [sensor]
            name = "bench"
            store = "{folder}/store"
            interfaces = [{{ name = "lo" }}]
            [[outlet]]
            kind = "file"
            path = "{folder}/findings.jsonl"
            [metrics]
            listen = "127.0.0.1:9464"
            """
        )
        (folder / "script.sh").write_text(SCRIPT)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.settimeout(60)
        command = [sys.executable, "-c", MAIN, "sensor", "run", "--config", f"{folder}/interlock.toml"]
        confined = [sys.executable, "-m", "tests.systemd.confined", f"{folder}/unit.service", *command]
        spaces = ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "sh", f"{folder}/script.sh"]
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "2000000"}
        self.process = subprocess.Popen(
            [*spaces, *confined], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=20)
        self.manager.close()

    def heard(self) -> bytes:
        return self.manager.recv(4096)

    def rest(self) -> list[bytes]:
        """What was said and not yet heard."""
        self.manager.setblocking(False)
        said = []
        with contextlib.suppress(BlockingIOError):
            while True:
                said.append(self.manager.recv(4096))
        return said

    @property
    def main(self) -> int:
        """The supervisor: the only child of `unshare`."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path) as file:  # noqa: PTH123
            return int(file.read().split()[0])

    def inside(self, script: str) -> str:
        """Run a script in the sensor's network, as somebody else."""
        command = ["nsenter", f"--net=/proc/{self.main}/ns/net", sys.executable, "-c", script]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.fixture
def service(tmp_path):
    with Living(tmp_path) as running:
        yield running


ASK = """
import http.client, sys
asked = http.client.HTTPConnection("127.0.0.1", 9464, timeout=5)
asked.request("GET", "{target}")
print(asked.getresponse().read().decode(), end="")
"""
SEND = """
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(300):
    sender.sendto(b"x" * 40, ("127.0.0.1", 9))
"""


def eventually(look, seconds=20.0):
    end = time.monotonic() + seconds
    while True:
        try:
            if found := look():
                return found
        except (subprocess.CalledProcessError, OSError, ValueError):
            pass
        assert time.monotonic() < end
        time.sleep(0.3)


def test_it_watches_tells_and_ends_with_one_capability(service) -> None:
    assert service.heard() == b"READY=1\nSTATUS=watching lo"
    assert b"WATCHDOG=1" in {service.heard() for _ in range(3)}
    with open(f"/proc/{service.main}/status") as file:  # noqa: PTH123
        said = dict(re.findall(r"(\w+):\t(\S+)", file.read()))
    assert {said[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {f"{1 << 13:016x}"}
    assert (said["NoNewPrivs"], said["Seccomp"]) == ("1", "2")

    service.inside(SEND)

    def packets():
        families = read_openmetrics(service.inside(ASK.format(target="/metrics")))
        return next((value for _, _, value in families["interlock_packets"].samples if value >= 300), None)

    assert eventually(packets)
    assert json.loads(service.inside(ASK.format(target="/health"))) == {"state": "running"}
    status = [sys.executable, "-c", MAIN, "sensor", "status", "--store", f"{service.folder}/store"]
    ended = subprocess.run(status, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("bench runs since ")
    assert "lo up since" in ended.stdout

    os.kill(service.main, signal.SIGTERM)
    out, err = service.process.communicate(timeout=60)
    assert (service.process.returncode, err) == (0, ""), out
    assert any(heard.startswith(b"STOPPING=1") for heard in service.rest())
    ended = subprocess.run(status, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 3
    assert ended.stdout.startswith("bench does not run. It was stopped at ")
    assert "stopped: " in ended.stdout
