from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.new_deed import NewDeed
from interlock.detect.learned.observed import TOGETHER, Observed, most_observed

from ..rows import START, batch  # noqa: TID252 - the room's own rows

spans = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1])), max_size=20
)


def of(pieces: list[tuple[int, int]]) -> Observed:
    observed = Observed()
    for first, last in pieces:
        observed.add(first, last)
    return observed


@given(spans, st.randoms())
def test_the_order_does_not_matter(pieces: list[tuple[int, int]], random: object) -> None:
    shuffled = list(pieces)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert of(shuffled).state() == of(pieces).state()


@given(spans)
def test_every_minute_counts_once_and_short_pauses_count(pieces: list[tuple[int, int]]) -> None:
    seen = {minute for first, last in pieces for minute in range(first, last + 1)}
    observed = of(pieces)
    assert observed.minutes >= len(seen)
    assert all(observed.within(minute, minute) == 1 for minute in seen)
    starts = [first for first, _ in observed.state()]
    assert all(after - before > 1 for before, after in pairwise(starts))


@given(spans, st.integers(0, 600))
def test_before_and_after_make_the_whole(pieces: list[tuple[int, int]], minute: int) -> None:
    observed = of(pieces)
    assert observed.since(minute) + observed.within(0, minute - 1) == observed.minutes


@given(spans.filter(bool), st.floats(0, 1))
def test_a_share_is_found_again(pieces: list[tuple[int, int]], share: float) -> None:
    observed = of(pieces)
    at = observed.at_share(share)
    assert abs(observed.within(0, at) - int(observed.minutes * share)) <= 1


@given(spans)
def test_it_survives_saving(pieces: list[tuple[int, int]]) -> None:
    again = Observed()
    again.restore(of(pieces).state())
    assert again.state() == of(pieces).state()


def test_a_clock_that_jumps_within_a_batch_has_not_watched_in_between() -> None:
    detector = NewDeed()
    rows = [{"verb": "read", "at": at} for at in (0, 30, 90, 10 * 365 * 86_400)]
    detector.learn(Batch("operations", batch("operations", rows)), Context(now=START))
    assert detector.observed.minutes == 3


@given(spans)
def test_what_is_close_becomes_one_and_nothing_else(pieces: list[tuple[int, int]]) -> None:
    joined: list[list[int]] = []
    for first, last in sorted(pieces):
        if joined and first - joined[-1][1] <= TOGETHER:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    assert of(pieces).state() == joined


@given(st.lists(st.integers(0, 400), max_size=60), st.data())
def test_nobody_observes_more_than_there_is(minutes: list[int], data: st.DataObject) -> None:
    most = most_observed(minutes)
    assert most is not None
    seen = data.draw(st.lists(st.sampled_from(minutes)) if minutes else st.just([]))
    pieces = [
        (minute, data.draw(st.sampled_from([m for m in minutes if 0 <= m - minute <= TOGETHER])))
        for minute in seen
    ]
    assert of(pieces).minutes <= most


def test_of_more_spans_than_are_told_apart_it_is_not_known() -> None:
    assert most_observed(range(0, 10 * 4_096, 10)) == 4_096
    assert most_observed(range(0, 10 * 4_097, 10)) is None
    assert most_observed(range(6 * 4_096)) == 6 * 4_096
    assert most_observed(range(6 * 4_096 + 1)) is None
