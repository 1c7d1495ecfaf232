"""Records of proofs: what a run replaces, what adds up, and that the documents say what the records do and no more."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from fuzzing.score import Score
from fuzzing.turns import Tally
from proving import pages
from proving.records import FOLDER, add, put, read

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
COMPARED = {
    "captures": 2, "theirs": 1000, "ours": 1000, "equal": 0.99999, "settled": 1.0, "shifted": 0, "known": 1,
    "unlisted": 0, "verdict": "reached", "date": "2026-11-27", "command": "scripts/conformance.py",
}  # fmt: skip


def test_a_run_replaces_its_own_entries_only(tmp_path: Path) -> None:
    put("conformance", {"a": {"ours": 1}, "b": {"ours": 2}}, tmp_path)
    put("conformance", {"b": {"ours": 3}}, tmp_path)
    assert read("conformance", tmp_path) == {"a": {"ours": 1}, "b": {"ours": 3}}


def test_counts_add_up_and_dates_are_the_last(tmp_path: Path) -> None:
    for day in ("1", "2"):
        add("fuzz", "a", {"seconds": 20.5}, {"date": day}, tmp_path)
    assert read("fuzz", tmp_path) == {"a": {"seconds": 41.0, "date": "2"}}


def test_turns_of_guided_fuzzing_add_up_though_their_state_is_lost(tmp_path: Path) -> None:
    for out in ("one", "other"):
        tally = Tally(tmp_path / out, tmp_path / "proof")
        tally.add("modbus", 60.0, 1000, 10, [])
        tally.add("modbus", 60.0, 1000, 12, ["modbus-crash-1"])
    entry = read("fuzz", tmp_path / "proof")["modbus"]
    assert (entry["seconds"], entry["executions"], entry["broken"], entry["inputs"]) == (240.0, 4000, 2, 12)


def test_mutants_add_up_and_a_lost_state_goes_on_behind_the_last(tmp_path: Path) -> None:
    for number, out in ((100, "one"), (250, "other"), (300, "other")):
        score = Score(tmp_path / out, ROOT / "demo", 1, tmp_path / "proof")
        score.now["mutants"] = number
        score.now["cpu_s"] += 1.0
        score.save()
        score.save()
    entry = read("mutants", tmp_path / "proof")["seed 1"]
    assert (entry["mutants"], entry["cpu_s"]) == (300, 3.0)
    assert Score(tmp_path / "third", ROOT / "demo", 1, tmp_path / "proof").now["mutants"] == 300
    assert Score(tmp_path / "third", ROOT / "demo", 2, tmp_path / "proof").now["mutants"] == 0


def test_what_has_no_record_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"conformance": {"modbus": COMPARED}}
    monkeypatch.setattr(pages, "read", lambda name: kept.get(name, {}))
    lines = pages.proofs({"modbus": ("modbus", "umas"), "acme": ("acme",)})
    assert any(line.startswith("| `modbus` | tshark | 2 | 1000 | 99.999 % | 100 %") for line in lines)
    assert any(line.startswith("| `acme` | no record: unproved") for line in lines)
    assert "| `acme` | no record | | | | no record |  |" in lines
    assert not any("umas" in line for line in lines)


def test_what_both_sides_hardly_saw_is_not_called_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    few = COMPARED | {"theirs": 3}
    none = COMPARED | {"theirs": 0, "equal": 0.0}
    kept = {"conformance": {"few": few, "none": none, "vectors": COMPARED}}
    monkeypatch.setattr(pages, "read", lambda name: kept.get(name, {}))
    lines = pages.proofs({name: (name,) for name in ("few", "none", "vectors")}, unproved=["vectors"])
    said = {
        line.split("`")[1]: line.split(" | ")[-2]
        for line in lines
        if line.startswith("| `") and " tshark " in line
    }
    assert said == {"few": "reached, thin", "none": "unproved", "vectors": "unproved"}


def test_who_names_a_decoder_as_ground_truth_has_a_record_of_equal_messages() -> None:
    from interlock.decode.registry import PROTOCOLS, load_specs  # noqa: PLC0415 (after sys.path is set)

    compared = read("conformance")
    for folder, spec in zip(PROTOCOLS, load_specs(outside=False), strict=True):
        quality = tomllib.loads(
            (ROOT / f"src/interlock/decode/protocols/{folder}/quality.toml").read_text("utf-8")
        )
        entries = [compared.get(name + log, {}) for name in (*spec.names, folder) for log in ("", pages.LOGS)]
        assert not quality["ground_truth"] or any(entry.get("equal") for entry in entries), folder


def test_records_are_of_protocols_that_there_are() -> None:
    from interlock.decode.registry import PROTOCOLS  # noqa: PLC0415 (after sys.path is set)

    for name in ("fuzz", "cost"):
        assert set(read(name)) <= set(PROTOCOLS)
    assert all(
        entry["date"] and entry["command"]
        for file in FOLDER.glob("*.json")
        for entry in read(file.stem).values()
    )


def test_the_documents_are_what_code_and_records_make() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts/make_docs.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_only_a_run_over_all_captures_is_recorded(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts/conformance.py", "--record", "--capture", "modbus/*"]
    ran = subprocess.run([*command, "--records", tmp_path], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "of all captures" in ran.stderr
    assert not list(tmp_path.iterdir())
