"""Bitmaps of what a column has: as numpy packs them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.columns import present


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
