"""What goes, what stays, and that it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.store.plain.aging import Kept, aged_out
from interlock.store.plain.limits import Bound, Limits, Retention
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.segments import Segment
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

from .rows import SECOND, START, Clock, batch, finding

DAY = 86_400
NOW = 1_000 * DAY


def kept(table, number, days, octets):
    written = NOW - int(days * DAY)
    return Kept(table, Segment(number, Path(f"{table}/{number}.parquet"), 0, 0, written), octets)


everything = st.lists(
    st.builds(
        kept, st.sampled_from(["a", "b", "c"]), st.integers(1, 999), st.floats(0, 90), st.integers(0, 100)
    ),
    max_size=20,
    unique_by=lambda k: k.segment.path,
)


@given(everything, st.integers(0, 500), st.integers(0, 200), st.floats(0, 60))
def test_bounds_hold_and_nothing_goes_that_need_not(segments, octets, of_a, days):
    bounds = Retention(rows=Bound(days=30, octets=octets), tables={"a": Bound(days=days, octets=of_a)})
    reasons = dict(aged_out(segments, bounds, NOW))
    gone = reasons.keys()
    left = [k for k in segments if k not in gone]
    assert sum(k.octets for k in left) <= octets
    assert sum(k.octets for k in left if k.table == "a") <= of_a
    age, later = 0, NOW
    for k in sorted(segments, key=lambda k: k.segment.written, reverse=True):
        age, later = age + min(later - k.segment.written, DAY), k.segment.written
        if age > 30 * DAY or (k.table == "a" and age > days * DAY):
            assert k in gone
    young = [k for k, why in reasons.items() if why.startswith("more than the store's")]
    if young:  # by size alone: the oldest went, and one less would not have been enough
        newest = max(young, key=lambda k: (k.segment.written, k.table, k.segment.number))
        assert all(k.segment.written >= newest.segment.written for k in left)
        if newest.octets:
            assert sum(k.octets for k in left) + newest.octets > octets


@pytest.mark.parametrize("leap", [-3650, -1, 0, 3650])
def test_of_what_is_kept_hour_by_hour_the_last_thirty_days_stay_wherever_the_clock_leaps(leap):
    segments = [kept("a", number, number / 24, 1) for number in range(24 * 40)]
    gone = [k for k, _ in aged_out(segments, Retention(), NOW + leap * DAY)]
    oldest = max((NOW - k.segment.written) / DAY for k in segments if k not in gone)
    assert oldest == {-3650: 30, -1: 30, 0: 30, 3650: 29}[leap]


def test_what_was_sealed_while_the_clock_was_years_ahead_makes_nothing_else_old():
    ahead = [kept("a", 1000 + number, -3650 - number / 24, 1) for number in range(5)]
    segments = [kept("a", number, number / 24, 1) for number in range(24 * 20)]
    assert aged_out([*segments, *ahead], Retention(), NOW) == []


def test_the_diary_stays_when_the_clock_is_years_ahead(tmp_path, clock):
    store = PlainStore(tmp_path / "store", clock=clock, retention=Retention(diary_days=10))
    for day in range(15):
        store.note(Entry(time=START + day * DAY * SECOND, event="started", says=f"day {day}"))
    store.tend(clock.on(15 * DAY))
    assert [e.says for e in store.diary() if e.event == "started"] == [f"day {day}" for day in range(5, 15)]
    store.tend(clock.on(3650 * DAY))
    assert [e.says for e in store.diary() if e.event == "started"][-5:] == [f"day {d}" for d in range(10, 15)]
    store.close()


def test_findings_and_open_segments_stay():
    assert aged_out([], Retention(), NOW) == []
    assert Retention().rows == Bound(days=30, octets=10 << 30)


@pytest.fixture
def clock():
    return Clock()


def test_old_segments_go_and_it_is_said(tmp_path, clock):
    retention = Retention(rows=Bound(days=1), diary_days=2)
    limits = Limits(seal_after_ns=3600 * SECOND)
    store = PlainStore(tmp_path / "store", clock=clock, retention=retention, limits=limits)
    store.commit([finding("old")])
    store.note(Entry(time=START, event="started", says="It began."))
    for hour in range(72):
        store.write({"clues": batch("clues", [{"at": hour * 3600, "frame": hour}])})
        store.tend(clock.on(1800))
        store.tend(clock.on(1800))
    frames = [f for rows in PlainReader(store.folder).rows("clues") for f in rows.column("frame").to_pylist()]
    assert frames[-1] == 71
    assert 23 <= len(frames) <= 27
    said = [entry for entry in store.diary() if entry.event == "aged-out"]
    assert any("segments of clues were removed: older than the store's 1 days" in e.says for e in said)
    assert any("1 lines of the diary were removed" in e.says for e in said)
    assert all(entry.count for entry in said)
    assert not any(entry.says == "It began." for entry in store.diary())
    assert [f.id for _, f in store.findings()] == ["old"]
    store.close()
