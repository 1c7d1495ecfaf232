"""`interlock program` as a person uses it: from a recording to an approved folder and back."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.cli.terminal import one_sentence, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording in which a block is replaced, what analyze makes of it, and the octets that it carries."""
    folder = tmp_path_factory.mktemp("program")
    attacks = (
        "--attack",
        "program-download@1",
        "--event",
        "monthly-backup@2",
        "--event",
        "work-order-download@3",
    )
    assert run("plant", "record", "--minutes", 5, "--out", folder / "a.pcap", *attacks).code == 0
    assert run("analyze", folder / "a.pcap", "--out", folder / "out").code == 0
    assert run("program", "extract", folder / "a.pcap", "--out", folder / "kept").code == 0
    return folder


def test_what_was_loaded_is_listed_and_told(work: Path) -> None:
    ended = run("program", "list", "--from", work / "out", "--json")
    rows = json.loads(ended.out)["programs"]
    loaded = [r for r in rows if r["kind"] == "s7-block" and r["direction"] == "written"]
    assert {r["state"] for r in rows} == {"whole"}
    assert len({r["sha256"] for r in loaded}) == 2
    assert b"OB1 of 10.77.1.12" in run("program", "show", "OB1", "--from", work / "out").out
    assert "no such program" in one_sentence(run("program", "show", "OB99", "--from", work / "out"))


def test_what_was_extracted_is_for_this_user_alone_and_is_what_was_hashed(work: Path) -> None:
    kept = list((work / "kept").iterdir())
    rows = json.loads(run("program", "list", "--from", work / "out", "--json").out)["programs"]
    assert {f.name for f in kept} == {r["sha256"] for r in rows}
    assert {f.stat().st_mode & 0o777 for f in kept} == {0o600}


def test_analyze_keeps_them_where_it_is_asked_to_and_only_there(work: Path) -> None:
    assert not (work / "out" / "programs").exists()
    assert run("analyze", work / "a.pcap", "--out", work / "keeping", "--keep-programs").code == 0
    kept = {f.name: f.read_bytes() for f in (work / "keeping" / "programs").iterdir()}
    assert kept == {f.name: f.read_bytes() for f in (work / "kept").iterdir()}
    assert all(hashlib.sha256(octets).hexdigest() == name for name, octets in kept.items())


def test_a_change_is_found_and_an_approved_one_is_not_grave(work: Path) -> None:
    rows = json.loads(run("program", "list", "--from", work / "out", "--json").out)["programs"]
    first, second = dict.fromkeys(r["sha256"] for r in rows if r["name"] == "OB1")
    with zipfile.ZipFile(work / "released.zip", "w") as archive:
        archive.write(work / "kept" / second, "blocks/OB1.mc7")
    projects = work / "projects"
    projects.mkdir(exist_ok=True)
    (work / "released.zip").replace(projects / "released.zip")
    severities = {}
    for name, more in (("bare", ()), ("judged", ("--projects", projects))):
        assert run("analyze", work / "a.pcap", "--out", work / name, *more).code == 0
        found = json.loads((work / name / "findings.json").read_text())["findings"]
        severities[name] = {
            f["title"]: f["severity"]
            for f in found
            if f["detector"] == "program-compare" and "OB1" in f["title"]
        }
    assert (
        severities["bare"]["The program OB1 of plc-boiler (10.77.1.12), unit 0.2 was changed"] == "critical"
    )
    assert severities["judged"]["The program OB1 of plc-boiler (10.77.1.12), unit 0.2 was changed"] == "low"
    assert any("nobody approved" in t and s == "critical" for t, s in severities["judged"].items())
    approved = run("program", "approve", projects)
    assert second.encode() in approved.out
    assert first.encode() not in approved.out


def test_two_files_are_compared(work: Path) -> None:
    one, other, *_ = sorted((work / "kept").iterdir())
    assert run("program", "compare", one, one).code == 0
    ended = run("program", "compare", one, other, "--json")
    assert (ended.code, json.loads(ended.out)["outcome"]) == (1, "changed")


@pytest.mark.parametrize(
    "command",
    [
        ("program", "list", "--from", "nowhere"),
        ("program", "compare", "nowhere", "nowhere"),
        ("program", "approve", "nowhere"),
        ("program", "extract", "nowhere", "--out", "x"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(command: tuple[str, ...]) -> None:
    assert "nowhere" in one_sentence(run(*command))


def test_an_archive_that_is_broken_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", b"x" * 1000)
    octets = bytearray((tmp_path / "a.zip").read_bytes())
    octets[60] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(octets)
    assert "a.zip" in one_sentence(run("program", "approve", tmp_path))
