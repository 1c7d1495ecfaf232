from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.segment.model.groups import is_group, is_link, is_nobody, names_group


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.0.0.1", False),
        ("10.0.0.255", True),
        ("255.255.255.255", True),
        ("239.192.1.1", True),
        ("ff02::1", True),
        ("fe80::1%eth0", False),
        ("2001:db8::1", False),
        ("01:0c:cd:01:00:01", True),
        ("ff:ff:ff:ff:ff:ff", True),
        ("00:1b:1b:00:00:01", False),
        ("", False),
    ],
)
def test_addresses_of_many(address: str, group: bool) -> None:
    assert is_group(address) is group


@given(st.text(max_size=40))
def test_any_text_is_an_answer(text: str) -> None:
    assert is_group(text) in (True, False)


def test_what_stays_on_a_link() -> None:
    assert is_link("arp", None, "10.0.0.1")
    assert is_link(None, "eth/0x88cc", "01:80:c2:00:00:0e")
    assert is_link(None, "eth/0x0026", "01:80:c2:00:00:00")
    assert is_link(None, "icmp6", "ff02::1")
    assert not is_link(None, "icmp6", "2001:db8::1")
    assert not is_link("goose", "eth/0x88b8", "01:0c:cd:01:00:01")
    assert is_nobody("0.0.0.0")
    assert not is_nobody("10.0.0.1")


def test_what_names_a_group() -> None:
    assert names_group("broadcast", "10.0.0.255")
    assert names_group("broadcast", "ff:ff:ff:ff:ff:ff")
    assert not names_group("broadcast", "239.1.1.1")
    assert not names_group("broadcast", "01:0c:cd:01:00:01")
    assert names_group("239.1.0.0/16", "239.1.1.1")
    assert not names_group("239.1.0.0/16", "239.2.1.1")
    assert not names_group("239.1.0.0/16", "01:0c:cd:01:00:01")
