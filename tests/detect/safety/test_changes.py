"""Runs of changes: a few rows at a time and many give the same marks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.safety import changes as module
from interlock.detect.safety.changes import Changes

_SECOND = 10**9
_BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1, max_size=12),
    min_size=1,
    max_size=20,
)


def taken(batches: list[list[tuple[int, int]]], few: int) -> list[object]:
    """Marks of every batch, which of them were known, and what is remembered in the end."""
    told: list[object] = []
    one, clock = Changes(), 0
    with pytest.MonkeyPatch.context() as inner:
        inner.setattr(module, "_FEW", few)
        for batch in batches:
            objects, events = (np.array(column, np.uint64) for column in zip(*batch, strict=True))
            clock += 3 * _SECOND
            marks = one.take(objects, events, np.full(len(batch), clock, np.int64))
            told.append([column.tolist() for column in marks])
            told.append(one.known(marks, 6).tolist())
            one.keep(marks)
    return [*told, one.state()]


@given(_BATCHES)
def test_few_rows_and_many_are_judged_alike(batches: list[list[tuple[int, int]]]) -> None:
    assert taken(batches, 64) == taken(batches, 0)


def test_a_run_that_comes_again_is_known() -> None:
    """What the property compares is not empty."""
    told = taken([[(n, n) for n in range(8)], [(n, n + 1) for n in range(8)]] * 3, 64)
    assert any(any(known) for known in told[1:-1:2])  # type: ignore[arg-type, union-attr]
