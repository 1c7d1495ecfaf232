"""Connections that nobody saw open: what each setting makes of them, in workers, in the judge and the plain way.

What `no` and `yes` are to say follows from the Suricata user guide ("Stream engine", `midstream`) and its source.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import ACK, CLIENT, PSH, SERVER, SYN, Tcp, _ip
from decode.wire import read
from detect.signatures.engine.over_wire import alerts, conversation, every_way, summed
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.midstream import Begun

RULES = """
alert tcp any any -> any any (msg:"anything"; content:"needle"; sid:1;)
alert tcp any any -> any any (msg:"established"; flow:established; content:"needle"; sid:2;)
alert tcp any any -> any any (msg:"not yet"; flow:not_established; content:"needle"; sid:3;)
alert tcp any any -> any any (msg:"asked"; flow:to_server; content:"needle"; sid:4;)
alert tcp any any -> any any (msg:"answered"; flow:to_client; content:"needle"; sid:5;)
alert tcp any any -> any any (msg:"across two"; content:"hay|0d 0a|needle"; sid:6;)
alert tcp any any -> any any (msg:"of a stream"; flow:only_stream; content:"needle"; sid:7;)
alert tcp-pkt any any -> any any (msg:"of a packet"; content:"needle"; sid:8;)
alert tcp any any -> any any (msg:"much"; stream_size:client,>,1; content:"needle"; sid:9;)
alert tcp any any -> any any (msg:"begins so"; content:"needle"; depth:6; sid:10;)
"""
HTTP = """
alert http any any -> any any (msg:"head"; content:"needle"; sid:20;)
alert http any any -> any any (msg:"buffer"; http.uri; content:"needle"; sid:21;)
alert tcp any any -> any any (msg:"spoken"; flow:to_server; app-layer-protocol:http; content:"needle"; sid:22;)
alert tcp any any -> any any (msg:"octets"; content:"needle"; sid:23;)
"""
HAY, NEEDLE = b"hay\r\n", b"needle is here"


def rules_of(found):
    return set(found)


@pytest.mark.parametrize(
    ("midstream", "opened", "expected"),
    [
        ("own", True, {1, 2, 4, 6, 7, 8, 9}),
        ("no", True, {1, 2, 4, 6, 7, 8, 9}),
        ("yes", True, {1, 2, 4, 6, 7, 8, 9}),
        ("own", False, {1, 2, 4, 6, 7, 8, 9}),
        # Neither a stream nor established; each segment is looked at by itself, as if it were a stream, but for
        # `only_stream`.
        ("no", False, {1, 3, 4, 8, 10}),
        ("yes", False, {1, 2, 4, 6, 7, 8, 9}),
    ],
)
def test_a_client_that_is_heard_first(midstream, opened, expected):
    frames = conversation((CLIENT, HAY), (SERVER, b"."), (CLIENT, NEEDLE), opened=opened)
    begins = expected | {10}  # a packet begins with it, whatever its stream is
    assert rules_of(every_way(RULES, frames, midstream)) == begins


@pytest.mark.parametrize(
    ("midstream", "opened", "expected"),
    [
        ("own", True, {5}),
        ("no", True, {5}),
        ("yes", True, {5}),
        ("no", False, {4}),
        ("yes", False, {4}),
    ],
)
def test_a_server_that_is_heard_first_counts_as_the_client(midstream, opened, expected):
    frames = conversation((SERVER, NEEDLE), (CLIENT, b"."), opened=opened)
    assert rules_of(every_way(RULES, frames, midstream)) & {4, 5} == expected


@pytest.mark.parametrize(("midstream", "expected"), [("no", {4}), ("yes", {5})])
def test_whom_a_syn_ack_answers_is_the_client(midstream, expected):
    connection = Tcp(4000)
    connection.segment(SERVER, flags=SYN | ACK)
    connection.segment(CLIENT, flags=ACK)
    connection.segment(SERVER, NEEDLE)
    assert rules_of(every_way(RULES, [*map(summed, connection.frames)], midstream)) & {4, 5} == expected


def test_half_a_capture_shows_no_connection():
    """Of a mirror port that hears one way only, a SYN and what its sender says: Suricata waits for the SYN/ACK."""
    connection = Tcp(4000)
    connection.segment(CLIENT, flags=SYN)
    connection.segment(CLIENT, flags=ACK)
    connection.segment(CLIENT, NEEDLE)
    assert rules_of(every_way(RULES, [*map(summed, connection.frames)], "no")) == {1, 3, 4, 8, 10}
    assert 2 in every_way(RULES, [*map(summed, connection.frames)], "own")
    assert {3, 4} <= rules_of(every_way(RULES, [*map(summed, connection.frames)], "yes")) <= {1, 3, 4, 8, 10}


def test_the_packet_that_a_connection_is_joined_with_is_in_none_yet():
    first = conversation((CLIENT, NEEDLE), (SERVER, b"."), opened=False)
    later = conversation((CLIENT, b"."), (CLIENT, NEEDLE), (SERVER, b"."), opened=False)
    rules = """
