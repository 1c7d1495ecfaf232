"""Streams that kill whoever folds or seals them: after three deaths they are set aside, said, and all goes on."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import TYPE_CHECKING

import numpy.ma  # noqa: F401 (what is imported on the way elsewhere, before the first fork here)
import pyarrow.parquet  # noqa: F401
import pytest

from interlock.store.plain import lanes, sealing, table
from interlock.store.plain.compaction import Compactor
from interlock.store.plain.journal import FOLDED_AS
from interlock.store.plain.limits import Limits
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore
from interlock.store.plain.trials import MOST_DEATHS, Trials

from .killed import numbered
from .rows import SECOND, Clock

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(seal_after_ns=60 * SECOND)


class Ground:
    """A store with ended streams, and compactors that are forked one after the other, as a supervisor does it."""

    def __init__(self, folder: Path, says: Path) -> None:
        self.folder, self._says, self.clock = folder, says, Clock()
        self.trials = Trials()

    def written(self, *numbers: int) -> None:
        store = PlainStore(self.folder, clock=self.clock, limits=LIMITS, compacts=False)
        for number in numbers:
            store.write(numbered(number))
        store.close()

    def compact(self) -> int:
        """A compactor's life: its exit code, negative for a signal."""
        child = os.fork()
        if child == 0:
            says = os.open(self._says, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            code = 1
            try:
                made = Compactor(
                    self.folder, now=self.clock(), limits=LIMITS, trials=self.trials,
                    say=lambda event, text, count: os.write(says, f"{event}: {text} [{count}]\n".encode()),
                )  # fmt: skip
                while made.tend(self.clock()):
                    pass
                made.close(self.clock())
                code = 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def said(self) -> list[str]:
        return self._says.read_text().splitlines() if self._says.exists() else []

    def frames(self, name: str, column: str = "frame") -> list[int]:
        rows = PlainReader(self.folder).rows(name, columns=[column])
        return sorted({frame for batch in rows for frame in batch.column(column).to_pylist()})


@pytest.fixture
def ground(tmp_path):
    return Ground(tmp_path / "store", tmp_path / "says")


def crashing(whole, over):
    """The same function, over some of its arguments a fault of compiled code, which nothing can catch."""

    def planted(*words):
        if over(*words):
            signal.signal(signal.SIGSEGV, signal.SIG_DFL)
            ctypes.string_at(0)
        return whole(*words)

    return planted


def lost(ground: Ground) -> list[str]:
    return [line for line in ground.said() if line.startswith("state-lost")]


def place(ground: Ground, name: str, table: str = "") -> Path:
    top = "journal" if table in FOLDED_AS else "tables"
    return ground.folder / top / table / name


def test_a_journal_that_kills_three_compactors_is_set_aside_and_the_others_are_folded(ground, monkeypatch):
    for number in (1, 2, 3):
        ground.written(number)
    journal = place(ground, "00000002.arrows", "operations")
    octets = journal.stat().st_size
    fold = crashing(lanes.Folder._fold, lambda _folder, segment, _now: segment.path == journal)
    monkeypatch.setattr(lanes.Folder, "_fold", fold)
    assert [ground.compact() for _ in range(MOST_DEATHS)] == [-signal.SIGSEGV] * 3
    assert journal.exists()
    assert not lost(ground)
    assert ground.compact() == 0
    (line,) = lost(ground)
    assert line == (
        f"state-lost: operations/00000002.arrows ({octets:,} octets) killed 3 compactors; "
        f"its rows were set aside as operations/00000002.broken [{octets}]"
    )
    assert not journal.exists()
    assert journal.with_suffix(".broken").stat().st_size == octets
    assert ground.frames("operations_folded") == [1, 3]
    assert ground.frames("clues") == [1, 2, 3]
    assert ground.compact() == 0
    assert len(lost(ground)) == 1


def test_journals_of_one_number_are_told_apart_and_each_has_its_own_deaths(ground, monkeypatch):
    ground.written(1)
    monkeypatch.setattr(lanes.Folder, "_fold", crashing(lanes.Folder._fold, lambda *_: True))
    ends = [ground.compact() for _ in range(2 * MOST_DEATHS + 1)]
    assert ends == [-signal.SIGSEGV] * 6 + [0]
    assert ["operations/" in line for line in lost(ground)] == [True, False]
    assert "values/00000001.arrows" in lost(ground)[1]


def test_a_segment_that_kills_late_in_its_sealing_is_set_aside(ground, monkeypatch):
    monkeypatch.setattr(sealing, "ROWS", 1)  # a row group for each row: the fault is in the third step
    ground.written(1, 2, 3)
    ground.written(4)
    written = []

    def over(_file, rows):
        written.extend(rows.column("frame").to_pylist() if "frame" in rows.schema.names else [])
        return "field" in rows.schema.names and written[-1] == 3

    monkeypatch.setattr(sealing.ParquetFile, "write", crashing(sealing.ParquetFile.write, over))
    segment = place(ground, "00000001.arrows", "clues")
    assert [ground.compact() for _ in range(MOST_DEATHS)] == [-signal.SIGSEGV] * 3
    assert segment.exists()
    assert ground.compact() == 0
    (line,) = lost(ground)
    assert "clues/00000001.arrows" in line
    assert "killed 3 compactors" in line
    assert segment.with_suffix(".broken").exists()
    assert not list(segment.parent.glob("*.part"))
    assert ground.frames("clues") == [4]
    assert ground.frames("operations_folded") == [1, 2, 3, 4]


@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
def test_a_segment_that_kills_at_the_very_beginning_is_set_aside(ground, monkeypatch, sealed):
    """Who begins looks up in the folded tables which journals stand there."""
    ground.written(1)
    if sealed:
        assert ground.compact() == 0
        (there,) = place(ground, "", "operations_folded").glob("*.parquet")
        read = "_sealed_upto"
    else:
        there, read = place(ground, "00000001.arrows", "operations_folded"), "last_journal"
        there.parent.mkdir(exist_ok=True)
        there.write_bytes(b"damaged")
    ground.written(2)
    monkeypatch.setattr(table, read, crashing(getattr(table, read), lambda path: path == there))
    assert [ground.compact() for _ in range(MOST_DEATHS)] == [-signal.SIGSEGV] * 3
    assert ground.compact() == 0
    (line,) = lost(ground)
    assert f"operations_folded/{there.name}" in line
    assert there.with_suffix(".broken").exists()
    assert 2 in ground.frames("operations_folded")


def test_who_is_killed_from_outside_makes_nothing_suspect(ground, monkeypatch):
    ground.written(1)
    with monkeypatch.context() as patch:
        patch.setattr(lanes.Folder, "_fold", crashing(lanes.Folder._fold, lambda *_: True))
        for _ in range(2 * MOST_DEATHS):
            assert ground.compact() == -signal.SIGSEGV
            ground.trials.pardon()  # as the supervisor does
    assert ground.compact() == 0
    assert not lost(ground)
    assert ground.frames("operations_folded") == [1]


def test_two_deaths_and_a_third_that_goes_well_are_forgotten(ground, monkeypatch):
    ground.written(1)
    journal = place(ground, "00000001.arrows", "operations")
    with monkeypatch.context() as patch:
        patch.setattr(lanes.Folder, "_fold", crashing(lanes.Folder._fold, lambda *_: True))
        assert [ground.compact() for _ in range(2)] == [-signal.SIGSEGV] * 2
    assert ground.compact() == 0
    assert ground.trials.deaths(journal) == 0
    assert not lost(ground)


def test_of_more_streams_than_there_is_room_for_those_with_fewest_deaths_are_forgotten(tmp_path):
    trials = Trials()

    def die(path: Path) -> None:
        with trials.at(path):
            trials.opened()  # who comes after who died here

    for _ in range(2):
        die(tmp_path / "worst")
    for number in range(200):
        die(tmp_path / str(number))
    assert trials.deaths(tmp_path / "worst") == 2
    assert trials.deaths(tmp_path / "199") == 1
    assert sum(trials.deaths(tmp_path / str(number)) for number in range(200)) == 63
