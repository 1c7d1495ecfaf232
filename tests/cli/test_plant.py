"""`interlock plant` as a user sees it."""

from __future__ import annotations

import json
import subprocess
import sys


def _run(*arguments):
    command = [sys.executable, "-c", "from interlock.cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_a_recording_comes_with_its_truth(tmp_path) -> None:
    out = tmp_path / "plant.pcap"
    ran = _run("plant", "record", "--minutes", 2, "--seed", 3, "--out", out, "--attack", "unit-sweep@1")
    assert ran.returncode == 0, ran.stderr
    told = json.loads((tmp_path / "plant.pcap.truth.json").read_text("utf-8"))
    assert told["schema"] == "interlock/plant-truth/1"
    assert [a["name"] for a in told["attacks"]] == ["unit-sweep"]
    assert not (tmp_path / "plant.pcap.part").exists()
    assert f"{told['frames']:,} frames, 1 attacks" in ran.stdout


def test_an_unknown_attack_is_a_wrong_option(tmp_path) -> None:
    for value, said in (("nothing@1", "no attack"), ("unit-sweep", "say when")):
        ran = _run("plant", "record", "--minutes", 1, "--out", tmp_path / "x.pcap", "--attack", value)
        assert ran.returncode == 2
        assert said in ran.stderr


def test_attacks_are_listed(tmp_path) -> None:
    listed = json.loads(_run("plant", "attacks", "--json").stdout)
    assert listed["schema"] == "interlock/plant-attacks/1"
    assert all(a["technique"].startswith("T0") and a["harm"] for a in listed["attacks"])
    assert "bacnet-override" in _run("plant", "attacks").stdout
