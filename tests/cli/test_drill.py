"""`interlock drill`: what a user sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from click.testing import CliRunner

from interlock.cli.main import interlock
from interlock.errors import ConfigError
from interlock.store.plain.store import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

FIGURES = {
    "scenarios", "found_share", "named_share", "median_s", "max_s", "false_per_100_assets_day", "p50_ms", "p99_ms",
}  # fmt: skip


def test_a_stopped_controller_is_found_and_named_within_a_second() -> None:
    done = CliRunner().invoke(
        interlock, ["drill", "--scenario", "controller-stop", "--background", "3", "--no-wire", "--json"]
    )
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record.keys() >= FIGURES
    (row,) = record["rows"]
    assert (row["found"], row["named"]) == (True, True)
    assert row["delay_s"] < 1.0
    assert record["exercise"] is True
    assert record["quiet"]["hours"] > 1.0


def test_a_scenario_that_there_is_not_is_a_usage_error() -> None:
    done = CliRunner().invoke(interlock, ["drill", "--scenario", "nonsense"])
    assert done.exit_code == 2
    assert "interlock plant attacks" in done.output


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [f"{sys.prefix}/bin/interlock", "drill", "--no-wire", "--background", "600"]
    child = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130
    assert b"nothing of it is left" in said
    assert list(tmp_path.iterdir()) == []


def test_a_sensors_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    done = CliRunner().invoke(interlock, ["drill", "--state", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
    assert "no drill touches" in str(done.exception)


def test_scenarios_come_into_ones_own_traffic(tmp_path: Path) -> None:
    capture = tmp_path / "own.pcap"
    done = CliRunner().invoke(
        interlock, ["plant", "record", "--minutes", "3", "--seed", "5", "--out", str(capture)]
    )
    assert done.exit_code == 0, done.output
    words = ["--scenario", "controller-stop", "--scenario", "safety-programming", "--json"]
    done = CliRunner().invoke(interlock, ["drill", "--on", str(capture), *words])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    (row,) = record["rows"]
    assert (row["scenario"], row["found"], row["named"]) == ("controller-stop", True, True)
    (skipped,) = record["not_applicable"]
    assert skipped == {"scenario": "safety-programming", "reason": "no machine here serves tristation"}
    assert record["false_per_100_assets_day"] == "unknown"
