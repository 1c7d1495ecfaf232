"""What of a batch's rows says anew what a conversation is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.signatures.engine.screen import firsts

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans()), max_size=40)


def _asked(keys: list[int], states: list[int], rows: list[int]) -> list[tuple[int, int]]:
    """Key and state whenever a key's state is not the one before, as a walk over these rows finds them."""
    known: dict[int, int] = {}
    asked = []
    for row in rows:
        if known.get(keys[row]) != states[row]:
            known[keys[row]] = states[row]
            asked.append((keys[row], states[row]))
    return asked


@given(ROWS)
def test_the_first_of_each_says_what_all_would(rows: list[tuple[int, int, bool]]) -> None:
    keys, states = [key for key, _, _ in rows], [state for _, state, _ in rows]
    chosen = [row for row, (_, _, told) in enumerate(rows) if told]
    found = firsts(np.array(keys, np.int64), np.array(states, np.int64), np.array(chosen, np.int64), 6)
    assert _asked(keys, states, found.tolist()) == _asked(keys, states, chosen)


@given(ROWS)
def test_of_a_conversation_that_stays_what_it_is_one_row_is_asked(rows: list[tuple[int, int, bool]]) -> None:
    keys = [key for key, _, _ in rows]
    found = firsts(np.array(keys, np.int64), np.array(keys, np.int64) + 7, np.arange(len(keys)), 6)
    assert found.tolist() == [keys.index(key) for key in dict.fromkeys(keys)]
