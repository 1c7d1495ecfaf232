"""A wall's clock that leaps, and one that is only slow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.pipeline.sensor.clock_watch import LEAST_NS, ClockWatch, leap_text

SECOND = 1_000_000_000


@given(st.lists(st.tuples(st.integers(0, 100 * SECOND), st.integers(-(10**18), 10**18)), max_size=20))
def test_every_leap_is_told_once_and_nothing_else(moves):
    now = {"steady": 5, "moved": 17}
    watch = ClockWatch(lambda: now["steady"] + now["moved"], lambda: now["steady"])
    for passed, leap in moves:
        now["steady"] += passed
        now["moved"] += leap
        assert watch.leapt() == (leap if abs(leap) >= LEAST_NS else 0)
        assert watch.leapt() == 0


def test_it_is_said_how_far():
    assert "leapt forward by 87,600 h 0 min" in leap_text(87_600 * 3600 * SECOND)
    assert "leapt back by 1 h 2 min" in leap_text(-3725 * SECOND)
    assert "leapt back by 3 s" in leap_text(-3 * SECOND)
