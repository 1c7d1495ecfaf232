"""The unit file: what systemd itself says of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner
from tests.cli.terminal import DEMO

from interlock.cli.sensor_unit import unit
from interlock.errors import ConfigError
from interlock.systemd.unit import Service, unit_text

from .confined import HEADER

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze (systemd 250 or newer)")
PLAIN = Service(command=("/bin/true", "sensor", "run", "-i", "eth1"), interfaces=("eth1",))


def analyze(*arguments):
    return subprocess.run(
        [ANALYZE, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def written(tmp_path, service=PLAIN):
    path = tmp_path / "interlock-sensor.service"
    path.write_text(unit_text(service), "utf-8")
    return path


def values(text, key):
    return re.findall(rf"(?m)^{key}=(.*)$", text)


@needs_systemd
def test_systemd_measures_an_exposure_below_2_5(tmp_path) -> None:
    ended = analyze("security", "--offline=true", "--threshold=25", "--no-pager", written(tmp_path))
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+) (\w+)", ended.stdout)
    assert level, ended.stdout + ended.stderr
    print(f"\n{level[0]}")  # noqa: T201 (the figure is what one runs this for)
    assert float(level[1]) < 2.5
    assert ended.returncode == 0


@needs_systemd
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prepare": (("/bin/true", "sensor", "prepare", "-i", "eth1"), ("/bin/true", "-i", "eth2"))},
        {
            "user": "interlock",
            "reach": ("10.1.0.7", "2001:db8::/64"),
            "credentials": (("siem.token", "/etc/x"),),
        },
        {
            "command": (
                "/bin/true",
                "sensor",
                "run",
                "--site",
                'a b$c%d"e\\f',
                "--store",
                "/var/lib/interlock",
            )
        },
    ],
)
def test_systemd_understands_every_line(tmp_path, changes) -> None:
    service = replace(PLAIN, **changes)
    if "user" in changes:
        service = replace(service, user="root")  # verify asks whether the account is there
    ended = analyze("verify", "--man=no", "--recursive-errors=no", written(tmp_path, service))
    ours = [line for line in ended.stderr.splitlines() if "interlock-sensor" in line]
    assert not ours, ended.stderr
    assert ended.returncode == 0, ended.stderr


@needs_systemd
def test_every_group_of_system_calls_that_is_named_is_known() -> None:
    for line in values(unit_text(PLAIN), "SystemCallFilter"):
        for group in (word for word in line.removeprefix("~").split() if word.startswith("@")):
            assert analyze("syscall-filter", group).returncode == 0, group


@needs_systemd
@pytest.mark.slow
@pytest.mark.skipif(
    not HEADER.exists(), reason="needs the numbers of this kernel's system calls (linux-libc-dev)"
)
def test_the_sensor_works_within_the_filter_and_without_executable_memory(tmp_path) -> None:
    """The same filter as systemd would install, on all of the sensor's processes."""
    command = [sys.executable, "-m", "tests.systemd.confined", str(written(tmp_path)), sys.executable, "-c"]
    refused = "import os\nos.sched_setaffinity(0, {0})"
    ended = subprocess.run([*command, refused], capture_output=True, text=True, timeout=60, check=False)
    assert "PermissionError" in ended.stderr
    executable = "import mmap\nmmap.mmap(-1, 4096, prot=7)"
    ended = subprocess.run([*command, executable], capture_output=True, text=True, timeout=60, check=False)
    assert "PermissionError" in ended.stderr
    replay = "from interlock.cli.main import main; main()"
    arguments = ["sensor", "replay", str(DEMO / "incident.pcap.gz"), "--store", str(tmp_path / "store")]
    ended = subprocess.run(
        [*command, replay, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "stopped" in ended.stdout
    assert (tmp_path / "store" / "figures.json").exists()


def test_it_may_read_interfaces_and_nothing_more() -> None:
    text = unit_text(PLAIN)
    assert values(text, "AmbientCapabilities") == values(text, "CapabilityBoundingSet") == ["CAP_NET_RAW"]
    assert values(text, "RestrictAddressFamilies") == ["AF_PACKET AF_UNIX AF_INET AF_INET6 AF_NETLINK"]
    assert values(text, "IPAddressDeny") == ["any"]
    assert values(text, "IPAddressAllow") == ["localhost"]
    assert (values(text, "Type"), values(text, "DynamicUser")) == (["notify"], ["yes"])
    assert "@interfaces@" not in text
    assert not re.search(r"@(command|user|reach|memory|credentials)@", text)


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "root\nExecStartPre=/bin/evil"},
        {"user": "a b"},
        {"reach": ("siem.example",)},
        {"reach": ("10.0.0.1\nIPAddressDeny=",)},
        {"credentials": (("x", "relative"),)},
        {"credentials": (("x", "/a\nb"),)},
        {"credentials": (("a b", "/a"),)},
        {"interfaces": ("eth1\nUser=root",)},
        {"command": ("/bin/true", "a\nUser=root")},
        {"prepare": (("/bin/true", "a\nUser=root"),)},
    ],
)
def test_nothing_begins_a_line_of_its_own(changes) -> None:
    with pytest.raises(ConfigError):
        unit_text(replace(PLAIN, **changes))


