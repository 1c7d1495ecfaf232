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


@pytest.fixture(scope="module")
def store(work: Path) -> Path:
    """A sensor's store of the same recording."""
    assert run("sensor", "replay", work / "a.pcap", "--out", work / "store").code == 0
    return work / "store"


def test_a_sensor_keeps_what_extract_gives_for_this_user_alone(work: Path, store: Path) -> None:
    there = {f.name: f.read_bytes() for f in (store / "programs").iterdir()}
    assert there == {f.name: f.read_bytes() for f in (work / "kept").iterdir()}
    assert {f.stat().st_mode & 0o777 for f in (store / "programs").iterdir()} == {0o600}


def test_versions_of_a_sensor_are_the_transfers_of_analyze_without_repeats(work: Path, store: Path) -> None:
    versions, transfers = (
        json.loads(run("program", "list", "--from", folder, "--json").out)["programs"]
        for folder in (store, work / "out")
    )
    told = ("time", "server", "unit", "name", "sha256", "client", "direction", "verdict")
    news = [[row[c] for c in told] for row in transfers if row["verdict"] != "same"]
    assert [[row[c] for c in told] for row in versions] == news
    assert {row["kept"] for row in versions} == {True}
    assert {row["kept"] for row in transfers} == {False}
    assert "changed" in {row["verdict"] for row in versions}


def test_two_versions_are_told_apart_by_name_or_by_hash(store: Path) -> None:
    ended = run("program", "diff", "OB1", "--from", store, "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["outcome"]) == (1, "changed")
    assert told["parts"][0]["ranges"]
    by_hash = run(
        "program", "diff", told["a"]["sha256"][:9], told["b"]["sha256"][:9], "--from", store, "--json"
    )
    assert json.loads(by_hash.out) == told
    assert run("program", "diff", "OB1", told["b"]["sha256"], "--from", store).code == 0
    assert b"differs at" in run("program", "diff", "OB1", "--from", store).out


def test_the_last_version_is_compared_with_the_approved_one(store: Path, tmp_path: Path) -> None:
    versions = json.loads(run("program", "list", "--from", store, "--json").out)["programs"]
    settings = next(row for row in versions if row["name"].endswith("settings.ini"))
    octets = (store / "programs" / settings["sha256"]).read_bytes()
    (tmp_path / "settings.ini").write_bytes(octets + b"limit=9\n")
    command = ("program", "diff", settings["name"], "--from", store, "--projects", tmp_path)
    ended = run(*command)
    assert ended.code == 1
    assert b"-limit=9" in ended.out
    (tmp_path / "settings.ini").write_bytes(octets)
    assert run(*command).code == 0
    listed = run("program", "list", "--from", store, "--projects", tmp_path).out.decode()
    assert "unknown, approved" in listed
    assert "changed, not approved" in listed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("OB99",), "no such program"),
        (("DB1",), "only one version"),
        (("OB1", "--projects", "{tmp}"), "no approved file or block"),
        (("OB1", "--server", "10.1.1.1"), "no such program"),
    ],
)
def test_a_version_that_is_not_there_is_said_in_one_sentence(
    store: Path, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    words = tuple(word.format(tmp=tmp_path) for word in words)
    assert says in one_sentence(run("program", "diff", *words, "--from", store))


def test_octets_that_were_not_kept_are_said_with_what_keeps_them(work: Path) -> None:
    assert "--keep-programs" in one_sentence(run("program", "diff", "OB1", "--from", work / "out"))


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
