"""Folders of approved projects, read anew beside the judge and put in force once they are whole."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.detect.rows import batch

from interlock.bootstrap.detecting import Judgement
from interlock.bootstrap.renewing import Judged
from interlock.bootstrap.rescreening import Turns
from interlock.bootstrap.sensor_parts import Sensor
from interlock.detect.interface import Context
from interlock.detect.programs.program_compare import ProgramCompare
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.pipeline.sensor.aside import Here
from interlock.pipeline.sensor.board import Board
from interlock.records.config import Config

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.pipeline.sensor.memory import Memory

OCTETS = b"ORGANIZATION_BLOCK OB 1"


class Nothing:
    """A memory that has nothing to teach."""


def severities(runner: Runner, name: str) -> list[str]:
    row = {
        "kind": "s7-block",
        "name": name,
        "direction": "read",
        "sha256": hashlib.sha256(OCTETS).hexdigest(),
    }
    return [f.severity for f in runner.feed("artifacts", batch("artifacts", [row]), Context())]


def test_what_was_approved_since_is_in_force_once_it_is_read(tmp_path: Path) -> None:
    refused: list[str] = []
    sensor = Sensor(folder=tmp_path / "store", judgement=Judgement(projects=(str(tmp_path / "ok"),)))
    judged = Judged(sensor, refused.append, Here, Turns(Board(1), 0, screened=False))
    (tmp_path / "ok").mkdir()
    (tmp_path / "ok" / "other.awl").write_bytes(b"other")
    runner = judged.runner(Config())
    assert severities(runner, "OB1") == ["high"]

    (tmp_path / "ok" / "line1.awl").write_bytes(OCTETS)
    memory: Memory = Nothing()  # type: ignore[assignment] # no state folder is named: nothing asks it
    assert list(judged.anew(runner, memory, Config())) == []
    assert list(judged.tend(runner)) == ["2 programs and files of projects are approved"]
    assert list(judged.tend(runner)) == []
    assert severities(runner, "OB2") == ["info"]

    (tmp_path / "ok" / "line1.awl").unlink()
    (tmp_path / "ok").rename(tmp_path / "gone")
    list(judged.anew(runner, memory, Config()))
    assert list(judged.tend(runner)) == []
    assert "projects of before stay in force" in refused[-1]
    assert severities(runner, "OB3") == ["info"]


def test_indicators_are_read_anew_and_nothing_is_forgotten(tmp_path: Path) -> None:
    refused: list[str] = []
    feed = tmp_path / "feed.txt"
    feed.write_text("192.0.2.7\n", encoding="utf-8")
    sensor = Sensor(folder=tmp_path / "store", judgement=Judgement(indicators=(str(feed),)))
    judged = Judged(sensor, refused.append, Here, Turns(Board(1), 0, screened=False))
    runner = judged.runner(Config())
    memory: Memory = Nothing()  # type: ignore[assignment] # no state folder is named: nothing asks it

    def count(server: str) -> list[int]:
        rows = batch("flows", [{"client": "10.0.0.5", "server": server}])
        return [f.count for f in runner.feed("flows", rows, Context()) if f.detector == "indicator"]

    assert count("192.0.2.7") == [1]
    assert count("192.0.2.8") == []
    feed.write_text("192.0.2.7\n192.0.2.8\nnothing\n", encoding="utf-8")
    assert list(judged.anew(runner, memory, Config())) == []
    assert list(judged.tend(runner)) == ["2 indicators are in force"]
    assert "line 3" in refused[-1]
    assert count("192.0.2.8") == [1]
    assert count("192.0.2.7") == [2]

    feed.unlink()
    list(judged.anew(runner, memory, Config()))
    assert list(judged.tend(runner)) == []
    assert "indicators of before stay in force" in refused[-1]
    assert count("192.0.2.8") == [2]


def test_the_runner_names_its_detectors() -> None:
    runner = Runner(all_detectors())
    assert isinstance(runner.named(ProgramCompare.name), ProgramCompare)
    assert runner.named("nobody") is None
