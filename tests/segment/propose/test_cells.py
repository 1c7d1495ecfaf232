from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from interlock.segment.propose.cells import cells_of

names = st.sampled_from([f"m{n}" for n in range(12)])


@given(
    st.lists(names, unique=True), st.dictionaries(st.tuples(names, names), st.integers(1, 1000), max_size=20)
)
def test_cells_are_what_hangs_together(machines: list[str], talks: dict[tuple[str, str], int]) -> None:
    cells = cells_of(machines, talks)
    assert sorted(m for cell in cells for m in cell) == sorted(machines)
    cell_of = {m: cell for cell in cells for m in cell}
    for one, other in talks:
        if one in cell_of and other in cell_of:
            assert cell_of[one] == cell_of[other]
    assert cells == cells_of(reversed(machines), dict(reversed(talks.items())))


def test_a_floor_that_hangs_together_by_single_talks_is_cut_into_its_lines() -> None:
    """Four lines of ten controllers that talk with each other all day; each line's first one hands over to the next."""
    lines = [[f"line{n}-{m}" for m in range(10)] for n in range(4)]
    talks = {(a, b): 10_000 for line in lines for a in line for b in line if a < b}
    talks |= {(one[0], other[0]): 10 for one, other in itertools.pairwise(lines)}
    assert cells_of([m for line in lines for m in line], talks) == sorted(
        tuple(sorted(line)) for line in lines
    )
