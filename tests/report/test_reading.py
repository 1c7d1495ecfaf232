from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.errors import SourceError
from interlock.report.json_files import write_json_files
from interlock.report.reading import read_folder


@pytest.fixture(scope="module")
def folder(plant_report, tmp_path_factory):
    path = tmp_path_factory.mktemp("out")
    write_json_files(plant_report, path)
    return path


def test_what_was_written_comes_back(plant_report, folder) -> None:
    read = read_folder(folder)
    assert {a.id: a for a in read.assets} == {a.id: a for a in plant_report.assets}
    assert {f.id: f for f in read.findings} == {f.id: f for f in plant_report.findings}
    assert read.relations == plant_report.relations.rows
    assert read.conversations == plant_report.traffic.conversations
    assert read.withheld == plant_report.withheld
    assert read.health == plant_report.health
    assert (read.first, read.last) == (plant_report.run.first, plant_report.run.last)


def test_hostile_text_comes_back(hostile_report, tmp_path) -> None:
    write_json_files(hostile_report, tmp_path)
    assert {a.id: a for a in read_folder(tmp_path).assets} == {a.id: a for a in hostile_report.assets}


@pytest.mark.parametrize("name", ["assets", "findings", "summary"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"schema": "interlock/assets/2"}',
        b"[" * 100_000,
        b'{"schema": 1e999}',
        b"9" * 5_000,
    ],
    ids=["empty", "null", "list", "bare", "not-utf8", "newer", "deep", "infinite", "long-number"],
)
def test_other_content_is_one_sentence(folder, tmp_path, name, content) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / f"{name}.json").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_folder(tmp_path)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_a_missing_folder_is_one_sentence(tmp_path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read \(no such file or directory\); name a folder"):
        read_folder(tmp_path / "nowhere")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_any_damage_yields_a_folder_or_the_declared_error(folder, tmp_path, data) -> None:
    name = data.draw(st.sampled_from(["assets.json", "findings.json", "summary.json"]))
    octets = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(octets if path.name == name else path.read_bytes())
    with contextlib.suppress(SourceError):
        assert read_folder(tmp_path).path == str(tmp_path)
