"""How full a ring is: blocks that the kernel cannot fill anew."""

from __future__ import annotations

import time

from .network import needs_namespaces
from .rings import frame, listening
from .stub import BLOCKS, stubbed


def test_a_block_counts_until_its_frames_are_done_with() -> None:
    source = stubbed([[1], [2, 3], [4]])
    assert source.filled == (3, BLOCKS)
    assert source.batch(0.0, keep=True).n == 1
    assert source.filled == (3, BLOCKS)  # read, and still the reader's
    source.done()
    assert source.filled == (2, BLOCKS)
    while source.batch(0.0, keep=True) is not None:
        pass
    assert source.filled == (2, BLOCKS)
    source.done()
    assert source.filled == (0, BLOCKS)
    source.close()


def test_a_ring_without_a_free_block_is_full() -> None:
    source = stubbed([[1]] * BLOCKS)
    assert source.filled == (BLOCKS, BLOCKS)
    source.batch(0.0, keep=True)
    assert source.filled == (BLOCKS, BLOCKS)
    source.close()


@needs_namespaces
def test_what_nobody_reads_is_seen_in_the_kernels_ring(network) -> None:
    network.pair()
    with listening(network) as source, network.sender() as sender:
        assert source.filled == (0, 64)
        for number in range(600):
            sender.send(frame(number, 1000))
        time.sleep(0.05)
        assert 36 <= source.filled[0] <= 64  # as many octets as 37 blocks of 16 KiB hold
        while source.batch(0.05) is not None:
            pass
        source.done()
        assert source.filled == (0, 64)
