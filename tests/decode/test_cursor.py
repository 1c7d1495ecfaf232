"""The cursor by itself: floating point numbers, and comparing with octets that are known."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.cursor import Cursor
from interlock.errors import DecodeError


def at(octets: bytes) -> Cursor:
    cursor = Cursor()
    cursor.bind(memoryview(octets))
    cursor.begin(0, len(octets))
    return cursor


@given(octets=st.binary(min_size=8, max_size=8))
def test_floating_point_numbers_are_those_of_ieee_754(octets):
    told = [at(octets).f32be(), at(octets).f32le(), at(octets).f64be(), at(octets).f64le()]
    expected = [
        struct.unpack(form, octets[:size])[0] for form, size in ((">f", 4), ("<f", 4), (">d", 8), ("<d", 8))
    ]
    assert np.array_equal(told, expected, equal_nan=True)


def test_a_number_behind_the_end_is_truncated():
    for read in (at(b"abc").f32be, at(b"abc").f32le, at(b"abcdefg").f64be, at(b"abcdefg").f64le):
        with pytest.raises(DecodeError, match="truncated") as raised:
            read()
        assert raised.value.offset == 0


@pytest.mark.parametrize(
    ("octets", "cuts", "same"),
    [
        (b"abcdef", [0, 6], True),
        (b"abXdef", [0, 2, 3, 6], True),
        (b"abXdef", [0, 6], False),
        (b"abXdef", [0, 2, 2, 2, 3, 5], True),
        (b"abcdefgh", [0, 6], True),
        (b"abcde", [0, 6], False),  # shorter
        (b"abcdefgh", [0, 7], False),  # past what is known
        (b"abcdef", [2, 1], False),
        (b"abcdef", [3, 4, 0, 2], False),
        (b"", [], True),
    ],
)
def test_octets_are_compared_where_they_stay(octets, cuts, same):
    cursor = at(octets)
    assert cursor.same(b"abcdef", memoryview(np.array(cuts, np.int32))) is same
    assert cursor.offset() == 0
