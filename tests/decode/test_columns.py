"""Bitmaps of what a column has: as numpy packs them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.columns import present, roomier


@pytest.mark.parametrize("bits", [64, 32])
@given(data=st.data())
def test_bitmaps_name_what_is_there(bits, data):
    """None where nothing is missing."""
    edge = st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) | st.integers(-2, 2)
    numbers = np.array(data.draw(st.lists(edge, max_size=40)), f"int{bits}")
    least = data.draw(edge)
    expected = numbers >= least
    found = present(numbers.astype(np.int64), least)
    if expected.all():
        assert found is None
    else:
        assert bytes(found) == np.packbits(expected, bitorder="little").tobytes()


def test_more_room_keeps_the_rows_there_are_and_zeros_behind_them():
    kinds = {"flow": np.int32, "verb": np.uint8, "new": np.int64}
    old = {"flow": np.arange(1, 5, dtype=np.int32), "verb": np.full(4, 9, np.uint8)}
    grown = roomier(old, kinds, 8, 3)
    assert {name: column.tolist() for name, column in grown.items()} == {
        "flow": [1, 2, 3, 0, 0, 0, 0, 0],
        "verb": [9, 9, 9, 0, 0, 0, 0, 0],
        "new": [0] * 8,
    }
    assert {name: column.dtype for name, column in grown.items()} == {
        n: np.dtype(k) for n, k in kinds.items()
    }
    grown["flow"][0] = 7
    assert old["flow"].tolist() == [1, 2, 3, 4]
