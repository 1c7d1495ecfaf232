"""Names of DNS: those that are kept by their octets are those that are read octet by octet."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from interlock.decode.protocols.dns.names import read_name
from interlock.errors import DecodeError

HEAD = bytes(12)
PLC = b"\x04plc7\x05plant\x00"


def test_a_name_and_a_pointer_to_it() -> None:
    message = HEAD + PLC + b"\x03hmi\xc0\x11"
    assert read_name(message, 12) == ("plc7.plant", 24)
    assert read_name(message, 24) == ("hmi.plant", 30)
    assert read_name(message, 23) == ("", 24)


def test_a_label_may_hold_zeros() -> None:
    assert read_name(HEAD + b"\x03a\x00b\x01c\x00", 12) == ("a\x00b.c", 19)


def test_the_same_octets_elsewhere_point_elsewhere() -> None:
    ends = [read_name(b"\x01" + letter + b"\x00\x02in\xc0\x00", 3) for letter in (b"x", b"y")]
    assert ends == [("in.x", 8), ("in.y", 8)]


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (b"", "name-truncated"),
        (b"\x03hm", "name-too-long"),
        (b"\x03hmi", "name-truncated"),
        (b"\xc0", "name-pointer-loop"),
        (b"\xc0\x0c\x00", "name-pointer-loop"),
        (b"\x41a\x00", "name-label-reserved"),
        (b"\x3f" + bytes(63), "name-truncated"),
        ((b"\x3f" + b"a" * 63) * 4 + b"\x00", "name-too-long"),
    ],
)
def test_what_is_no_name_is_said_so_each_time(octets: bytes, oddity: str) -> None:
    for _ in range(2):
        with pytest.raises(DecodeError, match=oddity):
            read_name(HEAD + octets, 12)


_LABELS = st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(_LABELS, st.binary(max_size=6))
@example([b"\x00"], b"")
@example([b"\xc0\x00"], b"\xff")
def test_labels_of_any_octets_come_back(labels: list[bytes], more: bytes) -> None:
    octets = b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"
    text = ".".join(label.decode("utf-8", "backslashreplace") for label in labels)
    for _ in range(2):
        assert read_name(HEAD + octets + more, 12) == (text, 12 + len(octets))
