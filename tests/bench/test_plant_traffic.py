"""The synthetic plant, read back by a reader of this test's own: struct, a socket's checksum, TCP by hand."""

from __future__ import annotations

import hashlib
import io
import itertools
import struct
from collections import Counter, defaultdict
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.bench.plant_traffic import write_plant_traffic


@dataclass
class Packet:
    time: float
    tagged: bool
    key: tuple
    flags: int
    seq: int
    ack: int
    payload: bytes


def internet_checksum(octets: bytes) -> int:
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def read(capture: bytes) -> list[Packet]:
    assert struct.unpack_from("<IHH", capture) == (0xA1B2C3D4, 2, 4)
    packets, at = [], 24
    while at < len(capture):
        seconds, micros, caplen, wirelen = struct.unpack_from("<IIII", capture, at)
        assert caplen == wirelen >= 60
        frame, at = capture[at + 16 : at + 16 + caplen], at + 16 + caplen
        tagged = frame[12:14] == b"\x81\x00"
        ip = frame[18:] if tagged else frame[14:]
        assert frame[16 if tagged else 12 :][:2] == b"\x08\x00"
        total = struct.unpack_from(">H", ip, 2)[0]
        assert internet_checksum(ip[:20]) == 0xFFFF
        tcp = ip[20:total]
        assert internet_checksum(ip[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp) == 0xFFFF
        assert not any(ip[total:])
        ports = struct.unpack_from(">HH", tcp)
        seq, ack, flags = struct.unpack_from(">IIH", tcp, 4)
        key = (ip[12:16], ports[0], ip[16:20], ports[1])
        packets.append(Packet(seconds + micros / 1e6, tagged, key, flags & 0x3F, seq, ack, tcp[20:]))
    return packets


def streams(packets: list[Packet]) -> dict[tuple, bytes]:
    """Join each direction; every packet must continue exactly where its direction stands."""
    following: dict[tuple, int] = {}
    joined: dict[tuple, bytearray] = defaultdict(bytearray)
    for packet in packets:
        back = (*packet.key[2:], *packet.key[:2])
        assert packet.seq == following.get(packet.key, packet.seq)
        if packet.flags & 0x10:
            assert packet.ack == following[back]
        following[packet.key] = (packet.seq + len(packet.payload) + (packet.flags >> 1 & 1)) & 0xFFFFFFFF
        joined[packet.key] += packet.payload
    return {key: bytes(octets) for key, octets in joined.items()}


def adus(stream: bytes) -> list[tuple[int, int, bytes]]:
    found, at = [], 0
    while at + 8 <= len(stream):
        transaction, protocol, length = struct.unpack_from(">HHH", stream, at)
        assert protocol == 0
        if at + 6 + length > len(stream):
            break
        found.append((transaction, stream[at + 7], stream[at + 8 : at + 6 + length]))
        at += 6 + length
    return found


def make(packets: int, **options: int) -> tuple[bytes, dict]:
    target = io.BytesIO()
    truth = write_plant_traffic(target, packets, **options)
    return target.getvalue(), truth.as_json()


@pytest.fixture(scope="module")
def plant() -> tuple[bytes, list[Packet], dict]:
    capture, truth = make(60_000)
    return capture, read(capture), truth


def test_every_count_of_the_truth_is_what_a_second_reader_counts(plant) -> None:
    capture, packets, truth = plant
    asked, answered, refused = Counter(), Counter(), Counter()
    for key, stream in streams(packets).items():
        for _, function, _ in adus(stream):
            (asked if key[3] == 502 else answered)[str(function & 0x7F)] += 1
            refused[str(function & 0x7F)] += function >> 7
    assert truth["requests"] == dict(asked)
    assert truth["answers"] == dict(answered)
    assert truth["exceptions"] == dict(+refused)
    assert truth["packets"] == len(packets) == 60_000
    assert truth["octets"] == len(capture)
    assert truth["tagged_packets"] == sum(packet.tagged for packet in packets)
    assert truth["connections"] == len({packet.key for packet in packets if packet.flags == 0x02})


def test_shares_are_those_that_the_measurement_promises(plant) -> None:
    _, packets, truth = plant
    assert truth["mean_frame_octets"] == pytest.approx(90, abs=2)
    assert truth["tagged_packets"] / truth["packets"] == pytest.approx(0.10, abs=0.01)
    assert truth["pipelined_adus"] / truth["adus"] == pytest.approx(0.01, abs=0.002)
    assert truth["split_adus"] / truth["adus"] == pytest.approx(0.01, abs=0.002)
    assert [packet.time for packet in packets] == sorted(packet.time for packet in packets)


def test_answers_follow_their_requests_with_the_same_transaction_and_fitting_length(plant) -> None:
    _, packets, _ = plant
    joined = streams(packets)
    for key in [key for key in joined if key[3] == 502]:
        asked, answered = adus(joined[key]), adus(joined[*key[2:], *key[:2]])
        transactions = [transaction for transaction, _, _ in asked]
        assert transactions == [(transactions[0] + i) & 0xFFFF for i in range(len(transactions))]
        for (transaction, function, request), (echoed, code, answer) in zip(asked, answered, strict=False):
            assert (echoed, code & 0x7F) == (transaction, function)
            if code in {3, 4}:
                assert len(answer) - 1 == answer[0] == 2 * struct.unpack_from(">H", request, 2)[0]
            elif code in {5, 6, 16}:
                assert answer == request[:4]


def test_registers_move_as_a_process_does(plant) -> None:
    _, packets, _ = plant
    steps, span = [], []
    for key, stream in streams(packets).items():
        if key[1] == 502:
            blocks = defaultdict(list)
            for _, function, body in adus(stream):
                if function == 3:
                    blocks[len(body)].append(struct.unpack(f">{body[0] // 2}H", body[1:]))
            for rows in blocks.values():
                for before, after in itertools.pairwise(rows):
                    steps += [abs(a - b) for a, b in zip(before, after, strict=True) if abs(a - b) < 60_000]
                span += rows[0]
    assert sorted(steps)[len(steps) // 2] <= 1
    assert sum(step > 200 for step in steps) / len(steps) < 0.1
    assert max(span) - min(span) > 20_000


def test_equal_seeds_give_equal_octets_and_other_seeds_others() -> None:
    digests = [hashlib.sha256(make(3000, seed=seed)[0]).digest() for seed in (7, 7, 8)]
    assert digests[0] == digests[1] != digests[2]


@settings(max_examples=25, deadline=None)
@given(packets=st.integers(1, 2500), plcs=st.integers(1, 300), seed=st.integers(0, 1 << 30))
def test_any_size_holds_exactly_as_many_packets_and_a_whole_truth(packets: int, plcs: int, seed: int) -> None:
    capture, truth = make(packets, plcs=plcs, seed=seed)
    found = read(capture)
    assert len(found) == packets == truth["packets"]
    counted = sum(len(adus(stream)) for stream in streams(found).values())
    assert truth["adus"] == counted
