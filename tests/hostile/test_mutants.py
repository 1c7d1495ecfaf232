"""The mutant runner: groups, blame, resumption, and what it keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fuzzing.mutants import Mutants, captures_below
from fuzzing.parent import Worker
from fuzzing.rounds import GROUP, run_mutants
from fuzzing.score import Score

DEMO = Path(__file__).parents[2] / "demo"


class Told:
    """A worker that breaks at chosen mutants."""

    bad: ClassVar[dict[int, dict[str, Any]]] = {}
    together: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[int, int]]] = []

    def __init__(self, _folder: Path, _seed: int, **_options: bool) -> None:
        pass

    def run(self, first: int, count: int = 1) -> dict[str, Any]:
        self.asked.append((first, count))
        found: dict[str, Any] = {
            "rows": count,
            "errors": [],
            "source_errors": 0,
            "cpu_s": 0.1,
            "rss": 1,
            "digest": "d",
        }
        if count > 1:
            found |= self.together
        for number in range(first, first + count):
            found |= self.bad.get(number, {})
        return found

    def close(self) -> None:
        pass


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> type[Told]:
    for name, value in (("bad", {}), ("together", {}), ("asked", [])):
        monkeypatch.setattr(Told, name, value)
    return Told


def _score(tmp_path: Path) -> Score:
    return Score(tmp_path, DEMO, 1)


def test_a_number_is_always_the_same_octets() -> None:
    one, other = (Mutants(captures_below(DEMO), 7) for _ in range(2))
    assert [one.of(n) for n in range(8)] == [other.of(n) for n in range(8)]
    assert len({one.of(n) for n in range(8)}) > 6


def test_every_mutant_is_tried_once_and_a_run_goes_on(tmp_path: Path, told: type[Told]) -> None:
    run_mutants(_score(tmp_path), DEMO, 60, 1e9, 2, make=told)
    tried = sorted(n for first, count in told.asked if count > 1 for n in range(first, first + count))
    assert tried == list(range(60))
    told.asked.clear()
    again = _score(tmp_path)
    assert again.now["mutants"] == 60
    run_mutants(again, DEMO, 60 + GROUP, 1e9, 2, make=told)
    assert (60, GROUP) in told.asked
    assert again.now["rows"] == 60 + GROUP


def test_the_mutant_that_breaks_is_blamed_and_kept(tmp_path: Path, told: type[Told]) -> None:
    told.bad = {
        30: {"errors": ["modbus: decoder-error:IndexError"]},
        41: {"crash": "ended with -11", "stderr": ["x"]},
    }
    score = _score(tmp_path)
    run_mutants(score, DEMO, 50, 1e9, 1, make=told)
    assert (score.now["decoder_errors"], score.now["crashes"], score.now["mutants"]) == (1, 1, 50)
    assert score.broken()
    kept = {p.name for p in (tmp_path / "crashes").iterdir()}
    assert "modbus-decoder-error-indexerror-1-30.pcap" in kept
    assert "crash-1-41.pcap" in kept
    assert (tmp_path / "crashes" / "crash-1-41.pcap").read_bytes() == Mutants(captures_below(DEMO), 1).of(41)


def test_what_only_a_group_breaks_is_kept_as_a_group(tmp_path: Path, told: type[Told]) -> None:
    told.together = {"hang": "ended with -24", "stderr": []}
    score = _score(tmp_path)
    run_mutants(score, DEMO, 3, 1e9, 1, make=told)
    assert score.now["hangs"] == 1
    assert len(list((tmp_path / "crashes").glob("hang-1-*.pcap"))) == 3


def test_a_time_out_that_does_not_repeat_is_the_machines_and_said(
    tmp_path: Path, told: type[Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Told, first: int, count: int = 1) -> dict[str, Any]:
        found = decode(self, first, count)
        held = (first, count) == (0, GROUP) and self.asked.count((0, GROUP)) == 1
        return {"hang": "ended with -24", "stderr": []} if held else found

    decode = told.run
    monkeypatch.setattr(told, "run", run)
    score = _score(tmp_path)
    run_mutants(score, DEMO, 2 * GROUP, 1e9, 1, make=told)
    assert (score.now["hangs"], score.now["unrepeated"], score.now["rows"]) == (0, 1, 2 * GROUP)
    assert not score.broken()
    assert len(list((tmp_path / "crashes").glob("unrepeated-1-*.pcap"))) == GROUP
    assert "1 time-outs that did not repeat" in score.summary()


def test_compiled_and_uncompiled_are_compared(tmp_path: Path, told: type[Told]) -> None:
    run_mutants(score := _score(tmp_path), DEMO, 10, 1e9, 1, make=told)
    assert (score.now["compared"], score.now["differ"]) == (1, 0)


def test_a_real_worker_decodes_groups_as_it_does_each(tmp_path: Path) -> None:
    worker = Worker(DEMO, 1)
    try:
        together, alone = worker.run(1, 3), [worker.run(n) for n in (1, 2, 3)]
    finally:
        worker.close()
    assert together["errors"] == []
    assert together["rows"] == sum(found["rows"] for found in alone) > 0
    assert json.dumps(together)
