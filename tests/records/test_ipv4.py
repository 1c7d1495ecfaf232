"""IPv4 as numbers means what the standard library means."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.ipv4 import ipv4_number, is_global_ipv4, is_multicast_ipv4, is_public_ipv4

DOCUMENTATION = [ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def standard(text):
    try:
        return int(ipaddress.IPv4Address(text))
    except ValueError:
        return None


@given(st.integers(0, 2**32 - 1))
def test_numbers_are_those_of_the_standard_library(number):
    address = ipaddress.IPv4Address(number)
    assert ipv4_number(str(address)) == number
    assert is_global_ipv4(number) == address.is_global
    assert is_multicast_ipv4(number) == address.is_multicast


@pytest.mark.parametrize("first", range(256))
def test_every_first_octet_is_judged_as_there(first):
    for rest in (
        0,
        1,
        0x0000FF,
        0x100000,
        0x400000,
        0x586301,
        0xA80000,
        0x336401,
        0x007101,
        0x800000,
        0xFFFFFF,
    ):
        address = ipaddress.IPv4Address(first << 24 | rest)
        assert is_global_ipv4(int(address)) == address.is_global, address


@given(st.text(alphabet="0123456789.٣²ax ", max_size=17) | st.text(max_size=8))
def test_any_text_is_an_address_where_it_is_one_there(text):
    assert ipv4_number(text) == standard(text)


@given(st.integers(0, 2**32 - 1))
def test_strangers_are_who_is_global(number):
    documented = any(ipaddress.IPv4Address(number) in network for network in DOCUMENTATION)
    assert is_public_ipv4(number) == (is_global_ipv4(number) or documented)


@pytest.mark.parametrize("network", DOCUMENTATION)
def test_and_whom_documentation_names(network):
    assert is_public_ipv4(int(network[0]))
    assert is_public_ipv4(int(network[255]))
    assert not is_public_ipv4(int(network[255]) + 1) or is_global_ipv4(int(network[255]) + 1)
