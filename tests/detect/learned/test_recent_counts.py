from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.learned.recent_counts import RecentCounts

steps = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 15), st.integers(1, 5)), max_size=40)


@given(steps, steps)
def test_counts_add_up_and_go_on_after_saving(
    before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]
) -> None:
    counts, plain = RecentCounts(), Counter[tuple[str, int]]()
    for part in (before, after):
        for name, slot, more in part:
            plain[name, slot] += more
            assert counts.add((name,), slot, more) == plain[name, slot]
        again = RecentCounts()
        again.restore(counts.state())
        assert again.state() == counts.state()
        counts = again
    assert len(counts) == len({name for name, _ in plain})


def test_the_oldest_slot_is_forgotten() -> None:
    counts = RecentCounts()
    for slot in range(20):
        counts.add(("a",), slot, 1)
    assert [slot for slot, _ in counts.state()[0][1]] == list(range(4, 20))
    assert counts.add(("a",), 4, 1) == 2
