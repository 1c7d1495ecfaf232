"""Columns in which few rows have anything: the same as if every row had been asked."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from detect.uncompiled import uncompiled
from interlock.decode import columns
from interlock.decode.columns import _scattered, scattered
from interlock.decode.emit import _sparse

ROWS = st.integers(1, 40)


@given(st.data())
def test_rows_without_a_text_are_null_and_the_others_have_theirs(data: st.DataObject) -> None:
    n = data.draw(ROWS)
    texts = data.draw(st.dictionaries(st.integers(0, n - 1), st.text()))
    column = _sparse(texts, n, pa.utf8())
    column.validate(full=True)
    assert column.equals(pa.array([texts.get(row) for row in range(n)], pa.utf8()))


@given(st.data())
def test_octets_are_kept_as_they_are(data: st.DataObject) -> None:
    n = data.draw(ROWS)
    octets = data.draw(st.dictionaries(st.integers(0, n - 1), st.binary()))
    column = _sparse(octets, n, pa.binary())
    column.validate(full=True)
    assert column.to_pylist() == [octets.get(row) for row in range(n)]


@given(st.data())
def test_in_whatever_order_they_came_and_with_or_without_a_compiler_it_is_the_same(
    data: st.DataObject,
) -> None:
    n = data.draw(ROWS)
    given_parts = data.draw(st.dictionaries(st.integers(0, n - 1), st.binary() | st.text(), min_size=1))
    mixed = dict(data.draw(st.permutations(list(given_parts.items()))))
    offsets, bits, octets = scattered(mixed, n)
    others = _scattered(dict(sorted(mixed.items())), n)
    assert offsets.tolist() == others[0].tolist()
    assert (bits, octets) == others[1:]


@given(st.lists(st.integers(-1, 9), max_size=20))
def test_stretches_lie_one_behind_the_other_and_none_takes_no_room(sizes: list[int]) -> None:
    wanted = [0, *np.cumsum([max(size, 0) for size in sizes]).tolist()]
    for module in (columns, uncompiled(columns)):
        assert module.laid(np.array(sizes, np.int32)).tolist() == wanted
