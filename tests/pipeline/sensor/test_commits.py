"""Nobody waits for a slow disk; all that is on disk is told of, in order; no row is put before what was found in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.detect.incidents.test_threads import finding

from interlock.pipeline.sensor.commits import LONGEST_S, MOST, Commits

ROWS = pa.record_batch({"frame": [1]})


@dataclass
class Disk:
    """A store that takes a while to force what is committed, by a clock that nothing else moves on."""

    takes_s: float
    now_s: float = 0.0
    refuses: bool = False
    newest: int = 0
    kept: dict[str, Any] = field(default_factory=dict)
    written: list[frozenset[str]] = field(default_factory=list)
    commits: int = 0
    _upto: int = 0
    _flying: tuple[int, float] | None = None

    def commit(self, findings: Any, *, forced: bool) -> bool:
        assert not forced
        if self.refuses:
            return False
        self.commits += 1
        self.newest += len(findings)
        self.kept.update((one.id, one) for one in findings)
        if self._flying is None:
            self._flying = self.newest, self.now_s + self.takes_s
        return True

    def landed(self) -> list[tuple[int, int]]:
        told = []
        while self._flying is not None and self.now_s >= self._flying[1]:
            self._upto, at = self._flying
            told.append((self._upto, round(at * 1e9)))
            self._flying = (self.newest, at + self.takes_s) if self.newest > self._upto else None
        return told

    def await_forced(self) -> bool:
        while self._flying is not None and self.now_s < self._flying[1]:
            self.now_s += 0.001
        if self._flying is not None and self.newest > self._flying[0]:
            self.now_s += self.takes_s
        return True

    def write(self, batches: Any) -> None:
        assert batches
        self.written.append(frozenset(self.kept))


def commits(disk: Disk) -> tuple[Commits, list[tuple[int, int, list[str]]]]:
    told: list[tuple[int, int, list[str]]] = []

    def committed(arrived: int, done: int, findings: Any) -> None:
        assert disk.refuses or all(disk.kept[one.id].count >= one.count for one in findings)
        told.append((arrived, done, [one.id for one in findings]))

    clock = lambda: round(disk.now_s * 1e9)  # noqa: E731
    return Commits(disk, committed, clock, lambda: disk.now_s), told  # type: ignore[arg-type]


def test_one_that_comes_alone_is_committed_at_once_and_told_of_when_it_is_on_disk() -> None:
    disk = Disk(0.005)
    made, told = commits(disk)
    made.add(7, [finding("a", 0, "10.0.0.1")])
    assert (set(disk.kept), told, made.wait_s) == ({"a"}, [], None)
    disk.now_s = 0.004
    made.tend()
    assert told == []
    disk.now_s = 0.005
    made.tend()
    assert told == [(7, 5_000_000, ["a"])]


def test_in_a_burst_one_commit_is_for_all_that_came_while_the_last_one_was_forced() -> None:
    disk = Disk(0.010)
    made, told = commits(disk)
    came: dict[str, float] = {}
    while disk.now_s < 1.0:
        disk.now_s += 0.001  # what judging it takes; nothing else moves the clock: nobody waits for the disk
        came[f"f{len(came)}"] = disk.now_s
        made.add(round(disk.now_s * 1e9), [finding(f"f{len(came) - 1}", 0, "10.0.0.1")])
    made.finish()
    assert [one for _, _, ids in told for one in ids] == list(came)
    assert len(came) >= 999
    assert (
        max(done - arrived for arrived, done, _ in told) <= 0.026 * 1e9
    )  # two that are forced, and what comes between
    assert disk.commits < len(came) / 4


def test_what_merely_grew_goes_with_what_comes_next() -> None:
    disk = Disk(0.010)
    made, told = commits(disk)
    made.grown([finding("a", 0, "10.0.0.1", count=2)])
    made.tend()
    assert (disk.commits, made.wait_s) == (0, None)
    made.add(5, [finding("b", 0, "10.0.0.1")])
    assert (disk.commits, set(disk.kept)) == (1, {"a", "b"})
    made.finish()
    assert [(arrived == done, ids) for arrived, done, ids in told] == [(True, ["a"]), (False, ["b"])]
    made.grown([finding("a", 0, "10.0.0.1", count=4)])
    made.settle()
    assert disk.kept["a"].count == 4


def test_of_what_merely_grew_not_all_comes_at_once() -> None:
    disk = Disk(0.002)
    made, _ = commits(disk)
    most = 0
    for number in range(1000):
        before = len(disk.kept)
        made.grown([finding(f"f{number}", 0, "10.0.0.1")])
        most = max(most, len(disk.kept) - before)
        while made.full:
            disk.now_s += 0.0005
            made.tend()
    made.settle()
    assert len(disk.kept) == 1000
    assert most <= MOST


def test_behind_a_disk_that_stands_still_findings_are_seen_all_the_same() -> None:
    disk = Disk(3.0)
    made, told = commits(disk)
    made.add(0, [finding("a", 0, "10.0.0.1")])
    made.add(0, [finding("b", 0, "10.0.0.1")])
    assert made.wait_s is not None
    assert 0 < made.wait_s <= LONGEST_S + 1e-9
    disk.now_s += LONGEST_S
    made.tend()
    assert (set(disk.kept), told) == ({"a", "b"}, [])


def test_of_one_that_grew_meanwhile_the_last_word_is_kept() -> None:
    disk = Disk(0.01)
    made, told = commits(disk)
    for count in (1, 2, 4):
        made.add(None, [finding("a", 0, "10.0.0.1", count=count)])
    made.finish()
    assert disk.kept["a"].count == 4
    assert [ids for _, _, ids in told] == [["a"], ["a"], ["a"]]
    assert all(arrived == done for arrived, done, _ in told)


def test_what_the_disk_does_not_take_is_the_stores_from_then_on() -> None:
    disk = Disk(0.01, refuses=True)
    made, told = commits(disk)
    made.add(0, [finding("a", 0, "10.0.0.1")])
    assert [ids for _, _, ids in told] == [["a"]]


@given(
    st.lists(
        st.tuples(st.sampled_from(["find", "grow", "rows", "tend", "settle"]), st.integers(0, 30)),
        max_size=60,
    )
)
def test_no_row_is_written_before_what_was_found_until_then(steps: list[tuple[str, int]]) -> None:
    disk = Disk(0.008)
    made, told = commits(disk)
    found: list[str] = []
    expected: list[frozenset[str]] = []
    for what, wait_ms in steps:
        disk.now_s += wait_ms / 1000
        if what in {"find", "grow"}:
            found.append(f"f{len(found)}")
            some = [finding(found[-1], 0, "10.0.0.1")]
            made.add(None, some) if what == "find" else made.grown(some)
        elif what == "rows":
            expected.append(frozenset(found))
            made.write({"operations": ROWS})
        else:
            getattr(made, what)()
            assert what == "tend" or set(disk.kept) == set(found)
    made.finish()
    assert [one for _, _, ids in told for one in ids] == found
    assert len(disk.written) == len(expected)
    assert all(before <= kept for before, kept in zip(expected, disk.written, strict=True))
