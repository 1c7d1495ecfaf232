"""A slow disk takes no more than a quarter of the judge's time, and no row is put before what was found in it."""

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
    """A store whose commits take a while, by a clock that nothing else moves on."""

    takes_s: float
    now_s: float = 0.0
    kept: dict[str, Any] = field(default_factory=dict)
    commits: int = 0
    busy_s: float = 0.0
    written: list[frozenset[str]] = field(default_factory=list)

    def commit(self, findings: Any) -> bool:
        self.now_s += self.takes_s
        self.busy_s += self.takes_s
        self.commits += 1
        self.kept.update((one.id, one) for one in findings)
        return True

    def write(self, batches: Any) -> None:
        assert batches
        self.written.append(frozenset(self.kept))


def commits(disk: Disk) -> tuple[Commits, list[tuple[int, int, list[str]]]]:
    told: list[tuple[int, int, list[str]]] = []

    def committed(arrived: int, done: int, findings: Any) -> None:
        assert all(disk.kept[one.id].count >= one.count for one in findings)
        told.append((arrived, done, [one.id for one in findings]))

    clock = lambda: round(disk.now_s * 1e9)  # noqa: E731
    return Commits(disk, committed, clock, lambda: disk.now_s), told  # type: ignore[arg-type]


def test_one_that_comes_alone_waits_for_nobody() -> None:
    disk = Disk(0.005)
    made, told = commits(disk)
    for number in range(3):
        disk.now_s += 0.1
        made.add(7, [finding(f"f{number}", 0, "10.0.0.1")])
        assert told[-1] == (7, round(disk.now_s * 1e9), [f"f{number}"])
        assert made.wait_s is None


def test_a_burst_leaves_three_quarters_of_the_time_and_waits_for_two_commits_and_a_pause() -> None:
    disk = Disk(0.010)
    made, told = commits(disk)
    came: dict[str, float] = {}
    while disk.now_s < 1.0:
        disk.now_s += 0.001  # what judging it takes
        came[f"f{len(came)}"] = disk.now_s
        made.add(round(disk.now_s * 1e9), [finding(f"f{len(came) - 1}", 0, "10.0.0.1")])
    made.settle()
    assert {one for _, _, ids in told for one in ids} == set(came)
    assert disk.busy_s <= 0.31
    assert max(done - arrived for arrived, done, _ in told) <= (5 * 0.010 + 0.001) * 1e9
    assert disk.commits < len(came) / 5


def test_what_merely_grew_goes_with_what_comes_next() -> None:
    disk = Disk(0.010)
    made, told = commits(disk)
    made.grown([finding("a", 0, "10.0.0.1", count=2)])
    made.tend()
    assert (disk.commits, made.wait_s) == (0, None)
    made.add(5, [finding("b", 0, "10.0.0.1")])
    assert (disk.commits, set(disk.kept)) == (1, {"a", "b"})
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


def test_a_disk_that_stands_still_makes_no_long_pause() -> None:
    disk = Disk(3.0)
    made, _ = commits(disk)
    made.add(0, [finding("a", 0, "10.0.0.1")])
    made.add(0, [finding("b", 0, "10.0.0.1")])
    assert made.wait_s is not None
    assert 0 < made.wait_s <= LONGEST_S + 1e-9
    disk.now_s += LONGEST_S
    made.tend()
    assert set(disk.kept) == {"a", "b"}


def test_of_one_that_grew_meanwhile_the_last_word_is_kept() -> None:
    disk = Disk(0.01)
    made, told = commits(disk)
    for count in (1, 2, 4):
        made.add(None, [finding("a", 0, "10.0.0.1", count=count)])
    made.settle()
    assert disk.kept["a"].count == 4
    assert [ids for _, _, ids in told] == [["a"], ["a"], ["a"]]
    assert all(arrived == done for arrived, done, _ in told)


@given(
    st.lists(
        st.tuples(st.sampled_from(["find", "grow", "rows", "tend", "settle"]), st.integers(0, 30)),
        max_size=60,
    )
)
def test_no_row_is_written_before_what_was_found_until_then(steps: list[tuple[str, int]]) -> None:
    disk = Disk(0.008)
    made, _ = commits(disk)
    found: list[str] = []
    expected: list[frozenset[str]] = []
    for what, wait_ms in steps:
        disk.now_s += wait_ms / 1000
        if what == "find":
            found.append(f"f{len(found)}")
            made.add(None, [finding(found[-1], 0, "10.0.0.1")])
        elif what == "grow":
            found.append(f"f{len(found)}")
            made.grown([finding(found[-1], 0, "10.0.0.1")])
        elif what == "rows":
            expected.append(frozenset(found))
            made.write({"operations": ROWS})
        else:
            getattr(made, what)()
            assert what == "tend" or set(disk.kept) == set(found)
    made.settle()
    assert len(disk.written) == len(expected)
    assert all(before <= kept for before, kept in zip(expected, disk.written, strict=True))
