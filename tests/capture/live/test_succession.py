"""A ring gives way to one of another size while frames come: every one is told, once, whoever dies meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from interlock.capture.live.early import rings_of
from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import Place, shared_row
from interlock.capture.live.socket import RingSize
from interlock.capture.live.succession import Succession

from .network import needs_namespaces
from .rings import frame, number_of, opened, rows
from .test_workers import Told, forked, kill

pytestmark = needs_namespaces

SIZES = [RingSize(block_octets=1 << 13, blocks=blocks) for blocks in (512, 1024, 256)]


@pytest.fixture
def told():
    made = Told()
    yield made
    made.close()


class Sending:
    """Frames with numbers from 0 on, a few hundred thousand a second at most, until it is ended."""

    def __init__(self, network, pause_s=0.0005):
        self.count, self._pause_s = 0, pause_s
        self._ended = threading.Event()
        self._sender = network.sender()
        self._thread = threading.Thread(target=self._send)

    def _send(self):
        with self._sender as sender:
            while not self._ended.is_set():
                for _ in range(20):
                    sender.send(frame(self.count))
                    self.count += 1
                time.sleep(self._pause_s)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def replaced(network, rings, size):
    """As who holds the rings does it."""
    since = time.time_ns()
    rings.replace(opened(network, size=size), since)


def test_every_frame_is_told_once_while_rings_follow_one_another(network):
    network.pair()
    rings = Succession(opened(network, size=SIZES[0]), shared_row())
    source = LiveSource(rings.ring, rings.row, rings=rings)
    found = []

    def read(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found.extend(
                (number, number_of(octets)) for number, _, octets, _ in rows(source.batch(0.05, keep=True))
            )
            source.done()

    with Sending(network) as sending:
        for size in SIZES[1:]:
            read(0.5)
            replaced(network, rings, size)
            read(1.0)
            assert source.filled[1] == size.blocks
            assert rings.settle(time.time_ns() + 11 * 10**9)
    read(0.5)
    assert source.statistics.dropped == 0
    assert found == [(i + 1, i) for i in range(sending.count)]
    assert source.statistics.frames == sending.count
    source.close()
    rings.let_go()


def test_what_lies_in_both_is_told_once(network):
    """All of it does, where nobody makes the old ring deaf in time."""
    network.pair()
    rings = Succession(opened(network, size=SIZES[0]), shared_row())
    source = LiveSource(rings.ring, rings.row, rings=rings)
    since = time.time_ns()
    new = opened(network, size=SIZES[1])
    with network.sender() as sender:
        for number in range(500):
            sender.send(frame(number))
        time.sleep(0.05)
        rings.replace(new, since)
        for number in range(500, 700):
            sender.send(frame(number))
        found = []
        end = time.monotonic() + 2
        while time.monotonic() < end:
            found += [number_of(octets) for _, _, octets, _ in rows(source.batch(0.1))]
    assert found == list(range(700))
    assert source.statistics.frames == 700
    source.close()
    rings.let_go()


def test_readers_that_are_killed_on_the_way_lose_no_frame_and_tell_none_twice(network, told):
    network.pair()
    row = shared_row()
    rings = Succession(opened(network, size=SIZES[0]), row)

    def work():
        source = LiveSource(rings.ring, row, frames_limit=64, wait_s=0, calm_wait_s=0, rings=rings)
        while True:
            frames = source.batch(0.05)
            if frames is not None:
                told.tell(frames)

    with Sending(network, 0.002) as sending:
        for number in range(12):
            child = forked(work)
            until = time.monotonic() + 0.1 + 0.07 * number
            while time.monotonic() < until:
                told.drain()
                time.sleep(0.005)
            if rings.settle(time.time_ns() + 11 * 10**9):
                replaced(network, rings, SIZES[(number + 1) % 3])
            time.sleep(0.03 * (number % 12))  # before it has noticed, on its way, or when it has gone on
            told.drain()
            kill(child)
    last = LiveSource(rings.ring, row, rings=rings)
    entries = told.drain()
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        frames = last.batch(0.1)
        entries += [(number, number_of(octets)) for number, _, octets, _ in rows(frames)]
    last.done()
    assert Place(row).generation >= 3
    assert last.statistics.dropped == 0
    assert last.statistics.frames == sending.count
    # twice with one number, or once
    assert sorted(set(entries)) == [(i + 1, i) for i in range(sending.count)]
    last.close()
    rings.let_go()


def test_rings_that_share_an_interface_follow_together(network):
    network.pair()
    with network.inside():
        old = [Succession(ring, shared_row()) for ring in rings_of("a0", 2, 77, SIZES[0])]
    sources = [LiveSource(each.ring, each.row, rings=each) for each in old]
    found = []

    def read(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for source in sources:
                found.extend(number_of(octets) for _, _, octets, _ in rows(source.batch(0.02)))

    with Sending(network, 0.002) as sending:
        read(0.3)
        since = time.time_ns()
        with network.inside():
            new = rings_of("a0", 2, 78, SIZES[1])
        for each, ring in zip(old, new, strict=True):
            each.replace(ring, since)
        read(1.0)
    read(0.5)
    assert all(source.filled[1] == SIZES[1].blocks for source in sources)
    assert sorted(found) == list(range(sending.count))
    for source, each in zip(sources, old, strict=True):
        source.close()
        each.let_go()


def test_the_old_ring_goes_once_its_reader_has_gone_on(network):
    network.pair()
    rings = Succession(opened(network, size=SIZES[0]), shared_row())
    replaced(network, rings, SIZES[1])
    assert not rings.settle(time.time_ns() + 11 * 10**9)  # nobody has read it out
    with contextlib.closing(LiveSource(rings.ring, rings.row, rings=rings)) as source:
        assert source.filled[1] == SIZES[0].blocks
        end = time.monotonic() + 5
        while source.filled[1] != SIZES[1].blocks and time.monotonic() < end:
            source.batch(0.05)
        assert source.filled[1] == SIZES[1].blocks
    assert not rings.settle(time.time_ns())
    assert rings.settle(time.time_ns() + 11 * 10**9)
    assert rings.older is None
    rings.let_go()
