"""`interlock baseline` as a user sees it: learn, judge by it, show, accept, compare."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from interlock.plant.twin.recording import Twin

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = "from interlock.cli.main import main; main()"


def run(*arguments: Any, code: int = 0) -> str:
    command = [sys.executable, "-c", ENTRY, *map(str, arguments)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert ran.returncode == code, ran.stderr
    return ran.stdout if code == 0 else ran.stderr


def record(path: Path, minutes: float, attack: str | None = None) -> Path:
    with path.open("wb") as target:
        twin = Twin(target, 5)
        if attack is not None:
            twin.attack(attack, 0.5)
        for _ in twin.run(minutes):
            pass
    return path


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of a quiet quarter of an hour and of one with a second master, and what the first teaches."""
    folder = tmp_path_factory.mktemp("plant")
    record(folder / "clean.pcap", 12)
    record(folder / "later.pcap", 3, "rogue-master")
    said = run("baseline", "learn", folder / "clean.pcap", "--state", folder / "state")
    assert "12 minutes observed" in said
    assert re.search(r"false alarms to expect: 0\.0 a day, at most \d+\.\d \(95 %\), from the last", said)
    assert (folder / "state" / "learned.state").stat().st_mode & 0o777 == 0o600
    return folder


def judged(plant: Path, state: Path, out: Path) -> list[dict[str, Any]]:
    run("analyze", plant / "later.pcap", "--state", state, "--out", out)
    findings = json.loads((out / "findings.json").read_text("utf-8"))["findings"]
    return [
        f
        for f in findings
        if f["detector"] in ("new-deed", "new-conversation", "unusual-value", "unusual-rate")
    ]


def test_what_was_never_done_is_found_with_its_technique_and_frames(plant: Path, tmp_path: Path) -> None:
    found = judged(plant, plant / "state", tmp_path / "out")
    (operated,) = (f for f in found if "operated outputs of" in f["title"])
    assert {"T0848", "T0855"} <= set(operated["techniques"])
    assert operated["severity"] == "high"
    assert operated["evidence"][0]["frames"]
    assert operated["time"] <= operated["last"]
    assert "to which it had never spoken so" in operated["title"]


def test_what_was_learned_is_not_news(plant: Path, tmp_path: Path) -> None:
    run("analyze", plant / "clean.pcap", "--state", plant / "state", "--out", tmp_path / "out")
    findings = json.loads((tmp_path / "out" / "findings.json").read_text("utf-8"))["findings"]
    assert {f["detector"] for f in findings} <= {"clear-credentials", "opcua-security"}


def test_analyze_changes_nothing_of_what_was_learned(plant: Path, tmp_path: Path) -> None:
    before = (plant / "state" / "learned.state").read_bytes()
    judged(plant, plant / "state", tmp_path / "out")
    assert (plant / "state" / "learned.state").read_bytes() == before


def test_an_acceptance_is_shown_with_its_reason_and_can_be_taken_back(plant: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "learned.state").write_bytes((plant / "state" / "learned.state").read_bytes())
    first = judged(plant, state, tmp_path / "out")[0]
    run("baseline", "accept", first["id"], "--state", state, "--reason", "bought in May")
    again = {f["id"]: f for f in judged(plant, state, tmp_path / "out")}[first["id"]]
    assert (again["severity"], again["accepted"]) == ("info", "bought in May")
    shown = json.loads(run("baseline", "show", "--state", state, "--json"))
    assert [(a["id"], a["reason"]) for a in shown["accepted"]] == [(first["id"], "bought in May")]
    run("baseline", "accept", first["id"], "--state", state, "--undo")
    assert {f["id"]: f for f in judged(plant, state, tmp_path / "out")}[first["id"]]["severity"] != "info"
    said = run("baseline", "accept", first["id"], "--state", state, "--undo", code=2)
    assert "was not accepted" in said


