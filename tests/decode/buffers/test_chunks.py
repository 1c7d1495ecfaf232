"""Streams in chunks: cut as is said in words, wherever batches end, and with bounded memory."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.buffers.chunks import CHUNK, MOST_HELD, Chunks, Pieces
from interlock.decode.buffers.sink import Moment

LENGTHS = st.sampled_from([1, 12, 1_000, 1_279, 1_280, 1_281, 2_559, 2_560, 2_561, 9_000])


@st.composite
def streams(draw):
    """(slot, side, octets, whether a hole is before it, whether it fills one, sides of which a message ends)."""
    count = draw(st.integers(1, 14))
    filler = iter(range(1 << 20))
    return [
        (
            draw(st.integers(0, 2)),
            draw(st.integers(0, 1)),
            bytes([next(filler) % 251]) * draw(LENGTHS),
            draw(st.sampled_from([False] * 5 + [True])),
            draw(st.sampled_from([False] * 7 + [True])),
            draw(st.sampled_from([0] * 7 + [1, 2, 3])),
        )
        for _ in range(count)
    ]


def in_words(pieces, turning):
    """Per slot and side, the chunks in their order, each with how much of its stream came before it."""
    found, waiting, sent, cut = defaultdict(list), defaultdict(bytes), defaultdict(int), set()

    def complete(key):
        if octets := waiting.pop(key, b""):
            found[key].append((sent[key] - len(octets), octets))

    for slot, side, octets, hole, late, ends in pieces:
        key = slot, side
        if slot in turning:
            complete((slot, 1 - side))
        if hole or late or key in cut or len(waiting[key]) >= CHUNK:
            complete(key)
        cut.discard(key)
        if late:
            cut.add(key)
        waiting[key] += octets
        sent[key] += len(octets)
        for ended in (0, 1):
            if ends >> ended & 1:
                complete((slot, ended))
    for key in sorted(waiting):
        complete(key)
    return dict(found)


def pieces_of(pieces, turning, sent, gaps):
    octets = b"".join(piece[2] for piece in pieces)
    offsets, holes = [], []
    for slot, side, part, hole, *_ in pieces:
        gaps[slot, side] += hole
        holes.append(gaps[slot, side])
        offsets.append(sent[slot, side])
        sent[slot, side] += len(part)
    lengths = np.array([len(piece[2]) for piece in pieces], np.int32)
    frames = np.array([piece[2][0] for piece in pieces], np.int64)
    return Pieces(
        slot=np.array([piece[0] for piece in pieces], np.int32),
        side=np.array([piece[1] for piece in pieces], np.uint8),
        source=np.zeros(len(pieces), np.int32),
        time=frames * 1_000,
        frame=frames,
        offset=np.array(offsets, np.int64),
        begin=np.cumsum(lengths, dtype=np.int64) - lengths,
        length=lengths,
        gaps=np.array(holes, np.int32),
        torn=np.zeros(len(pieces), np.bool_),
        late=np.array([piece[4] for piece in pieces], np.bool_),
        turns=np.array([piece[0] in turning for piece in pieces], np.bool_),
        ends=np.array([piece[5] for piece in pieces], np.uint8),
        array=np.frombuffer(octets, np.uint8),
    )


def chunks_of(raw):
    """Per slot and side as `in_words`, and when each was complete."""
    found = defaultdict(list)
    if raw is not None:
        octets = raw.array.tobytes()
        for i, key in enumerate(zip(raw.slot.tolist(), raw.side.tolist(), strict=True)):
            begin = int(raw.begin[i])
            found[key].append((int(raw.offset[i]), octets[begin : begin + int(raw.length[i])]))
    return found


@given(streams(), st.sets(st.integers(0, 2)), st.sets(st.integers(1, 13)))
def test_streams_are_cut_as_said_wherever_batches_end(pieces, turning, cuts):
    chunks, found, sent, gaps = Chunks(), defaultdict(list), defaultdict(int), defaultdict(int)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(pieces)), len(pieces)]
    for begin, end in pairwise(bounds):
        chunks.add(pieces_of(pieces[begin:end], turning, sent, gaps))
        for key, some in chunks_of(chunks.take(headed=False)).items():
            found[key] += some
    for slot in range(3):
        chunks.end(slot, Moment(slot, 0, 0, 0))
    for key, some in chunks_of(chunks.take(headed=True)).items():
        found[key] += some
    assert dict(found) == in_words(pieces, turning)


def test_a_chunk_is_complete_with_the_piece_behind_it():
    pieces = [
        (0, 0, b"\1" * 2_000, False, False, 0),
        (0, 0, b"\2" * 600, False, False, 0),
        (0, 0, b"\3", False, False, 0),
    ]
    chunks = Chunks()
    chunks.add(pieces_of(pieces[:2], set(), defaultdict(int), defaultdict(int)))
    assert chunks.take(headed=False) is None
    chunks.add(pieces_of(pieces[2:], set(), defaultdict(int, {(0, 0): 2_600}), defaultdict(int)))
    raw = chunks.take(headed=True)
    assert (raw.frame.tolist(), raw.length.tolist(), raw.network.tolist()) == ([3], [2_600], [-1])


def test_what_waits_is_bounded():
    chunks, most = Chunks(), MOST_HELD // 2_000 + 10
    many = [(slot, 0, b"\1" * 2_000, False, False, 0) for slot in range(most)]
    chunks.add(pieces_of(many, set(), defaultdict(int), defaultdict(int)))
    raw = chunks.take(headed=False)
    assert 0 < len(raw.slot) <= 11
    assert raw.slot.tolist() == list(range(len(raw.slot)))  # those that have waited longest
