from __future__ import annotations

import contextlib
import time
from struct import pack_into

import pytest

from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import shared_row
from interlock.capture.live.socket import RingSize

from .network import needs_namespaces
from .rings import collect, frame, listening, number_of, opened, rows

pytestmark = needs_namespaces


def test_frames_come_out_octet_for_octet_with_times_and_numbers(network):
    network.pair()
    sent = [frame(i, 60 + 7 * (i % 200)) for i in range(700)]
    with listening(network) as source, network.sender() as sender:
        before = time.time_ns()
        for octets in sent:
            sender.send(octets)
        after = time.time_ns()
        found = collect(source, len(sent))
        figures = source.statistics
    assert [octets for _, _, octets, _ in found] == sent
    assert [number for number, _, _, _ in found] == list(range(1, len(sent) + 1))
    assert [wire for _, _, _, wire in found] == [len(octets) for octets in sent]
    times = [at for _, at, _, _ in found]
    assert times == sorted(times)
    assert before <= times[0]
    assert times[-1] <= after
    assert len(set(times)) > len(sent) // 2  # nanoseconds, not one time for a block
    assert (figures.frames, figures.octets, figures.dropped) == (len(sent), sum(map(len, sent)), 0)


def test_vlan_tags_that_the_kernel_took_off_are_put_back(network):
    network.pair()
    address, rest = frame(0)[:12], frame(0)[14:]
    tags = ["8100 6005", "88a8 0fff", "8100 0000", "88a8 2003 8100 0004", "8100 0001 8100 e002"]
    sent = [address + bytes.fromhex(tag) + b"\x88\xb5" + rest for tag in tags] + [frame(1)]
    with listening(network) as source, network.sender() as sender:
        for octets in sent:
            sender.send(octets)
        found = collect(source, len(sent))
    assert [octets for _, _, octets, _ in found] == sent
    assert [wire for _, _, _, wire in found] == [len(octets) for octets in sent]


def test_a_frame_longer_than_a_block_is_cut_and_counted_as_such(network):
    network.pair()
    network.ip("link", "set", "b0", "mtu", "9000")
    network.ip("link", "set", "a0", "mtu", "9000")
    long = frame(1, 9000)
    size = RingSize(block_octets=1 << 12, blocks=16)
    with listening(network, size=size) as source, network.sender() as sender:
        sender.send(long)
        ((_, _, octets, wire),) = collect(source, 1)
        assert source.statistics.snapped == 1
    assert wire == len(long)
    assert 3900 < len(octets) < 4096
    assert long.startswith(octets)


def test_drops_are_counted_when_nobody_reads(network):
    network.pair()
    size = RingSize(block_octets=1 << 12, blocks=4)
    with listening(network, size=size) as source, network.sender() as sender:
        sent = 400
        for i in range(sent):
            sender.send(frame(i))
        time.sleep(0.05)
        found = collect(source, sent, 0.5)
        figures = source.statistics
        assert source.freezes > 0
    assert 0 < len(found) < sent
    assert len(found) + figures.dropped == sent
    assert [number_of(octets) for _, _, octets, _ in found][:10] == list(range(10))


def test_nothing_in_time_is_none_and_zero_does_not_wait(network):
    network.pair()
    with listening(network) as source:
        begin = time.monotonic()
        assert source.batch(0) is None
        assert time.monotonic() - begin < 0.15
        assert source.batch(0.2) is None
        assert 0.19 < time.monotonic() - begin < 2


def test_a_batch_is_bounded(network):
    network.pair()
    with listening(network, frames_limit=40, wait_s=0.05) as source, network.sender() as sender:
        sizes = []
        for i in range(3000):
            sender.send(frame(i))
        while (frames := source.batch(0.2)) is not None:
            sizes.append(frames.n)
    most_of_a_block = (1 << 14) // 48
    assert sum(sizes) == 3000
    assert max(sizes) <= max(40, most_of_a_block)
    assert len(sizes) >= 9


@pytest.mark.parametrize(
    ("told", "kept"),
    [(1 + 16, True), (1 + 160, True), (0, False), (7, False), (1 << 63, False), ((1 << 62) + 1, False)],
)
def test_a_ring_that_another_process_wrote_to_is_read_on(network, told, kept):
    """A number that belongs to the block's place in another round is believed, any other costs the block."""
    network.pair()
    size = RingSize(block_octets=1 << 12, blocks=16)
    ring = opened(network, size=size)
    with contextlib.closing(LiveSource(ring, shared_row())) as source, network.sender() as sender:
        sender.send(frame(0))
        time.sleep(0.02)
        pack_into("=Q", ring.memory, 24, told)
        found = [number_of(octets) for _, _, octets, _ in rows(source.batch(0.2))]
        assert found == ([0] if kept else [])
        for number in range(1, 60):
            sender.send(frame(number))
            assert [number_of(octets) for _, _, octets, _ in rows(source.batch(1.0))] == [number]
        assert source.damaged == (2 if kept else 1)


@pytest.mark.parametrize("wrong", [(64, 4), (1 << 24, 64), (1000, 65536), (1 << 16, 1 << 20)])
def test_a_size_that_no_ring_has_is_refused(wrong):
    block_octets, blocks = wrong
    with pytest.raises(ValueError, match=r"^a ring has "):
        RingSize(block_octets=block_octets, blocks=blocks)
