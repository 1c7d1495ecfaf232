from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.learned.value_range import Range

numbers = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30)


def of(values: list[float]) -> Range:
    known = Range(1)
    known.widen(np.array([values]).T, 0, 100)
    return known


@given(numbers, st.sampled_from(["written", "read", "reported"]))
def test_nothing_that_was_seen_lies_outside(values: list[float], direction: str) -> None:
    assert not of(values).outside(np.array([values]).T, direction).any()


@given(numbers, numbers)
def test_any_numbers_are_judged_without_a_warning_and_survive_saving(
    values: list[float], others: list[float]
) -> None:
    known = of(values)
    known.widen(np.array([others]).T, 101, 102)
    again = Range.of(known.state())
    column = np.array([[*others, 1e308, -1e308, 0.0]]).T
    for direction in ("written", "read"):
        assert (known.outside(column, direction) == again.outside(column, direction)).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.integers(1, 29))
def test_the_order_does_not_matter_for_the_range(values: list[float], cut: int) -> None:
    one, two = of(values), Range(1)
    for part in (values[:cut], values[cut:]):
        if part:
            two.widen(np.array([part]).T, 0, 100)
    assert (one.low, one.high) == (two.low, two.high)
    assert one.rows == two.rows


MARGINS = [(5, 9.0, False), (5, 10.6, True), (60, 7.2, False), (60, 7.6, True)]


@pytest.mark.parametrize(("rows", "value", "outside"), MARGINS)
def test_the_margin_of_writes_is_wide_where_little_is_known(rows: int, value: float, outside: bool) -> None:
    known = of([6.0, 7.0] * (rows // 2) + [6.5] * (rows % 2))
    assert bool(known.outside(np.array([[value]]), "written").any()) is outside


def test_an_hour_is_no_measure_of_a_shift() -> None:
    brief = Range(1)
    brief.widen(np.array([[6.0, 7.0] * 500]).T, 0, 20)
    assert not brief.outside(np.array([[8.0]]), "written").any()
    assert brief.outside(np.array([[12.0]]), "written").any()
    assert of([6.0, 7.0] * 500).outside(np.array([[8.0]]), "written").any()


@pytest.mark.parametrize("known", [[0.0], [1.0], [0.0] * 100, [0.0, 1.0]])
def test_from_off_to_on_is_no_distance_and_a_number_is_one(known: list[float]) -> None:
    switch = of(known)
    assert not switch.outside(np.array([[0.0], [1.0]]), "written").any()
    assert switch.outside(np.array([[290.0]]), "written").any()


def test_one_value_says_nothing_of_a_width() -> None:
    held = of([7500.0] * 400)
    assert not held.outside(np.array([[7600.0]]), "written").any()
    assert held.outside(np.array([[12_000.0]]), "written").any()
