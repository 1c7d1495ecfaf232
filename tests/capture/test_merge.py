from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture import merge as merging
from interlock.capture.merge import MAX_OPEN, merge
from interlock.errors import SourceError
from interlock.records.frames import SPILL_OCTETS, Frames

from .reading import rows
from .strategies import unhurried


class Track:
    """A source in memory: frames at these times, whose octets tell source and number."""

    def __init__(self, times, source, per_batch=3, first=None):
        self.times, self.source, self.per_batch, self.at = times, source, per_batch, 0
        self.first = (times[0] if times else 0) if first is None else first
        self.batches = []

    def batch(self, octets_limit, frames_limit):
        part = self.times[self.at : self.at + self.per_batch]
        if not part:
            return None
        octets = np.empty(20 * len(part) + 99 + SPILL_OCTETS, np.uint8)
        offset = 7 + 20 * np.arange(len(part))
        for number, at in enumerate(offset):
            label = b"%03d/%08d" % (self.source, self.at + number + 1)
            octets[at : at + 12] = np.frombuffer(label, np.uint8)
        frames = Frames(
            octets=octets,
            used=20 * len(part),
            offset=offset,
            caplen=np.full(len(part), 12, np.int32),
            wirelen=np.full(len(part), 12, np.int32),
            time=np.array(part, np.int64),
            linktype=np.full(len(part), self.source, np.int32),
            source=np.full(len(part), self.source, np.int32),
            number=np.arange(self.at + 1, self.at + 1 + len(part)),
        )
        self.at += len(part)
        self.batches.append(frames)
        return frames


def oracle(all_times):
    """All (time, source, number), sorted by each source's running maximum."""
    keyed = []
    for source, times in enumerate(all_times):
        latest = 0
        for number, time in enumerate(times, 1):
            latest = max(latest, time)
            keyed.append((latest, source, number, time))
    return [(time, source, number) for _, source, number, time in sorted(keyed, key=lambda k: k[:3])]


def merged(tracks):
    found = []
    for frames in merge(tracks, octets_limit=1 << 20, frames_limit=1000):
        for (time, octets, wire, kind, number), source in zip(
            rows(frames), frames.source.tolist(), strict=True
        ):
            assert octets == b"%03d/%08d" % (source, number)
            assert (kind, wire) == (source, 12)
            found.append((time, source, number))
    return found


TIMES = st.lists(st.integers(0, 30), max_size=20)


@unhurried
@given(st.lists(TIMES, min_size=1, max_size=6), st.integers(1, 7))
def test_sources_merge_in_time_order_and_keep_their_own(all_times, per_batch):
    tracks = [Track(times, source, per_batch) for source, times in enumerate(all_times)]
    assert merged(tracks) == oracle(all_times)


@unhurried
@given(st.lists(TIMES, min_size=2, max_size=4))
def test_a_source_whose_begin_is_unknown_is_opened_first(all_times):
    tracks = [Track(times, source, first=0) for source, times in enumerate(all_times)]
    assert merged(tracks) == oracle(all_times)


def test_what_does_not_overlap_passes_through_uncopied():
    tracks = [Track([20, 21, 22, 23], 0), Track([1, 2, 3, 4], 1), Track([9, 9], 2)]
    batches = list(merge(tracks, octets_limit=1 << 20, frames_limit=1000))
    made = [id(frames) for track in (tracks[1], tracks[2], tracks[0]) for frames in track.batches]
    assert [id(frames) for frames in batches] == made


def test_a_thousand_sources_in_a_row_are_open_one_at_a_time():
    opened = []

    class Watched(Track):
        def batch(self, octets_limit, frames_limit):
            opened.append(self.source)
            return super().batch(octets_limit, frames_limit)

    tracks = [Watched([10 * n, 10 * n + 1], n) for n in range(1000)]
    for at, frames in enumerate(merge(tracks, octets_limit=1 << 20, frames_limit=1000)):
        assert frames.source[0] == at
        assert max(opened) <= at + 1


def test_too_many_overlapping_sources_are_refused():
    tracks = [Track([1, 100], n) for n in range(MAX_OPEN + 1)]
    with pytest.raises(SourceError, match=r"more than 128 captures overlap .* mergecap"):
        list(merge(tracks, octets_limit=1 << 20, frames_limit=1000))
    assert len(merged([Track([1, 100], n) for n in range(MAX_OPEN)])) == 2 * MAX_OPEN


def test_open_sources_share_the_batch_limits():
    asked = []

    class Watched(Track):
        def batch(self, octets_limit, frames_limit):
            asked.append((octets_limit, frames_limit))
            return super().batch(octets_limit, frames_limit)

    list(merge([Watched([1, 2, 3, 4], n, 1) for n in range(4)], octets_limit=8 << 20, frames_limit=65536))
    assert asked[0] == (8 << 20, 65536)
    assert min(asked) == (2 << 20, 16384)
    assert min(asked)[0] >= merging._LEAST_OCTETS
