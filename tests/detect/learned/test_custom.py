from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.learned.custom import Custom

KEY = ("default", "10.0.0.8", "10.0.0.2", "modbus", "write")


def acted(minutes: list[int]) -> Custom:
    custom = Custom()
    for minute in minutes:
        custom.acted(KEY, [minute])
    return custom


def test_what_nobody_counted_is_settled() -> None:
    assert Custom().unsettled(KEY, 1, 1) == ""


def test_a_dozen_minutes_without_anything_met_once_settle_it() -> None:
    assert acted(list(range(100, 105))).unsettled(KEY, 1, 0)
    assert not acted(list(range(100, 112))).unsettled(KEY, 1, 0)


@given(st.integers(1, 400), st.integers(0, 20))
def test_more_acts_never_unsettle_and_more_news_never_settles(acts: int, once: int) -> None:
    fewer, more = acted(list(range(1000, 1000 + acts))), acted(list(range(1000, 1001 + acts)))
    assert fewer.unsettled(KEY, 30, once) or not more.unsettled(KEY, 30, once)
    assert fewer.unsettled(KEY, 30, once + 1) or not fewer.unsettled(KEY, 30, once)


@given(st.lists(st.integers(1000, 1007), min_size=1, max_size=40))
def test_the_same_minute_counts_once_in_whatever_order(minutes: list[int]) -> None:
    many, few = acted(minutes), acted(sorted(set(minutes)))
    assert many.unsettled(KEY, 1, 1) == few.unsettled(KEY, 1, 1)
    again = Custom()
    again.restore(many.state())
    assert again.state() == many.state()
