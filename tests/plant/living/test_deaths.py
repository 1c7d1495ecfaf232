"""Whatever is killed, in whatever order: what a plant leaves is cleared, and nothing of anybody else is touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.plant.living.conftest import needs_root
from tests.plant.living.running import ROOT, Plant, traces

from interlock.errors import ConfigError
from interlock.plant.living import manage
from interlock.plant.living.loopback import Loopback
from interlock.plant.living.namespaces import leftovers
from interlock.plant.living.state import SCHEMA, Files, boot, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Plant]:
    plant = Plant(tmp_path)
    yield plant
    plant.run("down")


@needs_root
def test_kill_a_server_then_the_plant_and_up_clears_what_is_left(fresh: Plant) -> None:
    """Then, on loopback, the folder is taken away from under the next one."""
    clean = traces(fresh.state)
    fresh.run("up")
    first = fresh.files.read()

    def servers() -> list[int]:
        """Five of libraries; what the plant itself forks for a moment is one more."""
        return [pid for pid in fresh.files.holders() if pid != first.pid]

    _until(lambda: len(servers()) == 5)
    os.kill(min(servers()), signal.SIGKILL)
    _until(lambda: any("signal 9" in s["why"] for s in fresh.status()["services"]))
    answers = {(s["machine"], s["port"]): s["answers"] for s in fresh.status()["services"]}
    assert answers["plc-water", 502] == "no"
    assert answers["rtu-feeder", 2404] != "no"

    os.kill(first.pid, signal.SIGKILL)
    _until(lambda: not fresh.files.holders())
    assert leftovers().get(first.run), "namespaces outlive the process"
    assert "no plant is up" in fresh.run("status", fails=True)
    _loopback_lives(fresh)
    assert not leftovers().get(first.run), "what the dead run left is cleared"

    second = fresh.files.read()
    shutil.rmtree(fresh.files.folder)
    _until(lambda: start_of(second.pid) is None)
    assert "no plant was up" in fresh.run("down")
    now = traces(fresh.state)
    assert (now.files, now.processes) == ({"plant-truth.jsonl"}, frozenset())
    assert not {i for i in now.interfaces - clean.interfaces if i == f"ilp-m-{first.run}"}


def _loopback_lives(fresh: Plant) -> None:
    fresh.run("up", "--loopback")
    told = fresh.status()
    assert not leftovers().get(told["run"])
    assert (told["layer2"], told["mirror"]) == (False, "")
    assert all(s["address"].startswith("127.77.1.") for s in told["services"])
    assert "loopback" in fresh.run(
        "capture", "--seconds", "1", "--out", str(fresh.state / "x.pcap"), fails=True
    )
    said = json.loads(fresh.run("attack", "bacnet-override", "--json"))
    assert said["answered"] == 3


def test_what_is_not_installed_is_named_with_its_command(
    fresh: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        manage, "find_spec", lambda module: None if module in ("snap7", "asyncua") else module
    )
    with pytest.raises(ConfigError, match="`pip install python-snap7 asyncua`"):
        manage.prepare(fresh.files)
    assert not fresh.files.folder.exists()


def test_ports_of_root_move_up_for_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    ground = Loopback()
    assert ground.address("plc-water", 502) == ("127.77.1.10", 30502)
    assert ground.address("rtu-feeder", 2404) == ("127.77.1.18", 2404)
    assert ground.address("outside", 80) == ("127.77.1.77", 30080)
    with pytest.raises(KeyError):
        ground.address("192.0.2.1", 502)


def _forged(state: Path, **fields: object) -> Files:
    files = Files(state)
    files.folder.mkdir(mode=0o700)
    told = {"schema": SCHEMA, "run": "abcdef", "pid": os.getpid(), "started": 1, "boot": boot(), "ground": "loopback",
            "seed": 1, "mirror": "", "begun": "2026-11-27T12:00:00Z"} | fields  # fmt: skip
    (files.folder / "run.json").write_text(json.dumps(told))
    (files.folder / "run.json").chmod(0o600)
    return files


@pytest.mark.parametrize(
    "fields",
    [
        {"mirror": "eth0"},
        {"mirror": "ilp-mirror; reboot"},
        {"run": "../../x"},
        {"run": "*"},
        {"ground": "internet"},
        {"address": "192.0.2.1"},
        {"pid": "1"},
        {"schema": "other/1"},
    ],
)
def test_a_forged_state_file_is_refused(tmp_path: Path, fields: dict) -> None:
    with pytest.raises(ConfigError, match="is not what `plant up` writes"):
        _forged(tmp_path, **fields).read()


def test_nothing_is_attacked_by_a_forged_state_file_and_down_clears_it(tmp_path: Path) -> None:
    plant, files = Plant(tmp_path), _forged(tmp_path, address="192.0.2.1")
    assert "is not what `plant up` writes" in plant.run("attack", "forged-write", fails=True)
    plant.run("down")
    assert not files.folder.exists()


def test_a_state_file_that_names_somebody_else_ends_nobody(tmp_path: Path) -> None:
    """Not by number, and not by number and start time either: only who holds the run's lock belongs to it."""
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        plant = Plant(tmp_path)
        _forged(tmp_path, pid=innocent.pid, started=start_of(innocent.pid))
        assert "does not answer" in plant.run("attack", "forged-write", fails=True)
        plant.run("down")
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_number_used_again_is_not_the_plant(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    _forged(tmp_path, started=start_of(os.getpid()) - 1)
    assert "no plant is up" in plant.run("status", fails=True)


def test_what_others_may_write_is_not_believed(tmp_path: Path) -> None:
    files = _forged(tmp_path)
    (files.folder / "run.json").chmod(0o666)
    with pytest.raises(ConfigError, match="others may write"):
        files.read()


@pytest.mark.skipif(not ROOT, reason="sees other processes' files")
def test_down_is_quiet_where_nothing_is(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    for _ in range(2):
        assert "no plant was up" in plant.run("down")
    assert not list(tmp_path.iterdir())