alert tcp-pkt any any -> any any (msg:"established"; flow:established; content:"needle"; sid:2;)
alert tcp-pkt any any -> any any (msg:"not yet"; flow:not_established; content:"needle"; sid:3;)
alert tcp any any -> any any (msg:"of its stream"; flow:established,only_stream; content:"needle"; sid:7;)
"""
    assert rules_of(every_way(rules, first, "yes")) == {3, 7}
    assert rules_of(every_way(rules, later, "yes")) == {2, 7}
    assert rules_of(every_way(rules, first, "own")) == {2, 7}


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_how_much_was_sent_is_known_where_no_rule_asks_for_streams(midstream):
    frames = conversation((CLIENT, NEEDLE), (SERVER, b"abc"), (CLIENT, NEEDLE))
    rules = "".join(
        f'alert tcp any any -> any any (msg:"{n}"; dsize:>0; stream_size:client,=,{n}; sid:{n};)\n'
        for n in range(1, 40)
    )
    assert every_way(rules, frames, midstream) == {1 + len(NEEDLE): 2, 1 + 2 * len(NEEDLE): 1}


def test_both_ends_of_a_connection_have_their_last_chunks():
    """Both are there when it is over: one alert of a rule for both directions would hide the other."""
    rules = 'alert tcp any any <> any any (msg:"either"; flow:only_stream; content:"needle"; sid:7;)'
    frames = conversation((CLIENT, NEEDLE), (SERVER, NEEDLE))
    for midstream in ("no", "yes"):
        assert every_way(rules, frames, midstream) == {7: 2}


def test_octets_of_a_syn_do_not_make_its_connection_a_strange_one():
    connection = Tcp(4000)
    connection.segment(CLIENT, b"early", flags=SYN)
    connection.segment(SERVER, flags=SYN | ACK)
    connection.segment(CLIENT, NEEDLE, flags=ACK | PSH)
    assert 2 in every_way(RULES, [*map(summed, connection.frames)], "no")


@pytest.mark.parametrize(
    ("midstream", "opened", "expected"),
    [
        ("own", True, {20, 21, 22, 23}),
        ("no", True, {20, 21, 22, 23}),
        ("own", False, {20, 21, 22, 23}),
        ("no", False, {23}),
        ("yes", False, {20, 21, 22, 23}),
    ],
)
def test_what_a_connection_speaks(midstream, opened, expected):
    request = b"GET /needle HTTP/1.1\r\nHost: a\r\n\r\n"
    frames = conversation((CLIENT, request), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), opened=opened, port=80)
    assert rules_of(every_way(HTTP, frames, midstream)) == expected


@pytest.mark.parametrize(("opened", "expected"), [(True, {30}), (False, set())])
def test_requests_of_no_connection_are_none(opened, expected):
    rule = "alert modbus any any -> any any (modbus: function 3; sid:30;)"
    frames = conversation((CLIENT, read(1)), opened=opened, port=502)
    assert rules_of(every_way(rule, frames, "no")) == expected
    assert rules_of(every_way(rule, frames, "own")) == {30}


def datagram(side, octets, ports):
    pair = ports if side == CLIENT else ports[::-1]
    head = b"".join(number.to_bytes(2, "big") for number in (*pair, 8 + len(octets), 0))
    return _ip(head + octets, 17, side)


@pytest.mark.parametrize("midstream", ["no", "yes"])
def test_who_sends_the_first_datagram_is_the_client(midstream):
    """A port of a server says who that is; Suricata looks at who came first."""
    rules = """
alert udp any any -> any any (msg:"asked"; flow:to_server; content:"needle"; sid:40;)
alert udp any any -> any any (msg:"both"; flow:established; content:"answer"; sid:41;)
"""
    read_request = bytes.fromhex("81 0a 00 11 01 04 00 05 01 0c 0c 02 3f ff ff 19 55")  # BACnet
    frames = [datagram(SERVER, b"needle", (47900, 47808)), datagram(CLIENT, read_request, (47900, 47808)),
              datagram(SERVER, b"answer", (47900, 47808))]  # fmt: skip
    assert rules_of(every_way(rules, frames, midstream)) == {40, 41}
    assert rules_of(alerts(rules, frames)) == {41}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([CLIENT, SERVER]),
            st.sampled_from([HAY, NEEDLE, b"n", b"eedle", b"hay\r\nneed", b"le"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_no_says_of_opened_connections_what_own_says(sent, opened):
    own, no, yes = (every_way(RULES, conversation(*sent, opened=opened), one) for one in ("own", "no", "yes"))
    if opened:
        assert no == yes
        # Chunks are fewer than segments, and more has been sent when they are complete (`stream_size`).
        assert set(own) == set(no) - {9} | set(own) & {9}
    else:
        assert not {2, 6, 9} & set(no) - {6}
        assert no.get(3, 0) == sum(NEEDLE in octets for _, octets in sent)
        ways = {4, 5, 9}
        assert set(own) - ways == set(yes) - ways


@pytest.mark.parametrize("midstream", ["no", "yes"])
def test_segments_out_of_order(midstream):
    """One that filled a hole comes as a packet first, and again with those that waited for it."""
    first, second, third = conversation(
        (CLIENT, HAY), (CLIENT, b"in between"), (CLIENT, NEEDLE), opened=False
    )
    assert every_way(RULES, [first, third, second], midstream)[1] == 1


def test_marks_of_packets_are_seen_by_rules_about_buffers():
    """Whatever number the conversation has: half of them have one that needs all 64 bits."""
    rules = """
alert tcp any any -> any any (flow:to_server; content:"needle"; flowbits:set,seen; flowbits:noalert; sid:50;)
alert http any any -> any any (flowbits:isset,seen; http.stat_code; content:"200"; sid:51;)
"""
    for client_port in range(50_000, 50_008):
        connection = Tcp(80, client_port)
        connection.open()
        connection.segment(CLIENT, b"GET /needle HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.segment(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert every_way(rules, connection.frames) == {51: 1}


def test_beginnings_are_kept_over_a_restart():
    memory, after = Memory(), Memory()
    memory.begin(7, Begun(1, 2000, joined=True, answered=False))
    memory.begin(-8, Begun(5, None, joined=False))
    after.restore(memory.state())
    assert after.begun == memory.begun
    assert after.joined(7)
    assert not after.joined(-8)
    assert not after.joined(9)
