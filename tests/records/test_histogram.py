from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.histogram import RELATIVE_ERROR, Histogram

DURATIONS = st.lists(
    st.one_of(
        st.integers(0, 100),
        st.integers(0, 1 << 45),
        st.integers(0, 62).map(lambda bits: 1 << bits),
        st.integers(1, 62).map(lambda bits: (1 << bits) - 1),
    ),
    max_size=60,
)


def of(values) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def true_quantile(values, share):
    return sorted(values)[min(max(1, math.ceil(share * len(values))), len(values)) - 1]


@given(DURATIONS.filter(bool), st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999, 1.0]))
def test_a_quantile_is_never_below_the_true_one_and_at_most_the_stated_error_above(values, share) -> None:
    true, said = true_quantile(values, share), of(values).quantile(share)
    assert said is not None
    if true >> 42:
        assert said == max(values)  # beyond 73 minutes only the longest is known
    else:
        assert true <= said <= true * (1 + RELATIVE_ERROR)


@given(DURATIONS)
def test_one_by_one_and_all_at_once_are_the_same(values) -> None:
    at_once = Histogram()
    at_once.add_all(values)
    assert at_once == of(values)
    assert at_once.total == sum(values)


@given(DURATIONS, DURATIONS)
def test_merged_is_as_if_one_had_counted(ones, others) -> None:
    merged = of(ones)
    merged.merge(of(others))
    assert merged == of(ones + others)


@given(DURATIONS)
def test_json_and_back(values) -> None:
    histogram = of(values)
    assert Histogram.read(json.loads(json.dumps(histogram.document()))) == histogram


@given(DURATIONS, st.integers(0, 45))
def test_counts_up_to_one_less_than_a_power_of_two_are_exact(values, bits) -> None:
    limit = (1 << bits) - 1
    if bits <= 42 or limit >= max(values, default=0):
        assert of(values).up_to(limit) == sum(value <= limit for value in values)


def test_a_clock_set_back_counts_as_nothing_and_nothing_has_no_quantile() -> None:
    assert of([]).quantile(0.5) is None
    assert of([-5]).quantile(0.5) == 0
    many = Histogram()
    many.add(1000, times=7)
    assert (many.count, many.total) == (7, 7000)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"buckets": [[1, 1]], "count": 2, "total": 1, "maximum": 1},
        {"buckets": [[-1, 1]], "count": 1, "total": 1, "maximum": 1},
        {"buckets": [[1, True]], "count": 1, "total": 1, "maximum": 1},
        {"buckets": [1], "count": 0, "total": 0, "maximum": 0},
    ],
)
def test_a_broken_document_is_refused(broken) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Histogram.read(broken)
