"""`--indicators` and `interlock indicator check`, as a person meets them."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.cli.terminal import one_sentence, run

from decode.feed import CLIENT, SERVER, Tcp
from interlock.cli.main import interlock
from interlock.report.schema import check

if TYPE_CHECKING:
    from pathlib import Path


def test_check_says_what_loads_and_what_does_not(tmp_path: Path) -> None:
    (tmp_path / "feed.txt").write_text("192.0.2.1\nnothing here\nevil.example\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("192.0.2.9\n", encoding="utf-8")
    said = CliRunner().invoke(interlock, ["indicator", "check", str(tmp_path), "--json"])
    document = json.loads(said.stdout)
    check(document, "indicator-check")
    assert said.exit_code == 1
    assert (document["loaded"], document["refused"], document["by_kind"]) == (
        2,
        1,
        {"address": 1, "domain": 1},
    )
    assert document["refusals"][0]["id"] == "line 2"
    plain = CliRunner().invoke(interlock, ["indicator", "check", str(tmp_path / "feed.txt")]).stdout
    assert "2 indicators load" in plain
    assert "line 2: expected" in plain


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = CliRunner().invoke(interlock, ["indicator", "check", str(tmp_path / "gone.txt")])
    assert said.exit_code != 0
    assert "gone.txt" in str(said.exception or said.output)


def test_what_holds_no_indicators_is_said(tmp_path: Path) -> None:
    (empty := tmp_path / "empty.txt").touch()
    (folder := tmp_path / "folder").mkdir()
    (folder / "notes.md").write_text("192.0.2.9\n", encoding="utf-8")
    for path, words in ((empty, "holds no indicators"), (folder, "holds no files of indicators")):
        ended = run("indicator", "check", path)
        assert ended.code == 2
        assert words in one_sentence(ended)


def test_broken_json_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_text('{"type": "bundle",\n "objects": [{]}', encoding="utf-8")
    ended = run("indicator", "check", file)
    assert ended.code == 2
    assert f"{file}: line 2, column" in one_sentence(ended)


FILE = b"MZ" + bytes(range(256)) * 8
FEED = (
    "10.0.0.2",
    "evil.example",
    "evil.example/drop.exe?id=7",
    hashlib.md5(FILE, usedforsecurity=False).hexdigest(),
)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A machine that fetches a file whose host, URL and hash somebody warns of."""
    connection = Tcp(80)
    connection.open()
    connection.segment(CLIENT, b"GET /drop.exe?id=7 HTTP/1.1\r\nHost: Evil.Example\r\n\r\n")
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FILE) + FILE
    for at in range(0, len(answer), 1000):
        connection.segment(SERVER, answer[at : at + 1000])
    file = tmp_path / "fetch.pcap"
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    frames = enumerate(connection.frames)
    file.write_bytes(
        head + b"".join(struct.pack("<IIII", 1_780_000_000 + i, 0, len(f), len(f)) + f for i, f in frames)
    )
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "feed.txt").write_text("\n".join(FEED), encoding="utf-8")
    return file


def told(findings: list[dict[str, object]]) -> set[tuple[str, str]]:
    """Kind and value of the indicators that findings name."""
    found = [dict(map(tuple, f["data"]) if isinstance(f["data"], list) else f["data"]) for f in findings]
    return {(data["kind"], data["indicator"]) for data in found}


EXPECTED = {("address", FEED[0]), ("domain", FEED[1]), ("url", FEED[2]), ("md5", FEED[3])}


def test_analyze_says_which_indicators_were_seen(capture: Path, tmp_path: Path) -> None:
    ended = run("analyze", capture, "--out", tmp_path / "out", "--indicators", tmp_path / "feeds")
    assert ended.code == 0, ended.err
    findings = json.loads((tmp_path / "out" / "findings.json").read_text("utf-8"))["findings"]
    assert told([f for f in findings if f["detector"] == "indicator"]) == EXPECTED
    plain = run("analyze", capture, "--out", tmp_path / "plain")
    assert plain.code == 0
    assert "indicator" not in (tmp_path / "plain" / "findings.json").read_text("utf-8")


def test_a_sensor_says_the_same_by_its_configuration(capture: Path, tmp_path: Path) -> None:
    config = tmp_path / "interlock.toml"
    outlet = '[[outlet]]\nkind = "stdout"\nformat = "jsonl"\n'
    config.write_text(f'[signatures]\nindicators = ["feeds"]\n\n{outlet}', encoding="utf-8")
    ended = run("sensor", "replay", capture, "--out", tmp_path / "store", "--config", config)
    assert ended.code == 0, ended.err
    findings = [json.loads(line)["finding"] for line in ended.out.splitlines()]
    assert told([f for f in findings if f["detector"] == "indicator"]) == EXPECTED


def test_what_is_not_in_force_is_said_once_on_standard_error(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "feeds" / "worse.txt").write_text("nothing\n" * 9, encoding="utf-8")
    ended = run("analyze", capture, "--out", tmp_path / "out", "--indicators", tmp_path / "feeds")
    assert ended.code == 0
    lines = [line for line in ended.err.splitlines() if "worse.txt" in line]
    assert len(lines) == 6
    assert "4 more are not in force" in lines[-1]
