"""How long a batch waits for more frames: by how many have come."""

from __future__ import annotations

import time

import pytest

from interlock.capture.live.interface import CALM_WAIT_S, ENOUGH_FRAMES, WAIT_S

from .network import needs_namespaces
from .rings import frame, listening

pytestmark = needs_namespaces


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self):
        self.now = 0.0
        self.naps = []

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("frames", "waited"), [(1, CALM_WAIT_S), (ENOUGH_FRAMES - 1, CALM_WAIT_S), (ENOUGH_FRAMES, WAIT_S)]
)
def test_few_frames_wait_longer_for_company_than_many(network, frames, waited):
    network.pair()
    clock = Clock()
    with (
        listening(network, monotonic_s=lambda: clock.now, sleep=clock.sleep) as source,
        network.sender() as sender,
    ):
        for number in range(frames):
            sender.send(frame(number))
        time.sleep(0.05)  # the kernel hands a block over after a millisecond
        assert source.batch(1.0).n == frames
    assert clock.now == pytest.approx(waited)
    assert max(clock.naps) <= WAIT_S  # it looks again that often: what comes in a burst ends the waiting


def test_what_was_done_with_a_batch_counts_as_waiting_for_the_next(network):
    network.pair()
    clock = Clock()
    with (
        listening(network, monotonic_s=lambda: clock.now, sleep=clock.sleep) as source,
        network.sender() as sender,
    ):
        for worked_s, waited_s in ((0.0, WAIT_S), (0.3 * WAIT_S, 0.7 * WAIT_S), (2 * WAIT_S, 0.0)):
            clock.now += worked_s
            for number in range(ENOUGH_FRAMES):
                sender.send(frame(number))
            time.sleep(0.05)
            begun = clock.now
            assert source.batch(1.0).n == ENOUGH_FRAMES
            assert clock.now - begun == pytest.approx(waited_s)
