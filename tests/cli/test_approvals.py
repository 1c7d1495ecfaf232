"""Approvers enrolled, windows signed and verified, site files checked: as a user does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from interlock.bootstrap import read_site
from interlock.cli.main import interlock

if TYPE_CHECKING:
    from pathlib import Path

SITE = """
[site]
name = "plant"
[[safety_systems]]
address = "10.0.0.5"
[[work_orders]]
id = "WO/1"
start = 2026-03-02T06:00:00Z
end = 2026-03-02T08:00:00Z
machines = ["10.0.0.5"]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTERLOCK_APPROVERS", str(tmp_path / "kept" / "approvers.json"))
    (tmp_path / "site.toml").write_text(SITE)
    return tmp_path


def run(*words: object, given: str = "") -> Result:
    return CliRunner().invoke(interlock, [str(word) for word in words], input=given)


def key_of(place: Path, name: str) -> Path:
    assert run("approver", "new-key", place / name, given="secret words\nsecret words\n").exit_code == 0
    assert run("approver", "add", name, "--key", place / f"{name}.pub").exit_code == 0
    return place / name


def test_one_signs_and_it_holds_until_something_changes(place: Path) -> None:
    key, site = key_of(place, "ann"), place / "site.toml"
    assert run("window", "verify", site).exit_code == 1
    signed = run("window", "sign", site, "WO/1", "--key", key, given="y\nsecret words\n")
    assert signed.exit_code == 0, signed.output
    assert '"machines":["10.0.0.5"]' in signed.output
    verified = run("window", "verify", site, "WO/1")
    assert (verified.exit_code, verified.output) == (0, "WO/1: approved by ann\n")
    assert read_site(str(site)).approvals[0].enough
    site.write_text(SITE.replace("08:00", "20:00"))
    changed = run("window", "verify", site)
    assert changed.exit_code == 1
    assert "does not hold" in changed.output


def test_two_person_control(place: Path) -> None:
    site = place / "site.toml"
    keys = [key_of(place, "ann"), key_of(place, "bo")]
    assert run("approver", "require", 2).exit_code == 0
    for number, key in enumerate(keys):
        assert run("window", "verify", site).exit_code == 1
        assert (
            run("window", "sign", site, "WO/1", "--yes", "--key", key, given="secret words\n").exit_code == 0
        ), number
    assert json.loads(run("window", "verify", site, "--json").output)["approvals"][0]["approvers"] == [
        "ann",
        "bo",
    ]
    assert run("approver", "remove", "bo").exit_code == 0
    assert "1 of 2" in run("window", "verify", site).output
    assert "1 enrolled; 2 must sign" in run("approver", "list").output


def test_keys_that_others_can_read_and_wrong_passphrases_are_refused(place: Path) -> None:
    key, site = key_of(place, "ann"), place / "site.toml"
    assert key.stat().st_mode & 0o777 == 0o600
    wrong = run("window", "sign", site, "WO/1", "--yes", "--key", key, given="wrong\n")
    assert "passphrase is wrong" in str(wrong.exception)
    key.chmod(0o640)
    assert "chmod 600" in str(run("window", "sign", site, "WO/1", "--yes", "--key", key).exception)
    assert "not there yet" in str(run("approver", "new-key", key, "--no-passphrase").exception)
    assert "no public key" in str(run("approver", "add", "x", "--key", site).exception)
    assert "same key" in str(run("approver", "add", "y", "--key", place / "ann.pub").exception)
    assert "it has: WO/1" in str(run("window", "sign", site, "WO-9", "--yes", "--key", key).exception)


def test_a_signature_file_that_is_none_opens_nothing(place: Path) -> None:
    site = place / "site.toml"
    (place / "site.toml.WO%2F1.0000.sig").write_text("not a signature")
    result = run("window", "verify", site)
    assert result.exit_code == 1
    assert "is no signature of Interlock" in result.output


def test_a_damaged_list_of_approvers_stops_everything(place: Path) -> None:
    key_of(place, "ann")
    (place / "kept" / "approvers.json").write_text("{}")
    assert "is no list of approvers" in str(run("window", "verify", place / "site.toml").exception)


def test_site_check(place: Path) -> None:
    site = place / "site.toml"
    site.write_text(SITE + '[[tags]]\nname = "level"\nserver = "10.0.0.5"\nobject = "holding:0"\n')
    result = run("site", "check", site)
    assert result.exit_code == 0
    assert "site.toml: right; 1 safety system, 1 work order, 1 tag" in result.output
    assert "judged by their habits only: level" in result.output
    assert "WO/1: not approved, so it opens no safety system: 0 of 1" in result.output
    recording = place / "p.pcap"
    assert run("plant", "record", "--minutes", "0.2", "--out", recording).exit_code == 0
    with_capture = run("site", "check", f"{recording}.site.toml", recording)
    assert "buffer.level: 1" in with_capture.output
    assert "power.breaker_command: never seen" in with_capture.output
    assert with_capture.exit_code == 4