def test_the_command_prints_it() -> None:
    ended = CliRunner().invoke(
        unit, ["-i", "eth1=cell1", "-i", "eth2", "--reach", "10.1.0.7", "--memory", "1024"]
    )
    assert ended.exit_code == 0
    (start,) = values(ended.output, "ExecStart")
    assert start.endswith("sensor run -i eth1=cell1 -i eth2 --store /var/lib/interlock")
    assert values(ended.output, "IPAddressAllow") == ["localhost 10.1.0.7/32"]
    assert values(ended.output, "MemoryMax") == ["1024M"]
    assert CliRunner().invoke(unit, []).exit_code == 2


def test_interfaces_are_prepared_as_root_only_where_it_is_asked_for() -> None:
    asked = CliRunner().invoke(unit, ["-i", "eth1=cell1", "-i", "eth2", "--prepare"]).output
    before = values(asked, "ExecStartPre")
    assert [line.split(" sensor ")[1] for line in before] == [
        "prepare --quiet -i eth1",
        "prepare --quiet -i eth2",
    ]
    assert all(line.startswith("+/usr/bin/env -u HOME -u INTERLOCK_STATE /") for line in before)
    assert not values(CliRunner().invoke(unit, ["-i", "eth1"]).output, "ExecStartPre")


def test_interfaces_that_a_configuration_names_are_prepared_as_it_says_then(tmp_path) -> None:
    there = "/etc/interlock/interlock.toml"  # on the machine that the unit is for
    (before,) = values(CliRunner().invoke(unit, ["--config", there, "--prepare"]).stdout, "ExecStartPre")
    assert before.startswith("+/usr/bin/env -u HOME -u INTERLOCK_STATE /")
    assert before.endswith(f" sensor prepare --quiet --config {there}")
    both = CliRunner().invoke(unit, ["--config", there, "-i", "eth1", "--prepare"]).stdout
    assert [line.split(" sensor ")[1] for line in values(both, "ExecStartPre")] == ["prepare --quiet -i eth1"]
    file = tmp_path / "interlock.toml"
    file.write_text("[sensor]\n")
    nothing = CliRunner().invoke(unit, ["--config", str(file), "--prepare"])
    assert (nothing.exit_code, "names no interface" in nothing.output) == (2, True)
    file.write_text('[[sensor.interfaces]]\nname = "eth1"\n[[sensor.interfaces]]\nname = "eth2"\n')
    named = CliRunner().invoke(unit, ["--config", str(file), "--prepare"])
    assert named.exit_code == 0
    assert len(values(named.stdout, "ExecStartPre")) == 1


def test_what_the_service_would_not_see_is_said(tmp_path) -> None:
    hidden = CliRunner().invoke(unit, ["-i", "eth1", "--config", str(tmp_path / "interlock.toml")])
    assert hidden.exit_code == 0
    said = [line for line in hidden.stderr.splitlines() if str(tmp_path) in line]
    assert bool(said) is tmp_path.resolve().is_relative_to("/tmp")
    seen = CliRunner().invoke(unit, ["-i", "eth1", "--config", "/etc/interlock/interlock.toml"])
    assert "/etc/" not in seen.stderr
