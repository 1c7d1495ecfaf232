"""Folding and sealing in a process of its own: killed at any moment, beside a writer that is killed, too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from interlock.errors import OutputError
from interlock.store.plain import sealing
from interlock.store.plain.compaction import Compactor
from interlock.store.plain.limits import Bound, Limits, Retention
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore

from .killed import numbered
from .rows import SECOND, START, Clock, batch

ROUNDS = int(os.environ.get("INTERLOCK_KILLS", "30"))
ROOT = Path(__file__).parents[3]


class Pair:
    """A writer and a compactor that can be begun and killed."""

    def __init__(self, folder: Path, says: Path) -> None:
        self.folder, self._says = folder, says
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.store.plain.compactor", folder, says],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        )  # fmt: skip

    def begin(self, *words: object) -> int:
        self._forks.stdin.write(" ".join(map(str, words)) + "\n")
        self._forks.stdin.flush()
        return int(self._forks.stdout.readline())

    def said(self) -> list[str]:
        return self._says.read_text().splitlines() if self._says.exists() else []

    def promised(self) -> int:
        """The last number that was on disk when a writer said so; -1 for none."""
        return max((int(line.split()[1]) for line in self.said() if line.startswith("tended")), default=-1)

    def end(self) -> None:
        self._forks.stdin.close()
        self._forks.stdout.close()
        self._forks.wait(30)


def until(met, timeout_s: float = 60.0) -> bool:
    end = time.monotonic() + timeout_s
    while not met() and time.monotonic() < end:
        time.sleep(0.002)
    return bool(met())


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    assert until(lambda: not _lives(pid))


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    return False


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path / "store", tmp_path / "says")
    yield made
    made.end()


def seen(folder: Path) -> tuple[Counter, Counter, Counter]:
    """Numbers of clues, of stops and of written values, each as often as it is there."""
    reader = PlainReader(folder)
    clues = Counter(row["frame"] for rows in reader.rows("clues") for row in rows.to_pylist())
    stops: Counter = Counter()
    for rows in reader.rows("operations_folded", columns=["verb", "frame", "repeats"]):
        for row in rows.to_pylist():
            if row["verb"] == "stop":
                stops[row["frame"]] += row["repeats"]
    values: Counter = Counter()
    for rows in reader.rows("values_folded", columns=["number", "repeats"]):
        for row in rows.to_pylist():
            values[row["number"][0]] += row["repeats"]
    return clues, stops, values


def check(pair: Pair, first: int) -> None:
    """What was promised is there, once."""
    promised = pair.promised()
    for numbers in seen(pair.folder):
        assert max(numbers.values(), default=1) == 1
        assert not [number for number in range(first, promised + 1) if number not in numbers]


def test_a_compactor_killed_at_any_moment_costs_and_doubles_nothing(pair):
    chance = np.random.default_rng(3)
    writer = pair.begin("write", 0)
    assert until(lambda: pair.promised() >= 0)
    for number in range(ROUNDS):
        begun = pair.said().count("compacts")
        compactor = pair.begin("compact")
        assert until(lambda begun=begun: pair.said().count("compacts") > begun)
        time.sleep(chance.uniform(0, 0.15))
        kill(compactor)
        if number % 5 == 4:
            check(pair, 0)
    kill(writer, signal.SIGTERM)
    check(pair, 0)
    pair.begin("end")
    assert until(lambda: {p.suffix for top in ("tables", "journal") for p in (pair.folder / top).glob("*/*")}
                 == {".parquet"})  # fmt: skip
    check(pair, 0)
    assert pair.promised() > ROUNDS
    assert "state-lost" not in pair.said()


def test_writers_killed_beside_a_compactor_that_lives(pair):
    chance = np.random.default_rng(5)
    writer = pair.begin("write", 0)
    assert until(lambda: pair.promised() >= 0)
    compactor = pair.begin("compact")
    bounds = []
    for number in range(1, max(2, ROUNDS // 3)):
        time.sleep(chance.uniform(0.05, 0.4))
        kill(writer)
        bounds.append(((number - 1) * 1_000_000, pair.promised()))
        writer = pair.begin("write", number * 1_000_000)
        assert until(lambda number=number: pair.promised() >= number * 1_000_000)
    kill(writer, signal.SIGTERM)
    bounds.append((bounds[-1][0] + 1_000_000, pair.promised()))
    for numbers in seen(pair.folder):
        assert max(numbers.values()) == 1
        assert not [n for first, last in bounds for n in range(first, last + 1) if n not in numbers]
    kill(compactor)
    pair.begin("end")
    assert until(lambda: not list(pair.folder.glob("*/*/*.arrows")))
    assert "recovered" in pair.said()
    for numbers in seen(pair.folder):
        assert max(numbers.values()) == 1
        assert not [n for first, last in bounds for n in range(first, last + 1) if n not in numbers]


def rows_of(folder: Path) -> dict[str, list[dict]]:
    reader = PlainReader(folder)
    return {
        name: [row for rows in reader.rows(name) for row in _plain(rows).to_pylist()]
        for name in reader.tables()
    }


def _plain(rows: pa.RecordBatch) -> pa.Table:
    """Times and durations as numbers: Python's have no nanoseconds."""
    table = pa.Table.from_batches([rows])
    kinds = (pa.types.is_timestamp, pa.types.is_duration)
    for at, field in enumerate(table.schema):
        if any(kind(field.type) for kind in kinds):
            table = table.set_column(at, field.name, table.column(at).cast(pa.int64()))
    return table


