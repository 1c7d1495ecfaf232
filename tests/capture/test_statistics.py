from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from interlock.capture.statistics import CLOCK_STEP_NS

from .reading import read
from .strategies import unhurried
from .writers import Packet, pcap

S = 10**9


def figures(seconds, frames_limit=65536):
    return read(pcap([Packet(s * S, b"x") for s in seconds]), 200, frames_limit)[1]


def test_clock_steps_are_counted_both_ways():
    statistics = figures([1000, 1001, 1062, 900, 901, 5000, 4950, 100])
    assert (statistics.steps_back, statistics.steps_forward) == (2, 2)
    assert statistics.largest_back_ns == 4850 * S
    assert statistics.forward_ns == (61 + 4099) * S
    assert statistics.step_frame == 4
    assert (statistics.first, statistics.last) == (100 * S, 5000 * S)


def test_a_minute_is_no_step():
    assert CLOCK_STEP_NS == 60 * S
    statistics = figures([1000, 1060, 1000])
    assert (statistics.steps_back, statistics.steps_forward, statistics.step_frame) == (0, 0, None)


@unhurried
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(1, 5))
def test_batches_do_not_change_the_figures(seconds, frames_limit):
    one, many = figures(seconds), figures(seconds, frames_limit)
    assert one == many
    jumps = [b - a for a, b in pairwise(seconds)]
    assert one.steps_back == sum(j < -60 for j in jumps)
    assert one.forward_ns == sum(j for j in jumps if j > 60) * S


def test_frames_that_lack_only_their_check_sequence_are_whole():
    packets = [Packet(S, b"x" * 60, lacking) for lacking in (0, 4, 5, 1000)]
    assert read(pcap(packets))[1].snapped == 2
