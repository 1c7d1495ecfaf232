"""One flow per conversation, whichever side speaks first, and no room lost to many of them."""

from __future__ import annotations

import struct

import numpy as np

from decode import feed
from decode.wire import answer, decode, ipv4, read, segment, udp_head
from interlock.decode.flows import Flows
from interlock.decode.packet import Packet
from interlock.decode.words import Words


def test_thousands_of_conversations_are_as_many_flows() -> None:
    frames: list[bytes] = []
    for port in range(20000, 23000):
        connection = feed.Tcp(502, port)
        connection.segment(feed.CLIENT, read())
        frames += connection.frames
    flows = decode(frames, batch=500)["flows"]
    assert sorted(f["client_port"] for f in flows) == list(range(20000, 23000))
    assert len({f["flow"] for f in flows}) == 3000


def test_the_server_may_be_heard_first() -> None:
    frames = [
        feed.ethernet(ipv4(segment(side, octets, seq=1000 + side), side=side), 0x0800, side=side)
        for side, octets in ((1, answer(1, 7)), (0, read(2)))
    ]
    (flow,) = decode(frames)["flows"]
    assert (flow["client"], flow["server"], flow["server_port"]) == ("10.0.0.1", "10.0.0.2", 502)


def test_each_end_is_told_with_the_times_of_the_link_address_it_has_now() -> None:
    """The server's place is taken at 4 s while the client goes on asking; nobody answers after 5 s."""
    spare = bytes.fromhex("020000000077")
    asked, told = (feed.ethernet(ipv4(udp_head(502, read()), protocol=17), 0x0800), feed.ethernet(
        ipv4(struct.pack(">HHHH", 502, 40000, 8, 0), protocol=17, side=1), 0x0800, side=1))  # fmt: skip
    taken = told[:6] + spare + told[12:]
    frames = [asked, told, asked, taken, taken, asked]
    seconds = [1, 2, 3, 4, 5, 6]
    (flow,) = decode(frames, time=[s * 10**9 for s in seconds])["flows"]
    assert flow["server_mac"] == "02:00:00:00:00:77"
    told_at = [flow[f"{end}_{which}"] for end in ("client", "server") for which in ("first", "last")]
    assert told_at == [s * 10**9 for s in (1, 6, 4, 5)]
    (alone,) = decode([asked])["flows"]
    assert (alone["server_first"], alone["server_last"]) == (None, None)


def _packet(frame: bytes) -> Packet:
    packet = Packet()
    packet.bind(memoryview(np.frombuffer(frame, np.uint8)))
    packet.parse(0, len(frame), 1)
    return packet


def test_nothing_is_left_in_a_slot_of_who_had_it_before() -> None:
    packet = _packet(feed.ethernet(ipv4(segment(0, read(1), seq=1), side=0), 0x0800, side=0))
    new, used = Flows(Words()), Flows(Words())
    new.find(packet)
    slot = used.find(packet)
    for name, column in used.columns.items():
        if name not in ("key", "alive"):  # both belong to the table, which is searched by them
            column[slot] = 1
    used.forget_key(slot)
    used.release([slot])
    assert used.find(packet) == slot
    assert {name: column[slot].tolist() for name, column in used.columns.items()} == {
        name: column[slot].tolist() for name, column in new.columns.items()
    }


def test_connections_between_the_same_ends_do_not_crowd_the_table() -> None:
    flows = Flows(Words(), seed=7)
    for port in range(20000, 23000):
        octets = port.to_bytes(2, "big") + segment(0, read(1), seq=1)[2:]
        flows.find(_packet(feed.ethernet(ipv4(octets, side=0), 0x0800, side=0)))
    taken = "".join("x" if slot >= 0 else " " for slot in flows.table_array.tolist())
    assert taken.count("x") == 3000
    assert max(map(len, taken.split())) < 64
