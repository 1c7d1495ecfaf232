"""State folders: written whole and for one user, read or refused with a sentence."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from tests.cli.terminal import DEMO, one_sentence, run

from interlock.bootstrap.detecting import LEARNED, Judgement, build_runner, read_learned, write_learned
from interlock.detect.state import pack
from interlock.errors import ConfigError, OutputError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

CAPTURE = str(DEMO / "incident.pcap.gz")


def test_a_state_is_written_for_this_user_alone_and_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "plant" / "learned"
    assert read_learned(folder) is None
    for content in (b"one", b"two"):
        file = write_learned(folder, content)
        assert read_learned(folder) == content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [f.name for f in folder.iterdir()] == [LEARNED]


def test_what_cannot_be_written_or_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        write_learned(tmp_path / "file", b"")
    (tmp_path / LEARNED).mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        read_learned(tmp_path)


def test_a_folder_without_a_state_says_how_one_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="interlock baseline learn CAPTURE --state"):
        build_runner(Judgement(state=str(tmp_path)))
    ran = run("analyze", CAPTURE, "--out", tmp_path / "out", "--state", tmp_path)
    assert ran.code == 2
    assert "nothing was learned there" in one_sentence(ran)
    assert not (tmp_path / "out" / "findings.json").exists()


def test_analyze_goes_on_from_a_state_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state"
    write_learned(state, pack({}))
    before = (state / LEARNED).read_bytes()
    ran = run("analyze", CAPTURE, "--out", tmp_path / "out", "--state", state)
    assert ran.code == 0, ran.err
    assert (state / LEARNED).read_bytes() == before


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    write_learned(tmp_path, b"anything")
    with pytest.raises(SourceError, match=rf"{LEARNED}: the state kept for detectors .*; learn again"):
        build_runner(Judgement(state=str(tmp_path)))


def test_what_rules_told_of_a_clean_capture_is_its_habit_later(tmp_path: Path) -> None:
    state = tmp_path / "state"
    learned = run("baseline", "learn", CAPTURE, "--state", state)
    assert learned.code == 0, learned.err
    told = {}
    for name, more in (("before", ()), ("after", ("--state", state))):
        ran = run("analyze", CAPTURE, "--out", tmp_path / name, *more)
        assert ran.code == 0, ran.err
        findings = json.loads((tmp_path / name / "findings.json").read_text())["findings"]
        told[name] = {f["id"]: (f["kind"], f["severity"]) for f in findings if f["detector"] == "rules"}
    alarms = {
        i for i, (kind, severity) in told["before"].items() if kind == "alert" and severity != "critical"
    }
    assert alarms
    assert {told["after"][i][0] for i in alarms} == {"change"}
