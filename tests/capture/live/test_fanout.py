"""Two processes share an interface: every flow goes to one of them, both directions alike, and no frame is lost."""

from __future__ import annotations

import os
import struct
import time
from collections import Counter

import pytest

from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import shared_row
from interlock.capture.live.socket import Options, open_fanout
from interlock.errors import SourceError

from .network import needs_namespaces
from .rings import SMALL
from .test_workers import Told, forked, kill

pytestmark = needs_namespaces
FLOWS, EACH = 64, 40


def segment(flow, number, *, back):
    """An Ethernet frame with an IPv4 TCP segment of the flow, which carries its number. Source: RFC 791, RFC 9293."""
    ends = [(0x0A000001 + flow % 7, 40000 + flow), (0x0A000101 + flow % 5, 502)]
    (source, source_port), (target, target_port) = reversed(ends) if back else ends
    payload = struct.pack(">HI", flow, number)
    tcp = struct.pack(">HHIIHHHH", source_port, target_port, 1, 1, 0x5018, 8192, 0, 0) + payload
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), number & 0xFFFF, 0x4000, 64, 6, 0, source, target)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF) + ip[12:]
    return bytes.fromhex("02000000000a02000000000b0800") + ip + tcp


def reader(ring, told):
    def work():
        source = LiveSource(ring, shared_row(), wait_s=0, calm_wait_s=0)
        while True:
            frames = source.batch(1.0)
            if frames is None:
                continue
            starts = (frames.offset + 54).tolist()
            told.tell_pairs([struct.unpack(">HI", frames.octets[at : at + 6].tobytes()) for at in starts])

    return work


class Pairs(Told):
    def tell_pairs(self, pairs):
        os.write(self.into, b"".join(struct.pack("<QI", flow, number) for flow, number in pairs))


def test_each_flow_goes_to_one_of_two_processes_and_none_is_lost(network):
    network.pair()
    with network.inside():
        rings = open_fanout("a0", 2, 4711, SMALL)
    told = [Pairs(), Pairs()]
    children = [forked(reader(ring, each)) for ring, each in zip(rings, told, strict=True)]
    try:
        with network.sender() as sender:
            for number in range(EACH):
                for flow in range(FLOWS):
                    sender.send(segment(flow, number, back=bool(number % 2)))
                for each in told:
                    each.drain()
        end = time.monotonic() + 5
        while sum(len(each.drain()) for each in told) < FLOWS * EACH and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        for child in children:
            kill(child)
    heard = [Counter(flow for flow, _ in each.drain()) for each in told]
    assert all(len(flows) > FLOWS // 8 for flows in heard)  # both work
    assert not set(heard[0]) & set(heard[1])
    assert heard[0] + heard[1] == Counter(dict.fromkeys(range(FLOWS), EACH))
    for each, ring in zip(told, rings, strict=True):
        each.close()
        ring.close()


def test_a_group_of_another_kind_is_refused(network):
    network.pair()
    with network.inside():
        (ring,) = open_fanout("a0", 1, 9, SMALL)
        with pytest.raises(
            SourceError, match=r"^a0: cannot share its frames in group 9 .*choose another group$"
        ):
            open_fanout("a0", 1, 9, SMALL, Options(defrag=False))
    ring.close()
