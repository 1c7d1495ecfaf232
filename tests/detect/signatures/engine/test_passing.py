"""What passes silences, and what is dropped ends: of a packet, a message, a conversation, as Suricata 7.0.10 has it.

Each set of rules and what it says of these frames was held against Suricata itself.
"""

from __future__ import annotations

import struct

import pytest

from decode.feed import CLIENT, SERVER, _ip
from detect.signatures.engine.over_wire import conversation, every_way
from interlock.detect.signatures.engine.passing import Part, Silenced, part_of
from interlock.detect.signatures.plain.unit import Unit

ASKED = [f"GET /{word} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for word in ("one", "two")]
ANSWERED = [f"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{word}".encode() for word in ("abc", "def")]
FRAMES = conversation(
    *((CLIENT, ASKED[0]), (SERVER, ANSWERED[0]), (CLIENT, ASKED[1]), (SERVER, ANSWERED[1])),
    port=80,
    closed=True,
    acknowledged=True,
)
RULES = "".join(
    f"alert {head} any any -> any any ({asked} sid:{sid};)\n"
    for sid, head, asked in (
        (1, "tcp-pkt", 'content:"/one";'),
        (2, "tcp-pkt", 'content:"abc";'),
        (3, "tcp-pkt", 'content:"/two";'),
        (4, "tcp-pkt", 'content:"def";'),
        (11, "tcp", 'content:"/one";'),
        (12, "tcp", 'content:"abc";'),
        (13, "tcp", 'content:"/two";'),
        (14, "tcp", 'content:"def";'),
        (21, "http", 'http.uri; content:"one";'),
        (22, "http", 'http.response_body; content:"abc";'),
        (23, "http", 'http.uri; content:"two";'),
        (24, "http", 'http.response_body; content:"def";'),
    )
)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("pass tcp any any -> any 80 (", ()),
        ("pass tcp any any -> any any (flow:established;", ()),
        ("pass tcp any any -> any any (flow:established,to_client;", (1, 3, 11, 13, 21, 23)),
        ('pass tcp any any -> any any (content:"/one";', (1, 2)),
        ('pass tcp any any -> any any (content:"abc";', (1, 2, 3, 11, 21)),
        ('pass tcp-pkt any any -> any any (content:"/one";', (2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24)),
        ('pass http any any -> any any (http.uri; content:"one";', (1, 2)),
        ('pass http any any -> any any (http.response_body; content:"abc";', (1, 2, 3, 11, 21)),
        ("pass http any any -> any any (", (1,)),
        ("drop tcp any any -> any 80 (", (99,)),
        ('drop tcp any any -> any any (content:"/one";', (1, 2, 11, 21, 99)),
        ('reject http any any -> any any (http.response_body; content:"abc";', (1, 2, 3, 11, 12, 21, 22, 99)),
        (
            'reject tcp-pkt any any -> any any (content:"/one";',
            (1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24, 99),
        ),
    ],
)
def test_what_is_told_beside(rule, told):
    said = every_way(f"{rule} sid:99;)\n{RULES}", FRAMES, "no")
    assert tuple(sorted(said)) == told


def test_of_two_that_let_pass_the_first_decides():
    packets = "pass tcp any any -> any any (flow:established,to_server; sid:98;)\n"
    stream = 'pass tcp any any -> any any (content:"/one"; sid:99;)\n'
    assert set(every_way(packets + stream + RULES, FRAMES, "no")) == {2, 4, 12, 14, 22, 24}
    assert set(every_way(stream + packets + RULES, FRAMES, "no")) == {2}


def test_what_is_silenced_is_not_counted():
    rules = (
        'pass tcp-pkt any any -> any any (content:"/one"; sid:98;)\n'
        'alert tcp-pkt any any -> any any (content:"GET"; '
        "threshold:type limit,track by_src,count 1,seconds 60; sid:99;)\n"
    )
    assert every_way(rules, FRAMES, "no") == {99: 1}


def test_marks_of_what_is_silenced_are_set():
    rules = (
        "pass udp any any -> any any (flow:to_server; flowbits:isnotset,seen; sid:1;)\n"
        "alert udp any any -> any any (flow:to_server; flowbits:set,seen; sid:2;)\n"
    )
    datagram = struct.pack(">HHHH", 50_000, 4000, 11, 0) + b"one"
    frames = [_ip(datagram, 17, CLIENT)] * 3
    assert every_way(rules, frames, "no") == {2: 2}


WHOLE, MINE = Part(7, None, own=True), Part(7, to_server=True, own=False)


def test_what_came_before_a_conversation_was_silenced_is_not_silenced():
    """Rows of loud rules are judged later than they came (ADR 29)."""
    silenced, unit = Silenced(), Unit()
    assert not silenced
    silenced.add((50, 5), WHOLE, drops=False)
    silenced.add((60, 6), WHOLE, drops=True)
    assert [silenced.holds((10 * at, at), WHOLE, unit) for at in (4, 5, 6, 7)] == [False, True, True, True]
    silenced.add((40, 4), WHOLE, drops=False)
    assert silenced.holds((40, 4), WHOLE, unit)
    assert not silenced.holds((39, 3), WHOLE, unit)
    assert not silenced.holds((50, 5), WHOLE._replace(flow=8), unit)


def test_one_packet_alone_is_silenced():
    silenced, unit = Silenced(), Unit()
    silenced.once((60, 6), WHOLE)
    assert [silenced.holds((10 * at, at), WHOLE, unit) for at in (5, 6, 7)] == [False, True, False]


def test_what_is_dropped_is_told_with_its_packet_and_the_other_sides_end_is_not():
    silenced, unit = Silenced(), Unit()
    silenced.add((50, 5), MINE, drops=True)
    assert not silenced.holds((50, 5), MINE, unit)
    assert silenced.holds((50, 5), MINE._replace(to_server=False), unit)
    assert silenced.holds((60, 6), MINE, unit)


def test_parts_of_a_packet_are_one_where_nothing_is_looked_at_later():
    unit = Unit(flow=7, to_server=True)
    assert part_of(unit, "stream", later=True) == MINE
    assert part_of(unit, "packet", later=True) == MINE._replace(own=True)
    assert part_of(unit, "stream", later=False) == part_of(unit, "packet", later=False) == WHOLE
