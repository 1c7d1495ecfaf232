from __future__ import annotations

import importlib.util
from pathlib import Path
from struct import pack_into

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture.live import ring as as_imported

from .blocks import Block, Packet, hostile_rings, ring, rings

COMPILED = not as_imported.__file__.endswith(".py")
BLOCK = 1024


def uncompiled():
    path = Path(as_imported.__file__).with_name("ring.py")
    spec = importlib.util.spec_from_file_location("interlock_capture_live_ring_uncompiled", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLAIN = uncompiled()
needs_compiled = pytest.mark.skipif(not COMPILED, reason="interlock.capture.live.ring is not compiled here")
both = pytest.mark.parametrize("module", [as_imported, PLAIN], ids=["as imported", "uncompiled"])


def measure(module, memory, sequence, octets=1 << 30, frames=1 << 30):
    row = np.full(3, -7, np.int64)
    count = module.ready(memoryview(memory), BLOCK, sequence, octets, frames, row.data)
    return count, row.tolist()


def copied(module, memory, sequence, count, *, space=None, room=None):
    """(rows of the frames, octets, the row of figures); the buffer's end is watched for writes beyond it."""
    _, (octets, frames, _) = measure(module, memory, sequence)
    space, room = octets if space is None else space, frames if room is None else room
    buffer = np.full(space + 64, 0xEE, np.uint8)
    kinds = (np.int64, np.int32, np.int32, np.int64)
    filled = [np.full(room, -7, kind) for kind in kinds]
    row = np.full(3, -7, np.int64)
    n = module.copy_blocks(
        memoryview(memory), BLOCK, sequence, count, buffer.data[:space], *(c.data for c in filled), row.data
    )
    assert (buffer[space:] == 0xEE).all()
    return [c[:n].tolist() for c in filled], buffer[: row[0]].tobytes(), row.tolist()


def frames_of(module, memory, sequence, count, **how):
    (offset, caplen, wirelen, time), octets, row = copied(module, memory, sequence, count, **how)
    rows = zip(offset, caplen, wirelen, time, strict=True)
    return [(octets[at : at + length], wire, ns) for at, length, wire, ns in rows], row


@both
@given(rings())
def test_what_the_kernel_wrote_comes_out(module, made):
    memory, blocks, first = made
    before = bytes(memory)
    count, (_, most, broken) = measure(module, memory, first)
    assert (count, broken) == (len(blocks), 0)
    packets = [packet for block in blocks for packet in block.packets]
    assert most >= len(packets)
    found, row = frames_of(module, memory, first, count)
    assert found == [(p.whole, len(p.whole) + p.lacking, p.seconds * 10**9 + p.nanoseconds) for p in packets]
    assert row == [sum(len(p.whole) for p in packets), 0, 0]
    assert bytes(memory) == before


@needs_compiled
@given(hostile_rings(), st.integers(0, 600), st.integers(0, 12))
def test_compiled_equals_uncompiled_over_hostile_blocks(made, space, room):
    memory, first = made
    assert measure(as_imported, memory, first) == measure(PLAIN, memory, first)
    assert measure(as_imported, memory, first, space, room) == measure(PLAIN, memory, first, space, room)
    count, _ = measure(PLAIN, memory, first)
    assert copied(as_imported, memory, first, count) == copied(PLAIN, memory, first, count)
    little = {"space": space, "room": room}
    assert copied(as_imported, memory, first, count, **little) == copied(
        PLAIN, memory, first, count, **little
    )
    recovered = bytearray(memory)
    again = bytearray(memory)
    begin = as_imported.recover(memoryview(recovered), BLOCK, first + 1)
    assert begin == PLAIN.recover(memoryview(again), BLOCK, first + 1)
    assert recovered == again


@both
@given(hostile_rings())
def test_hostile_blocks_give_frames_of_the_ring_or_count_as_lost(module, made):
    memory, first = made
    count, (octets, most, _) = measure(module, memory, first)
    (offset, caplen, wirelen, _), copy, (used, damaged, lost) = copied(module, memory, first, count)
    assert len(offset) + lost <= most
    assert used <= octets <= count * BLOCK
    assert (damaged > 0) == (lost > 0)
    assert offset == [sum(caplen[:k]) for k in range(len(caplen))]
    assert sum(caplen) == used == len(copy)
    assert all(0 <= c <= w for c, w in zip(caplen, wirelen, strict=True))


@both
def test_blocks_are_taken_within_limits_at_least_one(module):
    memory = ring([Block(k, [Packet(bytes(50))] * 2) for k in (3, 4, 5)], BLOCK, 4)
    each = 48 + 2 * 144
    assert measure(module, memory, 3, octets=0)[0] == 1
    assert measure(module, memory, 3, octets=2 * each) == (2, [2 * each, 4, 0])
    assert measure(module, memory, 3, frames=3)[0] == 1
    assert measure(module, memory, 3)[0] == 3


@both
def test_a_block_of_another_number_is_told(module):
    memory = ring([Block(1), Block(6)], BLOCK, 4)
    assert measure(module, memory, 1) == (1, [48, 0, 6])
    assert measure(module, memory, 2) == (0, [0, 0, 6])
    for number in (0, 1 << 63):
        pack_into("=Q", memory, BLOCK + 24, number)
        assert measure(module, memory, 2) == (0, [0, 0, -1])


@both
def test_blocks_given_back_are_no_longer_ready(module):
    memory = ring([Block(k) for k in (3, 4, 5, 6)], BLOCK, 4)
    module.give_back(memoryview(memory), BLOCK, 3, 2)
    assert measure(module, memory, 3)[0] == 0
    assert measure(module, memory, 5)[0] == 2


@both
def test_the_next_reader_gives_back_only_what_was_done_with(module):
    memory = ring([Block(k) for k in (5, 6, 3, 4)], BLOCK, 4)  # 3 and 4 done with, 5 and 6 not read
    assert module.recover(memoryview(memory), BLOCK, 5) == 5
    assert measure(module, memory, 5)[0] == 2
    assert measure(module, memory, 3)[0] == 0
    refilled = ring([Block(k) for k in (5, 6, 7)], BLOCK, 4)  # the kernel was quicker: 7 lies where 3 was
    assert module.recover(memoryview(refilled), BLOCK, 5) == 5
    assert measure(module, refilled, 5)[0] == 3


@both
def test_the_next_reader_begins_behind_a_hole(module):
    memory = ring([Block(9), Block(10)], BLOCK, 4)
    assert module.recover(memoryview(memory), BLOCK, 5) == 9
    assert module.recover(memoryview(bytearray(4 * BLOCK)), BLOCK, 5) == 5


@both
@pytest.mark.parametrize(("octets", "size", "sequence"), [(40, 4096, 1), (1024, 512, 1), (1024, 4096, 0)])
def test_a_ring_that_is_none_is_refused(module, octets, size, sequence):
    memory, row = memoryview(bytearray(size)), np.zeros(3, np.int64)
    with pytest.raises(ValueError):
        module.ready(memory, octets, sequence, 1, 1, row.data)
    with pytest.raises(ValueError):
        module.give_back(memory, octets, sequence, 1)
    with pytest.raises(ValueError):
        module.recover(memory, octets, sequence)
