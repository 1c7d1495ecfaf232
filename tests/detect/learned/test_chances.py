from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.learned.chances import expected, has_converged, upper_count


@pytest.mark.parametrize(
    ("events", "bound"), [(0, 2.9957), (1, 4.7439), (2, 6.2958), (5, 10.5130), (10, 16.9622)]
)
def test_bounds_are_those_of_the_tables(events: int, bound: float) -> None:
    assert upper_count(events) == pytest.approx(bound, abs=1e-3)


@given(st.integers(0, 300))
def test_at_the_bound_so_few_come_in_five_of_a_hundred_cases(events: int) -> None:
    mean = upper_count(events)
    terms = [math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(events + 1)]
    assert sum(terms) == pytest.approx(0.05, abs=1e-6)


def test_nothing_new_for_three_days_is_converged_and_two_are_not() -> None:
    assert expected(0, 3 * 1440).converged
    assert not expected(0, 2 * 1440).converged
    assert not expected(1, 3 * 1440).converged


def test_nothing_observed_says_nothing() -> None:
    assert not expected(0, 0).converged
    assert math.isinf(expected(0, 0).at_most)


@given(st.integers(0, 50), st.integers(1, 10_000))
def test_the_bound_lies_above_the_estimate_and_falls_with_time(events: int, minutes: int) -> None:
    said = expected(events, minutes)
    assert said.at_most > said.a_day
    assert expected(events, 2 * minutes).at_most < said.at_most


@given(st.integers(0, 400), st.one_of(st.integers(-5, 10_000), st.integers(0, 2_000_000)))
def test_what_is_far_from_it_is_told_without_its_bound(events: int, minutes: int) -> None:
    assert has_converged(events, minutes) == expected(events, minutes).converged