def test_rows_are_the_same_whoever_folds_and_seals_them(tmp_path):
    """In one process, in two that take turns, and in one that comes when all is over."""
    found = []
    for turns in ("alone", "beside", "after"):
        clock, said = Clock(), []
        store = PlainStore(tmp_path / turns, clock=clock, compacts=turns == "alone")
        beside = turns == "beside"
        make = lambda folder=store.folder, clock=clock, said=said: Compactor(  # noqa: E731
            folder, now=clock(), say=lambda *words: said.append(words)
        )
        compactor = make() if beside else None
        for second in range(0, 1500, 25):
            store.write(numbered(second))
            store.tend(clock.on(25))
            if compactor is not None:
                compactor.tend(clock())
        store.close()
        if turns != "alone":
            (compactor or make()).close(clock())
        assert not said
        assert not list(store.folder.glob("*/*/*.arrows"))
        found.append(rows_of(store.folder))
    assert len(found[0]["clues"]) == 60
    assert found[0] == found[1] == found[2]


def test_what_is_written_to_is_left_alone_and_what_is_ended_is_taken(tmp_path):
    clock, said = Clock(), []
    store = PlainStore(tmp_path / "store", clock=clock, compacts=False)
    compactor = Compactor(store.folder, now=clock(), say=lambda *words: said.append(words))
    store.write(numbered(1))
    store.tend(clock.on(1))
    while compactor.tend(clock()):
        pass
    assert {p.suffix for p in store.folder.glob("*/*/*")} == {".arrows"}
    with pytest.raises(OutputError, match=f"process {os.getpid()} writes here already"):
        Compactor(store.folder, now=clock(), say=lambda *_: None)
    store.close()
    compactor.close(clock())
    assert {p.suffix for p in store.folder.glob("*/*/*")} == {".parquet"}
    assert said == []
    PlainStore(store.folder, clock=clock).close()


def test_old_segments_go_and_numbers_given_after_that_are_folded(tmp_path):
    """Where all that said which journals were folded is gone, a new writer begins to count anew."""
    clock, said = Clock(), []
    limits, retention = Limits(seal_after_ns=60 * SECOND), Retention(rows=Bound(days=0.1))
    compactor = None
    for day in range(3):
        store = PlainStore(tmp_path / "store", clock=clock, limits=limits, compacts=False)
        compactor = compactor or Compactor(
            store.folder, now=clock(), say=lambda *w: said.append(w), limits=limits, retention=retention
        )
        at = (clock() - START) / SECOND
        store.write({"operations": batch("operations", [{"at": at, "frame": day, "verb": "stop"}])})
        store.close()
        for _ in range(5):
            compactor.tend(clock.on(70))
        frames = [
            row["frame"]
            for rows in PlainReader(store.folder).rows("operations_folded")
            for row in rows.to_pylist()
        ]
        assert frames == [day]
        clock.on(86_400)
        compactor.tend(clock.on(70))
        compactor.tend(clock.on(70))
        assert not list(store.folder.glob("tables/operations_folded/*"))
    assert [event for event, *_ in said] == ["aged-out"] * 3
    compactor.close(clock())


def test_a_stream_that_is_begun_while_another_tidies_up_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "00000001.arrows").write_bytes(b"")
    looked = sealing.found

    def found_and_begun(folder):
        there = looked(folder)
        (folder / "00000002.arrows").write_bytes(b"")  # by a writer, at the worst moment
        return there

    monkeypatch.setattr(sealing, "found", found_and_begun)
    assert [segment.number for segment in sealing.tidy(tmp_path)] == [1]
    assert (tmp_path / "00000002.arrows").exists()