def test_a_relation_is_accepted_by_its_ends(plant: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "learned.state").write_bytes((plant / "state" / "learned.state").read_bytes())
    (one,) = (f for f in judged(plant, state, tmp_path / "out") if "operated outputs of" in f["title"])
    run("baseline", "accept", ",".join(one["machines"]), "--state", state, "--reason", "a second master")
    (one,) = (f for f in judged(plant, state, tmp_path / "out") if "operated outputs of" in f["title"])
    assert one["accepted"] == "a second master"


def test_show_tells_relations_and_how_settled_they_are(plant: Path) -> None:
    told = json.loads(run("baseline", "show", "--state", plant / "state", "--json"))
    assert told["schema"] == "interlock/baseline/1"
    assert told["converged"] is False
    modbus = [r for r in told["relations"] if r["protocol"] == "modbus"]
    assert any("write" in r["verbs"] for r in modbus)
    assert all(r["news_a_day_at_most"] > 1 and not r["converged"] for r in modbus)
    table = run("baseline", "show", "--state", plant / "state", "--relation", "dnp3")
    assert "dnp3" in table
    assert "modbus" not in table


def test_learning_again_adds_to_what_is_there(plant: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    run("baseline", "learn", plant / "clean.pcap", "--state", state)
    run("baseline", "learn", plant / "later.pcap", "--state", state)
    assert judged(plant, state, tmp_path / "out") == []
    added = run("baseline", "diff", plant / "state", state)
    assert re.search(r"^\+ \S+ → \S+ dnp3$", added, re.MULTILINE)
    assert not re.search(r"^-", added, re.MULTILINE)


def test_a_capture_is_compared_as_if_it_were_learned(plant: Path) -> None:
    told = json.loads(run("baseline", "diff", plant / "state", plant / "later.pcap", "--json"))
    assert any(line.endswith(" dnp3") for line in told["new"])
    assert run("baseline", "diff", plant / "state", plant / "clean.pcap").startswith("no difference")


@pytest.mark.parametrize("octets", [b"", b"interlock/detectors/1\n", b"\x00" * 100])
def test_a_half_written_state_is_refused(plant: Path, tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "learned.state").write_bytes(octets)
    for arguments in (
        ("analyze", plant / "later.pcap", "--out", tmp_path / "out"),
        ("baseline", "show"),
        ("baseline", "learn", plant / "clean.pcap"),
    ):
        said = run(*arguments, "--state", tmp_path, code=3)
        assert str(tmp_path) in said
        assert said.count("\n") == 1
    assert (tmp_path / "learned.state").read_bytes() == octets


def test_where_nothing_was_learned_it_says_what_to_do(tmp_path: Path) -> None:
    for arguments in (("show",), ("accept", "a,b", "--reason", "x")):
        said = run("baseline", *arguments, "--state", tmp_path / "none", code=2)
        assert "interlock baseline learn CAPTURE" in said
    assert "is no finding's id" in run(
        "baseline", "accept", "x", "--state", tmp_path, "--reason", "y", code=2
    )


OWN = """\
title: A controller is asked for its values
name: asked
logsource: {category: ot_operation}
detection:
  asked: {verb: read, protocol: modbus}
  condition: asked
level: high
"""


def test_what_rules_of_your_own_tell_of_a_plant_is_its_habit_too(plant: Path, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yml").write_text(OWN, "utf-8")
    with_rules = ("--rules", tmp_path / "rules")

    def own(state: Path) -> set[tuple[str, str]]:
        run("analyze", plant / "clean.pcap", "--state", state, *with_rules, "--out", tmp_path / "out")
        findings = json.loads((tmp_path / "out" / "findings.json").read_text("utf-8"))["findings"]
        return {
            (f["kind"], f["severity"])
            for f in findings
            if "A controller is asked for its values" in f["title"]
        }

    assert own(plant / "state") == {("alert", "high")}
    run("baseline", "learn", plant / "clean.pcap", "--state", tmp_path / "state", *with_rules)
    assert own(tmp_path / "state") == {("change", "info")}
