"""Frames whose time stamps leap, as the kernel writes them when somebody sets the clock."""

from __future__ import annotations

import itertools

from .stub import stubbed


def test_frames_come_as_they_are_and_every_leap_is_counted():
    hour = 3600
    seconds = [1_800_000_000 + at for at in (0, 1, 5 * hour, 5 * hour + 1, -9 * hour, 87_600 * hour, 2)]
    source = stubbed([[second] for second in seconds])
    found = list(
        itertools.chain.from_iterable(
            frames.time.tolist() for frames in iter(lambda: source.batch(0.0), None)
        )
    )
    source.done()
    assert found == [second * 1_000_000_000 + 7 for second in seconds]
    statistics = source.statistics
    assert statistics.frames == len(seconds)
    assert (statistics.steps_forward, statistics.steps_back) == (2, 2)
    assert source.reached == len(seconds)
    source.close()
