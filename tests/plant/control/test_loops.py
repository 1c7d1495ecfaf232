"""The loops that programs are made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.plant.control.loops import PiLoop, two_point

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.lists(NUMBERS, max_size=30))
def test_the_output_stays_within_its_span(setpoint, measured) -> None:
    loop = PiLoop(gain=3.0, integral_s=20.0, low=5.0, high=95.0, output=50.0)
    assert all(5.0 <= loop.step(setpoint, value, 1.0) <= 95.0 for value in measured)


def test_it_does_not_wind_up() -> None:
    loop = PiLoop(gain=1.0, integral_s=10.0)
    for _ in range(10_000):
        loop.step(100.0, 0.0, 1.0)
    for _ in range(3):
        last = loop.step(0.0, 100.0, 1.0)
    assert last == 0.0


def test_it_brings_a_first_order_process_to_its_set_point() -> None:
    loop, value = PiLoop(gain=2.0, integral_s=15.0), 0.0
    for _ in range(600):
        value += (loop.step(40.0, value, 1.0) - value) / 20.0
    assert value == pytest.approx(40.0, abs=0.1)


@pytest.mark.parametrize(
    ("measured", "before", "after"), [(1.0, 0.0, 1.0), (5.0, 1.0, 0.0), (3.0, 1.0, 1.0), (3.0, 0.0, 0.0)]
)
def test_two_points(measured, before, after) -> None:
    assert two_point(measured, 2.0, 4.0, before) == after
