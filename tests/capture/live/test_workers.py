"""Workers that die over a ring which their supervisor holds: what they leave, the next one reads."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import time

import pytest

from interlock.capture.live import place as places
from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import MOST_TRIES, shared_row
from interlock.capture.live.socket import RingSize

from .network import needs_namespaces
from .rings import collect, frame, number_of, opened, rows

pytestmark = needs_namespaces
PR_SET_PDEATHSIG = 1
ENTRY = struct.Struct("<QI")


def forked(work):
    """A child that does `work`, can't come back into the tests, and dies with them."""
    child = os.fork()
    if child == 0:
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            work()
        finally:
            os._exit(1)
    return child


def kill(child):
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


class Told:
    """A pipe through which workers tell (number of the frame, what it carries), a batch at a time."""

    def __init__(self):
        self.out, self.into = os.pipe()
        os.set_blocking(self.out, False)
        self.octets = b""

    def tell(self, frames):
        found = rows(frames)
        os.write(self.into, b"".join(ENTRY.pack(n, number_of(octets)) for n, _, octets, _ in found))

    def drain(self):
        try:
            while more := os.read(self.out, 1 << 16):
                self.octets += more
        except BlockingIOError:
            pass
        return list(ENTRY.iter_unpack(self.octets))

    def close(self):
        os.close(self.out)
        os.close(self.into)


@pytest.fixture
def told():
    made = Told()
    yield made
    made.close()


def test_no_frame_that_fit_is_lost_when_workers_are_killed(network, told):
    network.pair()
    ring, row = opened(network, size=RingSize(block_octets=1 << 13, blocks=512)), shared_row()

    def work():
        source = LiveSource(ring, row, frames_limit=64, wait_s=0, calm_wait_s=0)
        while True:
            frames = source.batch(1.0)
            if frames is not None:
                told.tell(frames)

    count, sent = 12_000, 0
    with network.sender() as sender:
        for _ in range(6):
            child = forked(work)
            for _ in range(count // 6):
                sender.send(frame(sent))
                sent += 1
                if sent % 200 == 0:
                    told.drain()
                    time.sleep(0.001)
            kill(child)  # in the middle of whatever it does
    last = LiveSource(ring, row)
    entries = told.drain()
    while (frames := last.batch(0.2)) is not None:
        entries += [(number, number_of(octets)) for number, _, octets, _ in rows(frames)]
    last.done()
    assert last.statistics.dropped == 0
    assert last.statistics.frames == count
    assert sorted(set(entries)) == [(i + 1, i) for i in range(count)]  # twice with one number, or once
    ring.close()


def test_a_worker_that_is_never_done_leaves_its_batch_to_the_next(network, told):
    network.pair()
    ring, row = opened(network), shared_row()
    with network.sender() as sender:
        for i in range(50):
            sender.send(frame(i))
        time.sleep(0.02)

        def work():
            told.tell(LiveSource(ring, row).batch(1.0))
            time.sleep(60)

        child = forked(work)
        while not told.drain():
            time.sleep(0.01)
        kill(child)
        first = told.drain()
        sender.send(frame(50))
        source = LiveSource(ring, row)
        found = collect(source, 51)
    assert first == [(i + 1, i) for i in range(50)]
    assert [(number, number_of(octets)) for number, _, octets, _ in found] == [(i + 1, i) for i in range(51)]
    assert source.statistics.frames == 51
    assert source.statistics.octets == 51 * 60
    source.close()


def test_a_block_that_kills_every_worker_is_passed_over_and_counted(network):
    network.pair()
    ring, row = opened(network, size=RingSize(block_octets=1 << 12, blocks=64)), shared_row()

    def work():
        source = LiveSource(ring, row, wait_s=0, calm_wait_s=0)
        while True:
            found = [number_of(octets) for _, _, octets, _ in rows(source.batch(1.0))]
            if 70 in found:
                os.kill(os.getpid(), signal.SIGKILL)

    with network.sender() as sender:
        for i in range(200):
            sender.send(frame(i))
        time.sleep(0.02)
    deaths = 0
    while True:
        child = forked(work)
        end = time.monotonic() + 2
        while (gone := os.waitpid(child, os.WNOHANG)[0]) == 0 and time.monotonic() < end:
            time.sleep(0.01)
        if not gone:
            kill(child)
            break
        deaths += 1
        assert deaths < 10
    source = LiveSource(ring, row)
    a_block = (1 << 12) // 144
    assert deaths in {MOST_TRIES, MOST_TRIES + 1}  # one more where it did not begin the batch
    assert 0 < source.passed_over <= a_block
    assert source.statistics.dropped == source.passed_over
    assert source.statistics.frames == 200
    source.close()


def test_drops_that_a_dead_worker_was_told_of_stay_counted(network):
    network.pair()
    ring, row = opened(network, size=RingSize(block_octets=1 << 12, blocks=4)), shared_row()
    with network.sender() as sender:
        for i in range(300):
            sender.send(frame(i))
    time.sleep(0.02)
    before = LiveSource(ring, row).statistics.dropped
    assert before > 0
    source = LiveSource(ring, row)
    found = collect(source, 300, 0.3)
    assert source.statistics.dropped == before
    assert len(found) + before == 300
    assert row[places.DROPPED] == before
    source.close()
