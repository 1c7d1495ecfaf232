"""Integers become the decimal texts that Python gives them; negative ones none."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.decimals import decimals

EDGES = [0, 2**63 - 1, -1, -(2**63), *(10**k + d for k in range(19) for d in (-1, 0, 1))]


def _texts(numbers: list[int]) -> list[str]:
    ends, octets = decimals(np.array(numbers, np.int64))
    text = octets.tobytes().decode("ascii")
    return [text[a:b] for a, b in zip(ends.tolist(), ends.tolist()[1:], strict=False)]


def test_where_a_digit_is_added() -> None:
    assert _texts(EDGES) == [str(n) if n >= 0 else "" for n in EDGES]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
def test_any_integers(numbers: list[int]) -> None:
    assert _texts(numbers) == [str(n) if n >= 0 else "" for n in numbers]
