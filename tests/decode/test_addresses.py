"""Addresses are spelled as RFC 5952 and everybody else does, however often they were spelled before."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.addresses import address_text, ipv4_text, mac_text


@given(st.integers(0, (1 << 32) - 1))
def test_ipv4_is_dotted_decimal(number: int) -> None:
    assert ipv4_text(number) == address_text(4, 0, number) == str(IPv4Address(number))


@given(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1))
def test_ipv6_is_shortened(high: int, low: int) -> None:
    assert address_text(6, high, low) == str(IPv6Address(high << 64 | low))


@given(st.binary(min_size=6, max_size=6))
def test_macs_keep_their_zeros(octets: bytes) -> None:
    number = int.from_bytes(octets, "big")
    assert mac_text(number) == address_text(0, 0, number) == ":".join(f"{o:02x}" for o in octets)
