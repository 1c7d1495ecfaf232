"""What is sent behind a reset is in no stream, where rules are to say what Suricata says: by each segment alone.

Suricata's src/stream-tcp.c, version 7.0: a reset in order closes its session, which takes in nothing more.
"""

from __future__ import annotations

import pytest

from decode.feed import ACK, CLIENT, PSH, SERVER, Tcp
from detect.signatures.engine.over_wire import REQUEST, every_way, summed
from detect.signatures.engine.test_unseen import damaged

RST = 4
RULES = """
alert tcp any any -> any any (msg:"anything"; content:"needle"; sid:1;)
alert tcp any any -> any any (msg:"established"; flow:established,to_server; content:"needle"; sid:2;)
alert tcp any any -> any any (msg:"across two"; content:"hay"; content:"needle"; distance:0; sid:3;)
alert http any any -> any any (msg:"read"; http.uri; content:"needle"; sid:4;)
"""


def conversation(*, at=None, ahead=0, wrong=False, first=REQUEST):
    """at: 0 for a reset behind the handshake's answer, 1 behind the handshake, 2 behind what is sent first; by whom."""
    connection, side = Tcp(80), CLIENT

    def reset(now):
        if at == now:
            connection.sequence[side] += ahead
            connection.segment(side, flags=RST)
            connection.sequence[side] -= ahead

    connection.open()
    reset(1)
    connection.segment(CLIENT, first)
    connection.segment(SERVER, flags=ACK)
    reset(2)
    connection.segment(CLIENT, b"a needle", flags=ACK | PSH)
    frames = [*map(summed, connection.frames)]
    place = {1: 3, 2: 5}.get(at)
    return [damaged(frame) if wrong and n == place else frame for n, frame in enumerate(frames)]


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_without_one(midstream):
    assert set(every_way(RULES, conversation(first=b"hay"), midstream)) == {1, 2, 3}
    assert set(every_way(RULES, conversation(), midstream)) == {1, 2, 4}


@pytest.mark.parametrize(("midstream", "read"), [("own", True), ("no", False), ("yes", False)])
def test_a_request_behind_a_reset(midstream, read):
    found = every_way(RULES, conversation(at=1), midstream)
    assert (4 in found) is read
    assert {1, 2} <= set(found)


@pytest.mark.parametrize(("midstream", "across"), [("own", True), ("no", False), ("yes", False)])
def test_segments_behind_a_reset_are_looked_at_one_by_one(midstream, across):
    found = every_way(RULES, conversation(at=2, first=b"hay"), midstream)
    assert (3 in found) is across
    assert {1, 2} <= set(found)


def test_a_reset_that_is_out_of_order_ends_nothing():
    assert 3 in every_way(RULES, conversation(at=2, first=b"hay", ahead=1), "no")


def test_nor_does_one_with_a_wrong_checksum():
    frames = conversation(at=2, first=b"hay", wrong=True)
    assert 3 in every_way(RULES, frames, "no", "yes")
    assert 3 not in every_way(RULES, frames, "no", "no")
