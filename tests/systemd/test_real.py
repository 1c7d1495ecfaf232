"""The sensor as a service of a systemd that was really booted, installed as docs/usage.md says.

Each test begins with a stopped service and the unit as `interlock sensor unit` prints it.
"""

from __future__ import annotations

import io
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interlock.errors import InterlockError
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.plant.twin.recording import Twin
from interlock.store.plain.reader import PlainReader

from .booted import CHECKOUT, UNIT, Machine, until, why_not

pytestmark = pytest.mark.slow

UNIT_FILE = "/etc/systemd/system/interlock-sensor.service"
SITE = "/etc/interlock/site.toml"
CONFIG = """
[sensor]
name = "hall-3"
site = "/etc/interlock/site.toml"
interfaces = [{ name = "near0" }]
[[outlet]]
kind = "file"
path = "/var/log/interlock/findings.jsonl"
"""
PROCESSES = 6
"""Supervisor, capture worker, judge, its scribe, herald, compactor; one that is there for a moment may come to them."""
MINUTES, SPEED = 2, 60


@pytest.fixture(scope="module")
def traffic() -> bytes:
    """Minutes of the practice plant, with attacks."""
    target = io.BytesIO()
    twin = Twin(target, 5)
    twin.attack("controller-stop", 0.3)
    twin.attack("firmware-write", 1.0)
    for _ in twin.run(MINUTES):
        pass
    return target.getvalue()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, traffic: bytes):
    if reason := why_not():
        pytest.skip(reason)
    made = Machine(tmp_path_factory.mktemp("machine"))
    try:
        (made.root / "opt/plant.pcap").write_bytes(traffic)
        yield made
    finally:
        made.close()


class Service:
    """The service, with what its administrator sees."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.store = machine.state / "private/interlock"

    def install(self, *options: str) -> None:
        self.machine.run("rm", "-rf", f"{UNIT_FILE}.d")
        self.machine.run("sh", "-c", f"interlock sensor unit {' '.join(options)} > {UNIT_FILE}")
        self.machine.systemctl("daemon-reload")

    def add(self, lines: str) -> None:
        """What `systemctl edit` does."""
        folder = self.machine.root / f"{UNIT_FILE[1:]}.d"
        folder.mkdir(exist_ok=True)
        (folder / "override.conf").write_text(f"[Service]\n{lines}\n")
        self.machine.systemctl("daemon-reload")

    def configure(self, text: str = CONFIG, site: str | None = "") -> None:
        folder = self.machine.root / "etc/interlock"
        folder.mkdir(exist_ok=True)
        (folder / "interlock.toml").write_text(text)
        (self.machine.root / SITE[1:]).unlink(missing_ok=True)
        if site is not None:
            (self.machine.root / SITE[1:]).write_text(site)

    def start(self) -> float:
        """Start it; seconds until `systemctl start` returned."""
        begun = time.monotonic()
        self.machine.systemctl("start", UNIT)
        return time.monotonic() - begun

    def stop(self) -> None:
        self.machine.systemctl("stop", UNIT)

    @property
    def main(self) -> int:
        """Its supervisor, as it is numbered inside."""
        return int(self.machine.shows("MainPID"))

    def processes(self) -> dict[int, dict[str, str]]:
        """Everything in its control group: number inside → /proc/PID/status."""
        listed = f"/sys/fs/cgroup{self.machine.shows('ControlGroup')}/cgroup.procs"
        shown = self.machine.run(
            "sh", "-c", f"for p in $(cat {listed}); do cat /proc/$p/status; done", check=False
        )
        found = [_status(text) for text in re.split(r"(?m)^(?=Name:)", shown.stdout) if text]
        return {int(status["Pid"]): status for status in found}

    def send(self) -> int:
        """The plant's traffic over the wire; how many frames."""
        words = ("--interface", self.machine.far, "--speed", SPEED, "/opt/plant.pcap")
        ended = self.machine.run(
            "/opt/interlock/bin/python", "/opt/checkout/scripts/soaking/sender.py", *words
        )
        told = ended.stdout.split()
        assert told[3:5] == ["refused", "0"]
        return int(told[2])

    def packets(self) -> int:
        """Frames read since the sensor began."""
        try:
            figures = read_figures_file(self.store)
        except InterlockError:
            return 0
        return sum(row.packets or 0 for row in figures.interfaces)

    def diary(self, event: str) -> list[str]:
        return [entry.says for entry in PlainReader(self.store).diary() if entry.event == event]

    def findings(self) -> dict[str, str]:
        return {finding.id: finding.title for _, finding in PlainReader(self.store).findings()}

    def assets(self) -> int:
        """Kept machines."""
        return len(list(PlainReader(self.store).assets()))

    def rows(self) -> int:
        """Kept rows of operations."""
        return sum(batch.num_rows for batch in PlainReader(self.store).rows("operations_folded"))


