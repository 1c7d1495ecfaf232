from __future__ import annotations

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect.identify import identify

parts = st.tuples(
    st.text(max_size=5), st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3).map(tuple), st.text()
)


@settings(deadline=None, max_examples=50)
@given(parts, parts)
def test_equal_parts_have_equal_ids_and_others_do_not(one: tuple, other: tuple) -> None:
    assert (identify(*one) == identify(*other)) == (one == other)


def test_the_id_of_a_cause_never_changes() -> None:
    """Accepted findings stand in site files by these ids: a change orphans them."""
    made = identify("controller-change", "default", ("10.0.0.9", "10.0.0.2"), "stop")
    assert made == "bc757c59-c56c-55f4-80c4-f80b672cae76"
    assert uuid.UUID(made).version == 5
