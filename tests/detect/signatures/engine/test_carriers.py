"""A packet that carries another one is a packet of its own, with nothing in it; some of what is carried is not seen.

As Suricata 7.0.10 has it, asked frame by frame (docs/signatures.md, "What still differs from Suricata").
"""

from __future__ import annotations

import struct

import pytest

from decode import feed
from decode.feed import _ip, ethernet
from decode.wire import ipv4, ipv6, udp_head
from detect.signatures.engine.over_wire import every_way

RULES = """
alert ip any any -> any any (msg:"inner"; content:"needle"; sid:1;)
alert ip [10.0.0.1] any -> any any (msg:"its payload"; content:"needle"; sid:2;)
alert ip [10.0.0.1] any -> any any (msg:"carries IP"; ip_proto:4; sid:4;)
alert ip [10.0.0.1] any -> any any (msg:"carries IPv6"; ip_proto:41; sid:41;)
alert ip [10.0.0.1] any -> any any (msg:"carries by GRE"; ip_proto:47; sid:47;)
alert udp [10.0.0.1] any -> any [3544,4789,6081,37008] (msg:"a datagram that carries"; sid:17;)
alert ip [10.0.0.1] any -> any any (msg:"its header"; ttl:64; sid:64;)
"""
NEEDLE = struct.pack(">HHHH", 4000, 5000, 14, 0) + b"needle"


def version4() -> bytes:
    packet = bytearray(ipv4(NEEDLE, protocol=17))
    packet[12:16], packet[16:20] = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    return bytes(packet)


def version6() -> bytes:
    return ipv6(NEEDLE, after=17)


def frame() -> bytes:
    return ethernet(version4(), 0x0800)


def gre(kind: int, carried: bytes, flags: int = 0, more: bytes = b"") -> bytes:
    return _ip(struct.pack(">HH", flags, kind) + more + carried, 47, 0)


def datagram(port: int, octets: bytes) -> bytes:
    return _ip(udp_head(port, octets), 17, 0)


@pytest.mark.parametrize(
    ("octets", "seen"),
    [
        (_ip(version6(), 41, 0), {1, 41, 64}),
        (gre(0x0800, version4()), {1, 47, 64}),
        (gre(0x86DD, version6()), {1, 47, 64}),
        (gre(0x6558, frame()), {1, 47, 64}),
        (gre(0x88BE, frame()), {1, 47, 64}),
        (gre(0x88BE, b"\x10" + bytes(7) + frame(), 0x1000, bytes(4)), {1, 47, 64}),
        (gre(0x880B, b"\0\x21" + version4()), {1, 47, 64}),
        (datagram(4789, b"\x08" + bytes(7) + frame()), {1, 17, 64}),
        (datagram(6081, b"\0\0\x65\x58" + bytes(4) + frame()), {1, 17, 64}),
        (datagram(3544, version6()), {1, 17, 64}),
        # What Suricata does not take off.
        (_ip(version4(), 4, 0), {4, 64}),
        (gre(0x22EB, b"\x20" + bytes(11) + frame(), 0x1000, bytes(4)), {47, 64}),
        (gre(0x8847, b"\0\1\x11\x40" + version4()), {47, 64}),
        (datagram(37008, b"\1\0\0\1\1" + frame()), {1, 2, 17, 64}),
        (ethernet(b"\0\x50\0\1\x08\0" + version4(), 0x892F), set()),
        (ethernet(b"\0\1\x81\0" * 3 + b"\0\1\x08\0" + version4(), 0x8100), set()),
        (ethernet(b"\0\1\x81\0" * 2 + b"\0\1\x08\0" + version4(), 0x8100), {1}),
        # Payloads of other protocols are looked at by no rule.
        (_ip(b"needle", 50, 0), {64}),
        (_ip(struct.pack(">HHII", 5, 6, 1, 0) + b"needle", 132, 0), {1, 2, 64}),
    ],
)
def test_what_is_seen(octets, seen):
    for midstream in ("no", "yes"):
        assert set(every_way(RULES, [octets], midstream)) == seen


def test_an_own_look_takes_off_all_of_it():
    assert every_way(RULES, [_ip(version4(), 4, 0)]) == {1: 1, 4: 1}
    assert every_way(RULES, [ethernet(b"\0\x50\0\1\x08\0" + version4(), 0x892F)]) == {1: 1}


def test_carriers_are_no_flows():
    rows = feed.run([gre(0x0800, version4())], buffers=frozenset({"packet", "stream.chunked"}))
    assert [(flow["client"], flow["server_port"]) for flow in rows["flows"]] == [("192.0.2.1", 5000)]
