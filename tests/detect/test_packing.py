"""JSON of what detectors remember: the same as of values that are all there."""

from __future__ import annotations

import json
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.packing import packed

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


def lazily(values):
    """The same, with each list that stands in a dict as an iterator."""
    if isinstance(values, dict):
        return {name: lazily(value) for name, value in values.items()}
    return iter(values) if isinstance(values, list) else values


@given(VALUES)
def test_iterators_are_lists(values):
    plain = json.dumps(values, separators=(",", ":")).encode()
    assert packed(values) == plain
    assert packed(lazily(values)) == plain


def test_long_lists_are_whole():
    assert json.loads(packed({"a": iter(range(1000)), "b": iter(())})) == {"a": list(range(1000)), "b": []}
    assert json.loads(packed({"a": {"b": [1, iter([[2]]), 3]}})) == {"a": {"b": [1, [[2]], 3]}}


def test_elements_are_let_go():
    def rows():
        for number in range(20_000):
            yield [[str(number)] * 6, [float(number)] * 4]

    tracemalloc.start()
    size = len(packed({"rows": rows()}))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.6 * size, "the text once, and little beside"
