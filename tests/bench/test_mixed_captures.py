"""Captures multiplied: same conversations, other machines, checksums as right or wrong as before."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.bench.address_shift import shifted
from interlock.bench.mixed_captures import write_mixed_captures

DEMO = Path(__file__).parents[2] / "demo"


def folded(octets: bytes) -> int:
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def datagram(source: bytes, target: bytes, protocol: int, payload: bytes) -> bytes:
    head_octets, at = (20, 16) if protocol == 6 else (8, 6)
    transport = bytearray(head_octets) + payload
    total = folded(source + target + struct.pack(">HH", protocol, len(transport)) + transport)
    transport[at : at + 2] = struct.pack(">H", (~total & 0xFFFF) or 0xFFFF)
    head = struct.pack(">BBHHHBB2x", 0x45, 0, 20 + len(transport), 7, 0, 64, protocol) + source + target
    return head[:10] + struct.pack(">H", ~folded(head) & 0xFFFF) + head[12:] + bytes(transport)


def shift(frame: bytes, copy: int) -> bytes:
    octets = np.frombuffer(frame, np.uint8)
    return shifted(octets, np.array([0]), np.array([len(frame)], np.int32), copy).tobytes()


address = st.binary(min_size=4, max_size=4)


@given(
    st.tuples(address, address),
    st.sampled_from([6, 17]),
    st.binary(max_size=40),
    st.integers(1, 255),
    st.booleans(),
)
def test_moved_datagrams_keep_their_checksums_right(
    ends: tuple[bytes, bytes], protocol: int, payload: bytes, copy: int, tagged: bool
) -> None:
    source, target = ends
    tag = b"\x81\x00\x00\x64" if tagged else b""
    packet = datagram(source, target, protocol, payload)
    frame = b"\x02\0\0\0\0\x01\x01\0\0\0\0\x02" + tag + b"\x08\x00" + packet
    moved = shift(frame, copy)
    ip = moved[14 + len(tag) :]
    assert folded(ip[:20]) == 0xFFFF
    assert folded(ip[12:20] + struct.pack(">HH", protocol, len(ip) - 20) + ip[20:]) == 0xFFFF
    assert moved[:6] == bytes([2, 0, 0, copy, 0, 1])
    assert moved[6:12] == frame[6:12]  # a group address stays
    for at, before in ((12, source), (16, target)):
        unicast = 0 < before[0] < 224
        assert ip[at + 1] == (before[1] ^ copy if unicast else before[1])
    assert without_sums(shift(moved, copy), tag, protocol) == without_sums(frame, tag, protocol)


def without_sums(frame: bytes, tag: bytes, protocol: int) -> bytes:
    """Leave the checksums out, since two zeros are equal to them."""
    ip = 14 + len(tag)
    transport = ip + 20 + (16 if protocol == 6 else 6)
    return frame[: ip + 10] + frame[ip + 12 : transport] + frame[transport + 2 :]


@given(st.binary(max_size=80), st.integers(1, 255))
def test_any_frame_is_moved_without_harm(frame: bytes, copy: int) -> None:
    padded = np.frombuffer(frame + bytes(64), np.uint8)
    moved = shifted(padded, np.array([0]), np.array([len(frame)], np.int32), copy)
    assert not moved[len(frame) :].any()


def test_addresses_in_arp_move_as_those_in_headers_do() -> None:
    mac, other = b"\x02\0\0\0\0\x01", bytes(6)
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + mac + b"\x0a\0\0\x01" + other + b"\x0a\0\0\x02"
    moved = shift(b"\xff" * 6 + mac + b"\x08\x06" + body, 3)
    assert moved[:6] == b"\xff" * 6
    assert moved[22:42] == b"\x02\0\0\x03\0\x01" + b"\x0a\x03\0\x01" + other + b"\x0a\x03\0\x02"


@pytest.fixture
def mixture() -> tuple[bytes, dict[str, int]]:
    target = io.BytesIO()
    mixture = write_mixed_captures(target, [str(DEMO)], 2)
    return target.getvalue(), {
        "captures": mixture.captures,
        "packets": mixture.packets,
        "size": mixture.octets,
    }


def test_the_demo_captures_twice_are_every_frame_twice_in_time_order(mixture) -> None:
    capture, counts = mixture
    assert counts["size"] == len(capture)
    assert counts["captures"] == 3
    sizes, times, at = [], [], 24
    while at < len(capture):
        seconds, micros, caplen, wirelen = struct.unpack_from("<IIII", capture, at)
        assert caplen <= wirelen
        sizes.append(caplen)
        times.append(seconds * 1_000_000 + micros)
        at += 16 + caplen
    half = len(sizes) // 2
    assert len(sizes) == counts["packets"]
    assert sizes[:half] == sizes[half:]
    assert times == sorted(times)
