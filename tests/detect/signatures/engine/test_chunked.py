"""Streams in chunks, as Suricata inspects them, in workers, in the judge and the plain way.

What is to be said follows from the Suricata user guide ("Stream engine", `toserver-chunk-size`) and its source.
"""

from __future__ import annotations

import struct
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER
from detect.signatures.engine.over_wire import conversation, every_way, matchers_of
from interlock.decode.buffers.chunks import CHUNK
from interlock.detect.signatures.engine.traits import Deferred, of_chunks, traits_of

COUNTING = """
alert tcp any any -> any 4000 (msg:"longer than it says"; byte_jump:2,4; isdataat:0,relative; sid:1;)
alert tcp any any -> any 4000 (msg:"another protocol"; flow:established; pcre:"/^..(?!\\x00\\x00)/sAR"; sid:2;)
"""
PLACED = """
alert tcp any any -> any 4000 (msg:"begins so"; content:"A"; depth:1; content:"Z"; distance:0; sid:3;)
alert tcp any any -> any 4000 (msg:"of a stream"; flow:only_stream; content:"A"; depth:1; content:"Z"; sid:4;)
alert tcp any any -> any 4000 (msg:"and not"; content:"A"; content:!"Z"; sid:5;)
"""


def message(size: int, protocol: int = 0) -> bytes:
    """Of Modbus: 7 octets before it, and what they say of its length is right."""
    return struct.pack("!HHHB", 1, protocol, size + 1, 1) + b"\x03" * size


ended = partial(conversation, closed=True)


@pytest.mark.parametrize(
    ("sent", "own", "suricata"),
    [
        # Where all of a chunk is one message, its end is where data may be: Suricata speaks of that, too.
        ([message(5)], set(), {1}),
        # Two messages in one chunk: what stands behind the first one is taken for part of it.
        ([message(5), message(5)], set(), {1}),
        ([message(5) + b"more"], {1}, {1}),
        ([message(5), message(5, protocol=7)], {2}, {1}),
        ([message(5, protocol=7)], {2}, {1, 2}),
        ([message(5)[:-1]], set(), set()),
    ],
)
def test_what_counts_from_a_message_counts_from_a_chunk(sent, own, suricata):
    frames = ended(*((CLIENT, octets) for octets in sent))
    assert set(every_way(COUNTING, frames, "own")) == own
    for midstream in ("no", "yes"):
        assert set(every_way(COUNTING, frames, midstream)) == suricata


def test_contents_meet_in_a_chunk_and_not_beyond():
    near = ended((CLIENT, b"A" + b"." * 1_000), (SERVER, b"."), (CLIENT, b"Z"))
    assert set(every_way(PLACED, near, "no")) == {3, 4}
    far = ended((CLIENT, b"A" + b"." * CHUNK), (SERVER, b"."), (CLIENT, b"Z"))
    assert set(every_way(PLACED, far, "no")) == {5}
    # Where its places count from is each chunk's beginning.
    later = ended((CLIENT, b"." * CHUNK), (SERVER, b"."), (CLIENT, b"A..Z"))
    assert set(every_way(PLACED, later, "no")) == {3, 4}


@given(
    st.lists(
        st.tuples(st.sampled_from([CLIENT, SERVER]), st.sampled_from([1, 5, 200, 1_300]), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_as_said_in_words(sent):
    """Chunks of the client, cut by hand, and what the rules ask of each, without any of the engine."""
    frames = ended(*((side, message(size, 7 * odd)) for side, size, odd in sent))
    chunks, waiting = [], b""
    for side, size, odd in sent:
        if side == CLIENT:
            if len(waiting) >= CHUNK:
                chunks.append(waiting)
                waiting = b""
            waiting += message(size, 7 * odd)
    chunks += [waiting] * bool(waiting)
    longer = sum(6 + int.from_bytes(one[4:6]) <= len(one) for one in chunks)
    another = sum(one[2:4] != b"\0\0" for one in chunks)
    assert every_way(COUNTING, frames, "no") == {n: k for n, k in ((1, longer), (2, another)) if k}


def test_a_rule_that_is_not_read_yet_becomes_the_same():
    for one in matchers_of(COUNTING + PLACED):
        deferred = of_chunks(Deferred(traits_of(one), lambda one=one: one))
        assert isinstance(deferred, Deferred)
        assert traits_of(deferred).levels == traits_of(of_chunks(one)).levels == deferred.matcher.levels
        assert traits_of(deferred).buffers == traits_of(of_chunks(one)).buffers
