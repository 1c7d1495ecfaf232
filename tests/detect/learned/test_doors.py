"""First contacts that come to nothing: mistakes one by one, and searches, however slow."""

from __future__ import annotations

import numpy as np
import pytest

from interlock.detect.learned.doors import ALARMS_APART_DAYS, Doors, clusters_a_day

MINUTE = 60 * 10**9
DAY = 1_440 * MINUTE
CALLER = ("plant", "10.0.0.31")


def searched(*knocks: tuple[int, str, str], stranger: bool = False, rate: float = 1.0) -> bool:
    doors = Doors()
    for knock in knocks:
        doors.knock(CALLER, knock, stranger=stranger, rate_a_day=rate)
    return doors.searches(CALLER)


@pytest.mark.parametrize(
    ("apart_minutes", "needed"), [(1, 2), (4, 2), (14, 2), (20, 3), (90, 3), (120, 4), (240, 5)]
)
def test_the_slower_the_more_machines_it_takes(apart_minutes: int, needed: int) -> None:
    knocks = [(n * apart_minutes * MINUTE, f"10.0.0.{n}", "tcp/502") for n in range(needed)]
    assert searched(*knocks)
    assert not searched(*knocks[:-1])


def test_a_machine_that_nobody_saw_before_needs_one_knock_only() -> None:
    assert searched((5, "10.0.0.9", "tcp/502"), stranger=True)
    assert not searched((5, "10.0.0.9", "tcp/502"))


def test_the_same_door_again_is_no_more() -> None:
    assert not searched(*((n * MINUTE, "10.0.0.9", "tcp/502") for n in range(50)))


def test_where_strays_are_everyday_more_is_asked_for() -> None:
    knocks = [(n * MINUTE, f"10.0.0.{n}", "tcp/502") for n in range(2)]
    assert searched(*knocks, rate=1.0)
    assert not searched(*knocks, rate=20.0)


def test_the_rate_comes_from_the_last_part_and_a_stray_of_one_day() -> None:
    doors = Doors()
    assert doors.rate_a_day(0, 0) == 1.0
    assert doors.rate_a_day(0, 7 * 1_440) == pytest.approx(1 / 8)
    for n in range(70):
        doors.stray(("plant", "a", str(n), "tcp/80"), n)
    assert doors.rate_a_day(0, 7 * 1_440) == pytest.approx(71 / 8)
    assert doors.rate_a_day(60, 7 * 1_440) == pytest.approx(11 / 8)


def test_mistakes_alone_are_told_as_seldom_as_promised() -> None:
    """Poisson mistakes of one caller, one a day, for 40 000 days: clusters that would be told."""
    draws, days, told, at = np.random.default_rng(7), 40_000, 0, 0.0
    doors, rate = Doors(), 1.0
    while at < days:
        at += draws.exponential(1 / rate)
        doors.knock(CALLER, (round(at * DAY), f"10.0.{draws.integers(250)}.{draws.integers(250)}", "tcp/502"),
                    stranger=False, rate_a_day=rate)  # fmt: skip
        if doors.searches(CALLER):
            told += 1
            doors = Doors()
    # Each size of cluster is kept below the promise; there are few sizes that matter.
    assert told <= 4 * days / ALARMS_APART_DAYS


def test_clusters_of_one_are_the_rate() -> None:
    assert clusters_a_day(1, 0, 3.0) == 3.0
    assert clusters_a_day(2, DAY, 1.0) == 1.0
    assert clusters_a_day(3, DAY, 1.0) == 0.5


def test_it_goes_on_from_what_was_kept() -> None:
    doors, again = Doors(), Doors()
    doors.knock(CALLER, (0, "10.0.0.1", "tcp/502"), stranger=False, rate_a_day=1.0)
    again.restore(doors.state())
    again.knock(CALLER, (MINUTE, "10.0.0.2", "tcp/502"), stranger=False, rate_a_day=1.0)
    assert again.searches(CALLER)
    doors.restore(again.state())
    assert doors.searches(CALLER)
