"""What Suricata does not see: segments with wrong checksums, and frames that the capture cut.

What is expected follows from its configuration (suricata.yaml, `stream.checksum-validation` and
`pcap-file.checksum-checks`; user guide, "PCAP File Reading") and from src/stream-tcp.c, src/util-checksum.c and
src/decode-ipv4.c: the stream engine passes over a segment with a wrong checksum, rules see it as a packet all the same;
a datagram longer than what was captured of it is not decoded.
"""

from __future__ import annotations

import pytest

from decode.feed import ACK, CLIENT, SERVER, SYN, Tcp
from detect.signatures.engine.over_wire import alerts, conversation, every_way, summed
from detect.signatures.engine.test_midstream import HAY, HTTP, NEEDLE, RULES

OPENED, ALONE = {1, 2, 4, 6, 7, 8, 9}, {1, 2, 4, 7, 8, 9, 10}
NONE = {1, 3, 4, 8, 10}
"""Rules that hit the needle: as part of an open connection, by itself in one, and where there is none."""


def spoilt(*sent, wrong=()):
    """(side, octets) of each segment, behind SYN, SYN/ACK and ACK. wrong: frames whose TCP checksums are."""
    return [damaged(frame) if n in wrong else frame for n, frame in enumerate(conversation(*sent, port=80))]


def damaged(frame: bytes) -> bytes:
    return frame[:50] + bytes([frame[50] ^ 1]) + frame[51:]


SPOKEN = ((CLIENT, HAY), (SERVER, b"."), (CLIENT, NEEDLE))


@pytest.mark.parametrize(("midstream", "checksums"), [("no", None), ("no", "auto"), ("no", "yes")])
@pytest.mark.parametrize("which", [0, 1])
def test_a_handshake_with_a_wrong_checksum_opens_nothing(midstream, checksums, which):
    assert set(every_way(RULES, spoilt(*SPOKEN, wrong={which}), midstream, checksums)) == NONE


@pytest.mark.parametrize(
    ("midstream", "checksums", "which"),
    [
        *(("own", None, 0), ("own", None, 1), ("own", "auto", 0), ("own", "auto", 1), ("no", "no", 0)),
        *(("no", "no", 1), ("yes", "auto", 0)),
    ],
)
def test_where_it_makes_no_difference(midstream, checksums, which):
    """Where checksums are passed over, or a connection need not be seen to open."""
    assert set(every_way(RULES, spoilt(*SPOKEN, wrong={which}), midstream, checksums)) == OPENED | {10}


def test_who_asks_to_open_a_connection_waits_for_a_right_answer():
    found = set(every_way(RULES, spoilt(*SPOKEN, wrong={1}), "yes", "auto"))
    assert {1, 3} <= found
    assert not found & {2, 7}


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_a_segment_with_a_wrong_checksum_is_in_no_stream(midstream):
    frames = spoilt(*SPOKEN, wrong={5})
    assert set(every_way(RULES, frames, midstream, "yes")) == ALONE - ({7} if midstream != "own" else set())
    assert 6 in every_way(RULES, frames, midstream, "no")


def test_what_comes_behind_it_goes_on_behind_a_hole():
    rules = """
alert tcp any any -> any any (content:"one"; content:"two"; distance:0; sid:50;)
alert tcp any any -> any any (content:"two"; content:"three"; distance:0; sid:51;)
alert tcp any any -> any any (content:"three"; flow:established; sid:52;)
"""
    frames = spoilt((CLIENT, b"one"), (CLIENT, b"two"), (CLIENT, b"three"), wrong={4})
    assert set(every_way(rules, frames, "no")) == {52}
    assert set(every_way(rules, frames, "no", "no")) == {50, 51, 52}


def test_no_reader_is_given_it():
    request = b"GET /needle HTTP/1.1\r\nHost: a\r\n\r\n"
    frames = spoilt((CLIENT, request), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), wrong={3})
    assert 21 not in every_way(HTTP, frames, "no")
    assert 21 in every_way(HTTP, frames, "no", "no")


@pytest.mark.parametrize(("wrong", "opened"), [(99, False), (100, True)])
def test_a_sample_tells_whether_they_mean_anything(wrong, opened):
    """More than a tenth of the first thousand frames: 101 of them with the one that is looked at here."""
    connection = Tcp(81, client_port=40_000)
    for _ in range(999):
        connection.segment(CLIENT, flags=ACK)
    before = [
        damaged(frame) if n <= wrong else frame for n, frame in enumerate(map(summed, connection.frames))
    ]
    after = spoilt(*SPOKEN, wrong={0, 1})
    found = alerts(RULES, before + after, midstream="no", checksums="auto")
    assert set(found) == (OPENED | {10} if opened else NONE)
    assert set(alerts(RULES, before + after, midstream="no", checksums="yes")) == NONE


@pytest.mark.parametrize(("midstream", "seen"), [("own", True), ("no", False), ("yes", False)])
def test_frames_that_the_capture_cut(midstream, seen):
    whole = spoilt((CLIENT, b"hay"), (CLIENT, NEEDLE + b"." * 20), (CLIENT, b"hay"))
    cut = [*whole[:4], whole[4][:-8], *whole[5:]]
    assert set(every_way(RULES, whole, midstream)) >= {1, 2, 7, 8}
    assert bool(every_way(RULES, cut, midstream)) is seen


@pytest.mark.parametrize(("midstream", "seen"), [("own", True), ("no", False)])
def test_what_is_sent_again_fills_what_was_not_seen(midstream, seen):
    """A SYN with a wrong checksum comes again with the right one: the connection opens."""
    connection = Tcp(80)
    connection.segment(CLIENT, flags=SYN)
    first = damaged(summed(connection.frames[0]))
    frames = [first, *spoilt(*SPOKEN)]
    assert set(every_way(RULES, frames, midstream)) == OPENED | {10}
