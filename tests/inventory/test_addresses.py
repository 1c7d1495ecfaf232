from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.inventory.addresses import Address, classify, eui64_mac, near, sort_key, virtual_router


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "0.1.2.3", "224.0.0.251", "239.255.255.250", "255.255.255.255", "::", "ff02::fb",
     "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:0e", "33:33:00:00:00:01", "00:00:00:00:00:00", "", "nonsense", "1.2.3",
     "00:11:22:33:44", "10.0.0.256"],
)  # fmt: skip
def test_groups_and_nonsense_are_no_machines(address):
    assert classify(address) == 0


@pytest.mark.parametrize(
    ("address", "flag"),
    [("8.8.8.8", Address.PUBLIC), ("2001:4860::8888", Address.PUBLIC), ("169.254.1.1", Address.LINK_LOCAL),
     ("fe80::1", Address.LINK_LOCAL), ("00:0e:8c:00:00:01", Address.MAC), ("02:0e:8c:00:00:01", Address.LOCAL_ADMIN),
     ("00:00:5e:00:01:0a", Address.VIRTUAL), ("00:00:0c:07:ac:01", Address.VIRTUAL), ("fe80::1%eth0", Address.V6)],
)  # fmt: skip
def test_flags(address, flag):
    assert classify(address) & Address.MACHINE
    assert classify(address) & flag


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "100.64.0.1", "fd00::1"]
)
def test_inner_addresses_are_not_public(address):
    assert classify(address) & Address.MACHINE
    assert not classify(address) & Address.PUBLIC


def test_virtual_routers_by_group():
    assert virtual_router("00:00:5e:00:01:0a") == "VRRP or CARP group 10"
    assert virtual_router("00:00:0c:07:ac:ff") == "HSRP group 255"
    assert virtual_router("00:00:0c:9f:f1:02") == "HSRP version 2 group 258"
    assert virtual_router("00:00:0c:9f:e1:02") is None


def test_eui64():
    assert eui64_mac("fe80::20e:8cff:fe00:1") == "00:0e:8c:00:00:01"
    assert eui64_mac("fe80::1") is None
    assert eui64_mac("10.0.0.1") is None


def test_near_by_mask_and_without():
    assert near("10.0.0.1", "10.0.0.200")
    assert not near("10.0.0.1", "10.0.1.1")
    assert near("10.0.0.1", "10.0.1.1", "255.255.0.0")
    assert not near("10.0.0.1", "fe80::1")
    assert near("fd00::1", "fd00::2")


@given(st.text(max_size=40))
def test_any_text_is_classified(text):
    assert isinstance(classify(text), int)
    assert isinstance(sort_key(text), tuple)
    assert eui64_mac(text) is None or classify(text)
