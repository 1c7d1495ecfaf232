"""A conversation that was silent for long begins anew, and one in two VLANs is two, where Suricata has it so.

Its configuration as it is delivered: `flow-timeouts`, `vlan.use-for-tracking`; times and cases as 7.0.10 had them.
"""

from __future__ import annotations

import struct

import pytest

from decode import feed
from decode.feed import ACK, CLIENT, FIN, SERVER, SYN, Tcp, _ip
from detect.signatures.engine.over_wire import every_way, summed

RULES = """
alert ip any any -> any any (msg:"first"; content:"first"; flowbits:set,seen; sid:1;)
alert ip any any -> any any (msg:"marked"; content:"later"; flowbits:isset,seen; sid:2;)
alert ip any any -> any any (msg:"asks"; content:"later"; flow:to_server; sid:3;)
alert ip any any -> any any (msg:"answers"; content:"later"; flow:to_client; sid:4;)
alert ip any any -> any any (msg:"established"; content:"later"; flow:established; sid:5;)
"""
GOES_ON, ANEW = {1, 2, 4, 5}, {1, 3}


def datagram(side: int, octets: bytes) -> bytes:
    ports = (40000, 9999)
    return _ip(struct.pack(">HHHH", ports[side], ports[1 - side], 8 + len(octets), 0) + octets, 17, side)


def tagged(frame: bytes, number: int) -> bytes:
    return frame[:12] + struct.pack(">HH", 0x8100, number) + frame[12:]


@pytest.mark.parametrize("midstream", ["no", "yes"])
@pytest.mark.parametrize(
    ("answered", "seconds", "seen"),
    [
        (False, 30.4, GOES_ON),
        (False, 30.6, ANEW),
        (True, 299.0, GOES_ON),
        (True, 300.6, ANEW),
        (True, 900.0, ANEW),
    ],
)
def test_datagrams(midstream, answered, seconds, seen):
    frames = [datagram(0, b"first"), *([datagram(1, b"answer")] * answered), datagram(1, b"later")]
    times = [0.5, 0.5, 0.5 + seconds] if answered else [0.5, 0.5 + seconds]
    assert set(every_way(RULES, frames, midstream, seconds=times)) == seen


def test_an_own_look_goes_on():
    frames = [datagram(0, b"first"), datagram(1, b"answer"), datagram(1, b"later")]
    assert set(every_way(RULES, frames, "own", seconds=[0, 0, 500])) == GOES_ON


def connection(*, joined: bool = False, closed: bool = False) -> list[bytes]:
    made = Tcp(9999)
    if not joined:
        made.open()
    made.segment(CLIENT, b"first")
    made.segment(SERVER, flags=ACK)
    if closed:
        made.segment(CLIENT, flags=FIN | ACK)
    made.segment(SERVER, b"later")
    made.segment(CLIENT, flags=ACK)
    return [*map(summed, made.frames)]


@pytest.mark.parametrize(
    ("midstream", "how", "seconds", "seen"),
    [
        ("no", {}, 590.0, GOES_ON),
        ("no", {}, 601.6, ANEW),
        ("yes", {}, 601.6, ANEW | {5}),
        ("no", {"closed": True}, 400.0, GOES_ON),
        ("no", {"closed": True}, 700.0, ANEW),
        ("no", {"joined": True}, 50.0, {1, 2, 4}),
        ("no", {"joined": True}, 70.0, ANEW),
        ("yes", {"joined": True}, 70.0, GOES_ON),
        ("yes", {"joined": True}, 700.0, ANEW | {5}),
    ],
)
def test_connections(midstream, how, seconds, seen):
    frames = connection(**how)
    times = [0.5] * (len(frames) - 2) + [0.5 + seconds] * 2
    assert set(every_way(RULES, frames, midstream, seconds=times)) == seen


@pytest.mark.parametrize(("numbers", "seen"), [((10, 10), GOES_ON), ((10, 11), ANEW), ((0, None), GOES_ON)])
def test_two_vlans(numbers, seen):
    both = zip((datagram(0, b"first"), datagram(1, b"later")), numbers, strict=True)
    frames = [frame if number is None else tagged(frame, number) for frame, number in both]
    assert set(every_way(RULES, frames, "no")) == seen
    assert set(every_way(RULES, frames, "own")) == GOES_ON


def test_records_of_others_are_as_without_rules():
    """Nothing of it is a flow, and requests are read as if nobody had asked for buffers."""
    frames = [
        *(tagged(frame, 7 + n % 2) for n, frame in enumerate(connection())),
        tagged(datagram(0, b"first"), 5),
        tagged(datagram(1, b"later"), 6),
    ]
    asked = frozenset({"packet", "stream", "stream.chunked", "flow.first", "flow.joined"})
    with_rules, without = feed.run(frames, buffers=asked), feed.run(frames)
    for name in without:
        assert with_rules[name] == without[name]


def test_vlans_by_the_thousand_are_told_apart():
    frames = [tagged(datagram(n % 2, b"later"), n) for n in range(1, 4095)]
    asked = frozenset({"packet", "stream.chunked"})
    rows = feed.run(frames, buffers=asked)
    assert len(rows["flows"]) == 1
    assert len({row["flow"] for row in rows["payloads"]}) == len(frames)


def test_a_connection_that_is_opened_again_after_a_silence():
    made = Tcp(9999)
    made.segment(CLIENT, flags=SYN)
    made.segment(SERVER, flags=SYN | ACK)
    made.segment(CLIENT, flags=ACK)
    made.segment(CLIENT, b"later")
    frames = [*map(summed, made.frames)]
    assert 5 in every_way(RULES, frames, "no", seconds=[0, 5, 5, 5])
    assert 5 not in every_way(RULES, frames, "no", seconds=[0, 65, 65, 65])
