"""Frames: checksums that add up, lengths that a card would send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.plant.wire.frames import ACK, PSH, End, internet_checksum, tcp, udp

A, B = End.of("02:00:00:00:00:01", "10.77.1.1"), End.of("02:00:00:00:00:02", "10.77.1.2")


def adds_up(octets: bytes) -> bool:
    return internet_checksum(octets) == 0


@given(st.binary(max_size=1460), st.integers(0, 2**33), st.integers(0, 65535))
def test_checksums_of_tcp_add_up(payload, number, port) -> None:
    frame = tcp(A, B, (port, 502), (number, 7), PSH | ACK, payload, 9)
    length = int.from_bytes(frame[16:18], "big")
    assert length == 40 + len(payload)
    assert adds_up(frame[14:34])
    pseudo = frame[26:34] + b"\x00\x06" + (20 + len(payload)).to_bytes(2, "big")
    assert adds_up(pseudo + frame[34 : 14 + length])
    assert len(frame) >= 60


@given(st.binary(max_size=600))
def test_checksums_of_udp_add_up(payload) -> None:
    frame = udp(A, B, (1, 2), payload)
    length = 8 + len(payload)
    assert int.from_bytes(frame[38:40], "big") == length
    assert adds_up(frame[26:34] + b"\x00\x11" + length.to_bytes(2, "big") + frame[34 : 34 + length])


@pytest.mark.parametrize("mac", ["", "02:00:00:00:00", "zz:00:00:00:00:01"])
def test_what_is_no_hardware_address_is_refused(mac) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal|hardware address"):
        End.of(mac, "10.0.0.1")
