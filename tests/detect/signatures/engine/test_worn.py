"""Handshakes as captures have them that lost, repeat or mix frames: what rules are told, as Suricata 7.0.10 has it.

Each was held against Suricata itself (`suricata_beside.py --made worn`).
"""

from __future__ import annotations

import pytest

from decode.feed import ACK, CLIENT, PSH, SERVER, SYN, Tcp
from detect.signatures.engine.over_wire import ANSWER, REQUEST, conversation, every_way, summed
from detect.signatures.engine.test_sealed import TLS_12

RULES = (
    'alert http any any -> any any (http.uri; content:"needle"; sid:1;)\n'
    'alert http any any -> any any (http.stat_code; content:"200"; sid:2;)\n'
    'alert tcp any any -> any any (flow:established,to_server; content:"needle"; sid:3;)\n'
    'alert tcp any any -> any any (flow:established,to_client; content:"answer"; sid:4;)\n'
)


def worn(*frames):
    """Frames of a request and its answer: side, flags, and octets, where it has some. S stands for the SYN again."""
    connection = Tcp(80)
    connection.sequence = [1001, 5001]
    for side, flags, *octets in frames:
        if flags & SYN:
            now, connection.sequence = connection.sequence, [1000 + side, 5001 - side]
            connection.segment(side, flags=flags)
            connection.sequence = now
        else:
            connection.segment(side, *octets, flags=flags)
    return [*map(summed, connection.frames)]


OPENS, OPENED = (CLIENT, SYN), (SERVER, SYN | ACK)
ASKS, ANSWERS = (CLIENT, ACK | PSH, REQUEST), (SERVER, ACK | PSH, ANSWER)
BARE = (CLIENT, ACK), (SERVER, ACK)


@pytest.mark.parametrize(
    ("frames", "no", "yes"),
    [
        ((OPENS, OPENED, BARE[0], ASKS, OPENS, BARE[1], ANSWERS, BARE[0]), {1, 2, 3, 4}, {1, 2, 3, 4}),
        ((OPENED, OPENS, BARE[0], ASKS, BARE[1], ANSWERS, BARE[0]), set(), {1, 2, 3, 4}),
        ((OPENS, BARE[0], ASKS, BARE[1], ANSWERS, BARE[0]), set(), set()),
        ((OPENS, BARE[0], ASKS, BARE[0]), set(), set()),
    ],
    ids=["SYN again", "SYN/ACK first", "no SYN/ACK", "one way"],
)
def test_what_is_told_of(frames, no, yes):
    assert set(every_way(RULES, worn(*frames), "no")) == no
    assert set(every_way(RULES, worn(*frames), "yes")) == yes


def test_tls_whose_server_is_heard_first_is_not_read():
    connection = Tcp(443)
    connection.open()
    for side, octets in TLS_12[1:]:
        connection.segment(side, octets)
    frames = [*map(summed, connection.frames)]
    assert TLS_12[0][0] == CLIENT
    assert TLS_12[1][0] == SERVER
    asked = 'alert tls any any -> any any (ja3s.hash; content:"a"; sid:100;)\n'
    asked += 'alert tls any any -> any any (ja3s.hash; content:!"a"; sid:101;)\n'
    assert not every_way(asked, frames, "no")
    assert every_way(asked, frames, "own")


@pytest.mark.parametrize(("midstream", "told"), [("own", {1, 2}), ("no", {2}), ("yes", {2})])
def test_a_frame_that_the_capture_cut_does_not_tell_rules_what_is_spoken(midstream, told):
    record = b"\x16\x03\x03\x00\x06needle"
    frames = conversation(
        TLS_12[0], (CLIENT, record), (SERVER, b"."), (CLIENT, record), port=443, closed=True
    )
    rules = "".join(
        f'alert {head} any any -> any any (content:"needle"; sid:{sid};)\n'
        for sid, head in ((1, "tls"), (2, "tcp"))
    )
    assert set(every_way(rules, frames, midstream)) == {1, 2}
    frames[3] = frames[3][:-20]
    assert set(every_way(rules, frames, midstream)) == told
