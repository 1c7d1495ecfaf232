"""Columns in which few rows have anything: the same as if every row had been asked."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

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