def _status(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^(\w+):\t(.*)$", text))


BOOT = """
import sys, time
from pathlib import Path
from tests.systemd.booted import Machine
made = Machine(Path(sys.argv[1]))
print(made.first, made.keeper, flush=True)
time.sleep(300)
"""


def test_nothing_is_left_of_it_when_the_test_is_killed(machine: Machine, tmp_path: Path) -> None:
    assert machine.group.exists()
    booting = [sys.executable, "-c", BOOT, str(tmp_path)]
    test = subprocess.Popen(booting, stdout=subprocess.PIPE, cwd=CHECKOUT, start_new_session=True)
    assert test.stdout is not None
    first, keeper = map(int, test.stdout.readline().split())
    assert Path(f"/proc/{first}/comm").read_text() == "systemd\n"
    group = machine.group.with_name(f"interlock-test-{keeper}")
    assert group.is_dir()
    os.killpg(test.pid, signal.SIGKILL)
    test.communicate()
    left = [Path(f"/proc/{first}"), Path(f"/proc/{keeper}"), group]
    assert until(lambda: not any(path.exists() for path in left), 15)


@pytest.fixture
def service(machine: Machine):
    made = Service(machine)
    made.configure()
    made.install("--config", "/etc/interlock/interlock.toml", "--prepare")  # which names the interface
    yield made
    machine.systemctl("kill", "--signal=SIGCONT", UNIT, check=False)
    machine.systemctl("stop", UNIT, check=False)
    machine.systemctl("reset-failed", UNIT, check=False)
    machine.run("rm", "-rf", "/var/lib/private/interlock", "/var/log/private/interlock")


def test_it_is_ready_when_started_confined_and_finds(service: Service) -> None:
    took = service.start()
    assert (service.machine.shows("ActiveState"), service.machine.shows("SubState")) == ("active", "running")
    assert service.machine.shows("StatusText") == f"watching {service.machine.near}"
    print(f"\nstarted in {took:.2f} s")  # noqa: T201 (the figure is what one runs this for)

    sent = service.send()
    assert until(lambda: service.packets() == sent)
    processes = service.processes()
    assert len(processes) >= PROCESSES
    for status in processes.values():
        for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            assert int(status[name], 16) | 1 << 13 == 1 << 13, status
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
        uids, gids = status["Uid"].split(), status["Gid"].split()
        assert len({*uids}) == len({*gids}) == 1
        assert 61184 <= int(uids[0]) <= 65519  # those that systemd makes for a run
    state = service.store.stat()
    assert stat.S_IMODE(state.st_mode) == 0o700
    assert state.st_uid == int(uids[0])
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in service.store.rglob("*"))

    assert until(lambda: any(" stopped " in title for title in service.findings().values()))
    assert until(service.assets)  # drawn in a copy of the judge
    assert service.rows() > 0
    assert not service.diary("worker-lost")
    (service.store / "written").write_text("#!/bin/sh\n")
    (service.store / "written").chmod(0o755)
    within = ("nsenter", "-t", service.main, "-m", "/var/lib/private/interlock/written")
    assert "Permission denied" in service.machine.run(*within, check=False).stderr
    told = service.machine.root / "var/log/private/interlock/findings.jsonl"
    assert until(lambda: told.exists() and " stopped " in told.read_text())
    assert (service.store / "fingerprint.key").stat().st_size == 32
    status = service.machine.run("interlock", "sensor", "status")
    assert status.stdout.startswith("hall-3 runs since ")
    shown = service.machine.systemctl("status", UNIT).stdout
    assert "interlock" in shown


def test_reload_reads_both_files_anew_without_a_gap(service: Service) -> None:
    service.start()
    before: set[int] = set()

    def there() -> bool:
        before.clear()
        before.update(service.processes())
        return len(before) == PROCESSES

    assert until(there)
    main = service.main
    sent = service.send()
    assert until(service.findings)
    ident = next(iter(service.findings()))
    site = service.machine.root / SITE[1:]
    site.write_text(
        f'[[exceptions]]\nfinding = "{ident}"\nreason = "a test of the line"\nowner = "shift"\nuntil = 2999-01-01\n'
    )
    config = service.machine.root / "etc/interlock/interlock.toml"
    config.write_text(f"{CONFIG}[sensor.memory]\nring_mib = 64\n")
    service.machine.systemctl("reload", UNIT)
    assert until(lambda: len(service.diary("reloaded")) == 2)
    assert sorted(service.diary("reloaded")) == [
        "near0: a ring of 64 MiB takes the place of one of 128 MiB",
        "the configuration was read anew; the site file was read anew",
    ]
    sent += service.send()
    assert until(lambda: service.packets() == sent)
    assert before <= service.processes().keys()
    assert service.main == main
    assert not service.diary("blind")
    assert service.machine.shows("NRestarts") == "0"


