"""`interlock drill`: what a user sees."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.cli.main import interlock
from interlock.errors import ConfigError, SourceError
from interlock.store.plain.store import DATABASE

CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", "../shared/captures"))
OTHERS = {
    "modbus/ct-samples__Plant1_ModbusTCP.pcap": "coil-flood",
    "s7comm/ct-samples__Plant1_S7comm.pcap": "controller-stop",
    "enip_cip/icsnpp-enip__enip_cip_example.pcap": "cip-mode-change",
    "dnp3/icsnpp-dnp3__dnp3_example.pcap": "dnp3-cold-restart",
    "bacnet/icsnpp-bacnet__bacnet_example.pcap": "bacnet-override",  # its machines are behind a router
}
"""Recordings of others, one of each family, and a scenario that its machines can play."""
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


def test_a_site_file_of_a_plant_whose_traffic_is_not_named_is_refused() -> None:
    done = CliRunner().invoke(interlock, ["drill", "--site", "site.toml", "--no-wire"])
    assert done.exit_code == 2
    assert "--on" in done.output


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


@pytest.mark.parametrize(("capture", "scenario"), OTHERS.items())
def test_scenarios_come_into_what_others_recorded(capture: str, scenario: str) -> None:
    if not (CAPTURES / capture).exists():
        pytest.skip(f"{capture} is not among the shared captures (INTERLOCK_CAPTURES)")
    words = ["drill", "--on", str(CAPTURES / capture), "--scenario", scenario, "--json"]
    done = CliRunner().invoke(interlock, words)
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["not_applicable"] == []
    assert [(r["scenario"], r["found"], r["named"]) for r in record["rows"]] == [(scenario, True, True)]


def test_a_conversation_that_goes_on_where_learning_ends_is_learned() -> None:
    capture = CAPTURES / "enip_cip/ct-samples__Plant1_EthernetIP.pcap"
    if not capture.exists():
        pytest.skip(f"{capture} is not among the shared captures (INTERLOCK_CAPTURES)")
    done = CliRunner().invoke(interlock, ["drill", "--on", str(capture), "--scenario", "cip-write", "--json"])
    (row,) = json.loads(done.stdout)["rows"]
    assert row["first"] in row["truth"], "what goes on anyway, told as a new call, leads the incident"


def test_a_capture_without_ethernet_is_no_ground_for_a_drill(tmp_path: Path) -> None:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    frame = bytes.fromhex("450000140000000040000000") + bytes(8)
    (tmp_path / "raw.pcap").write_bytes(head + struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
    done = CliRunner().invoke(interlock, ["drill", "--on", str(tmp_path / "raw.pcap")])
    assert isinstance(done.exception, SourceError)
    assert "no Ethernet (link type 101)" in str(done.exception)
