"""BER as SNMP uses it: numbers of every width, lengths of every form, and what does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.decode.protocols.snmp.ber import Ber, oid_text
from interlock.errors import DecodeError


def _reader(octets: bytes) -> Ber:
    return Ber(octets, 0, len(octets))


@settings(max_examples=300, deadline=None)
@given(st.integers(-(2**63), 2**64 - 1), st.integers(0, 4), st.binary(max_size=3))
def test_integers_come_back_whatever_their_width(number: int, wider: int, more: bytes) -> None:
    size = min(9, number.bit_length() // 8 + 1 + wider)
    octets = b"\x02" + bytes((size,)) + number.to_bytes(size, "big", signed=True)
    reader = _reader(octets + more)
    assert reader.integer() == number
    assert (reader.at, reader.left()) == (len(octets), bool(more))


@pytest.mark.parametrize("head", [b"\x05", b"\x81\x05", b"\x82\x00\x05", b"\x84\x00\x00\x00\x05"])
def test_lengths_of_every_form(head: bytes) -> None:
    octets = b"\x04" + head + b"plant\x30\x00"
    reader = _reader(octets)
    assert reader.string() == b"plant"
    assert reader.element() == (0x30, len(octets), len(octets))
    assert not reader.left()


def test_an_element_ends_with_the_one_around_it() -> None:
    inner = _reader(b"\x30\x04\x02\x01\x07\x02\x01\x09").inside(0x30)
    assert inner.integer() == 7
    with pytest.raises(DecodeError, match="truncated at octet 5"):
        inner.integer()


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "truncated at octet 0"),
        (b"\x02", "truncated at octet 0"),
        (b"\x02\x02\x01", "truncated at octet 0"),
        (b"\x02\x80", "length-invalid at octet 0"),
        (b"\x02\x85\x00\x00\x00\x00\x01\x07", "length-invalid at octet 0"),
        (b"\x02\x82\x01", "length-invalid at octet 0"),
        (b"\x02\x84\xff\xff\xff\xff\x07", "truncated at octet 0"),
        (b"\x02\x00", "integer-invalid at octet 2"),
        (b"\x02\x0a" + bytes(10), "integer-invalid at octet 2"),
        (b"\x04\x01\x07", "integer-invalid at octet 2"),
    ],
)
def test_what_does_not_fit_is_said_where_it_stands(octets: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said):
        _reader(octets).integer()


def test_another_tag_is_no_string() -> None:
    with pytest.raises(DecodeError, match="tag-unexpected at octet 2"):
        _reader(b"\x02\x01\x07").string()


def test_object_identifiers() -> None:
    assert oid_text(bytes.fromhex("2b060102010101 00".replace(" ", ""))) == "1.3.6.1.2.1.1.1.0"
    assert oid_text(b"\x88\x37\x03") == "2.999.3"
    assert oid_text(b"\x27\xff\xff\xff\xff\xff\xff\xff\xff\x7f") == f"0.39.{2**63 - 1}"
    assert oid_text(b"\x2b" * 100) == "1.3" + ".43" * 99
    for octets, said in ((b"", "oid-cut-short"), (b"\x2b\x86", "oid-cut-short")):
        with pytest.raises(DecodeError, match=said):
            oid_text(octets)
    with pytest.raises(DecodeError, match="oid-arc-too-long"):
        oid_text(b"\x2b" + b"\x81" * 9 + b"\x01")
