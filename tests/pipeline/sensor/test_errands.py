"""Errands: done in order, a slice at a time, never more of them than may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from interlock.pipeline.sensor.errands import MOST_ROWS, SLICE_S, Errands

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _errand(
    clock: Clock, name: int, turns: int, cost_s: float, done: list[tuple[int, int]]
) -> Iterator[None]:
    for turn in range(turns):
        clock.now += cost_s
        done.append((name, turn))
        yield


@given(st.lists(st.integers(0, 9), max_size=20), st.floats(0.0001, 0.02))
def test_all_is_done_in_order_and_nobody_waits_longer_than_a_slice_and_a_turn(
    turns: list[int], cost_s: float
) -> None:
    clock, done = Clock(), []
    errands = Errands(clock)
    for name, count in enumerate(turns):
        errands.add(_errand(clock, name, count, cost_s, done))
    while errands:
        before = clock.now
        errands.go_on()
        assert clock.now - before <= SLICE_S + cost_s
    assert done == [(name, turn) for name, count in enumerate(turns) for turn in range(count)]


def test_what_an_errand_adds_comes_behind_the_others() -> None:
    clock, done = Clock(), []
    errands = Errands(clock)

    def adding() -> Iterator[None]:
        errands.add(_errand(clock, 2, 1, 0.0, done))
        yield

    errands.add(adding())
    errands.add(_errand(clock, 1, 1, 0.0, done))
    errands.settle()
    assert done == [(1, 0), (2, 0)]
    assert not errands


def test_there_is_a_bound_to_what_may_wait() -> None:
    clock, done = Clock(), []
    errands = Errands(clock)
    for name in range(100):
        errands.add(_errand(clock, name, 3, 1.0, done))
    errands.go_on()
    assert len({name for name, turn in done if turn == 2}) >= 100 - 32


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=30))
def test_rows_that_wait_are_bounded_however_much_comes(rows: list[int]) -> None:
    """Each of them holds its rows until its last turn is done."""
    clock, done = Clock(), []
    errands = Errands(clock)
    for name, count in enumerate(rows):
        errands.add(_errand(clock, name, 3, 1.0, done), count)
        errands.go_on()
        ended = {name for name, turn in done if turn == 2}
        assert sum(count for name, count in enumerate(rows[: name + 1]) if name not in ended) <= MOST_ROWS


def test_who_waits_is_let_through_after_a_turn_and_after_a_slice_where_too_much_has_piled_up() -> None:
    clock, done = Clock(), []
    errands = Errands(clock, most_rows=100)
    errands.add(_errand(clock, 0, 30, SLICE_S / 4, done), rows=50)
    errands.go_on(lambda: len(done) >= 2)
    assert len(done) == 2
    errands.go_on(lambda: True)
    assert len(done) == 3
    errands.add(_errand(clock, 1, 1, 0.0, done), rows=1)
    errands.go_on(lambda: True)
    assert len(done) >= 3 + 4