def test_a_killed_one_watches_again_and_has_what_was_committed(service: Service) -> None:
    service.start()
    service.send()
    assert until(service.findings)
    found = service.findings()
    main = service.main
    begun = time.monotonic()
    service.machine.run("kill", "-KILL", main)
    assert until(lambda: service.machine.shows("NRestarts") == "1", 60)
    assert until(lambda: service.machine.shows("SubState") == "running", 60)
    print(f"\nwatches {time.monotonic() - begun:.2f} s after it was killed")  # noqa: T201
    assert service.main != main
    assert until(lambda: len(service.processes()) == PROCESSES)
    assert found.keys() <= service.findings().keys()
    (gap,) = service.diary("blind")
    assert "ended without a word" in gap
    sent = service.send()
    assert until(lambda: service.packets() == sent)


def test_the_watchdog_ends_one_that_stands_still(service: Service) -> None:
    service.add("WatchdogSec=2")
    service.start()
    main = service.main
    begun = time.monotonic()
    service.machine.run("kill", "-STOP", main)
    assert until(lambda: service.machine.shows("NRestarts") == "1", 30)
    ended = time.monotonic() - begun
    assert until(lambda: service.machine.shows("SubState") == "running", 60)
    print(f"\nended {ended:.2f} s after it stood still, with a watchdog of 2 s and RestartSec=1")  # noqa: T201
    assert service.main != main
    assert until(lambda: len(service.processes()) == PROCESSES)
    assert "Watchdog timeout (limit 2s)!" in service.machine.journal()
    assert ended < 15


def test_it_ends_in_order_and_goes_on(service: Service) -> None:
    service.start()
    sent = service.send()
    assert until(lambda: service.packets() == sent)
    begun = time.monotonic()
    service.stop()
    took = time.monotonic() - begun
    print(f"\nstopped in {took:.2f} s")  # noqa: T201
    assert took < 30
    assert service.machine.shows("Result") == "success"
    assert service.machine.shows("ExecMainStatus") == "0"
    assert len(service.diary("stopped")) == 1
    assert not list(service.store.rglob("*.arrows"))
    rows, findings, key = service.rows(), service.findings(), (service.store / "fingerprint.key").read_bytes()
    ended = service.machine.run(
        "interlock", "sensor", "status", check=False
    )  # as root, who is to spoil nothing
    assert (ended.returncode, ended.stdout.startswith("hall-3 does not run.")) == (3, True)

    service.start()
    sent = service.send()
    assert until(lambda: service.packets() == sent)
    assert until(lambda: service.rows() > rows)
    assert findings.keys() <= service.findings().keys()
    assert len(service.diary("started")) == 2
    assert not service.diary("blind")
    assert (service.store / "fingerprint.key").read_bytes() == key


def test_systemd_measures_an_exposure_below_2_5_of_the_loaded_unit(service: Service) -> None:
    ended = service.machine.run("systemd-analyze", "security", "--no-pager", UNIT)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+) (\w+)", ended.stdout)
    assert level, ended.stdout
    print(f"\n{level[0]}")  # noqa: T201
    assert float(level[1]) < 2.5


def refused(service: Service) -> str:
    """Start it in vain; the one sentence that `systemctl status` shows."""
    begun = time.monotonic()
    ended = service.machine.systemctl("start", UNIT, check=False)
    print(f"\nrefused in {time.monotonic() - begun:.2f} s")  # noqa: T201
    assert ended.returncode == 1
    assert "systemctl status interlock-sensor.service" in ended.stderr
    assert until(lambda: said(service))
    (line,) = said(service)
    return line


def said(service: Service) -> list[str]:
    """What it says of itself in `systemctl status`."""
    shown = service.machine.systemctl("status", UNIT, check=False).stdout
    return [line for line in shown.splitlines() if "interlock: " in line]


def test_who_has_no_site_file_reads_so(service: Service) -> None:
    service.configure(site=None)
    service.machine.run("ip", "link", "set", service.machine.near, "up")
    service.install("--config", "/etc/interlock/interlock.toml")
    assert "/etc/interlock/site.toml" in refused(service)


def test_it_waits_for_its_interface_without_hurry_and_begins_once_it_is_there(service: Service) -> None:
    service.install("-i", "eth7", "--prepare")
    begun = time.monotonic()
    assert "eth7: there is no such interface; there are: " in refused(service)
    assert until(lambda: service.machine.shows("NRestarts") == "1", 60)
    assert time.monotonic() - begun > 5
    service.machine.run("ip", "link", "add", "eth7", "type", "veth", "peer", "name", "switch7")
    try:
        service.machine.run("ip", "link", "set", "switch7", "up")
        assert until(lambda: service.machine.shows("SubState") == "running", 60)
        assert service.machine.shows("StatusText") == "watching eth7"
        assert " NOARP," in service.machine.run("ip", "link", "show", "eth7").stdout.replace(
            "<BROADCAST,", " "
        )
    finally:
        service.machine.run("ip", "link", "del", "eth7")
