"""How much of a time nothing was heard of a source."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.silences import LEAST_GAP_NS, Watches

SECONDS = st.lists(st.integers(1, 400), min_size=1, max_size=60)


@given(SECONDS, st.integers(0, 400), st.integers(0, 100), st.integers(1, 5))
def test_pauses_count_as_far_as_they_lie_within(
    heard: list[int], begin: int, length: int, parts: int
) -> None:
    times, end = [second * 10**9 for second in heard], (begin + length) * 10**9
    watches = Watches()
    for part in np.array_split(np.array(times, np.int64), parts):
        watches.hear("a", part)
    rising = np.maximum.accumulate(times).tolist()
    gaps = [(a, b) for a, b in pairwise(rising) if b - a >= LEAST_GAP_NS]
    wanted = sum(max(0, min(end, b) - max(begin * 10**9, a)) for a, b in gaps)
    assert watches.paused("a", begin * 10**9, end) == wanted
    assert Watches.of(watches.state()).paused("a", begin * 10**9, end) == wanted
    assert not watches.paused("b", begin * 10**9, end)
