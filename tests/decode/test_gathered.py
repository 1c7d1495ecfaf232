"""Stretches of octets one behind the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.columns import gathered


@given(
    st.binary(min_size=1, max_size=600),
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=8),
)
def test_stretches_are_gathered_in_order(octets: bytes, asked: list[tuple[int, int]]) -> None:
    spans = [(min(begin, len(octets)), length) for begin, length in asked]
    spans = [(begin, min(length, len(octets) - begin)) for begin, length in spans]
    made, offsets = gathered(
        np.frombuffer(octets, np.uint8),
        np.array([begin for begin, _ in spans], np.int64),
        np.array([length for _, length in spans], np.int32),
    )
    parts = [bytes(made[a:b]) for a, b in pairwise(offsets)]
    assert parts == [octets[begin : begin + length] for begin, length in spans]


@pytest.mark.parametrize(("begin", "length"), [(-1, 2), (3, 2), (0, -1), (1 << 40, 1)])
def test_what_leaves_the_octets_is_refused(begin: int, length: int) -> None:
    with pytest.raises(IndexError):
        gathered(np.zeros(4, np.uint8), np.array([begin], np.int64), np.array([length], np.int32))
