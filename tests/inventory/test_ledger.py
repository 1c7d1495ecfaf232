from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interlock.inventory.ledger import Ledger, Tally, fold, group

ROW = st.tuples(
    st.integers(0, 5), st.integers(0, 2**40), st.integers(1, 9), st.integers(0, 3), st.integers(0, 20),
    st.integers(0, 20), st.integers(1, 9), st.integers(1, 3),
)  # fmt: skip


def tally(rows):
    columns = (
        [np.array(c, np.int64) for c in zip(*rows, strict=True)] if rows else [np.zeros(0, np.int64)] * 8
    )
    one, two, count, top, first, last, frame, source = columns
    return Tally(
        keys=(one, two),
        count=count,
        weight=count,
        top=top,
        first=first,
        last=last,
        frame=frame,
        source=source,
    )


def plainly(rows):
    """The same, one row at a time."""
    found = defaultdict(list)
    for row in rows:
        found[row[:2]].append(row)
    result = {}
    for key, same in found.items():
        first = min((r[4], r[6], r[7]) for r in same)
        count = sum(r[2] for r in same)
        result[key] = (
            count,
            count,
            max(r[3] for r in same),
            first[0],
            max(r[5] for r in same),
            first[1],
            first[2],
        )
    return result


def as_dict(t):
    columns = (t.count, t.weight, t.top, t.first, t.last, t.frame, t.source)
    return {(int(t.keys[0][i]), int(t.keys[1][i])): tuple(int(c[i]) for c in columns) for i in range(t.n)}


@given(st.lists(ROW, max_size=60))
def test_fold_is_what_a_loop_would_say(rows):
    folded = fold(tally(rows))
    assert as_dict(folded) == plainly(rows)
    assert folded.n == len(plainly(rows))


@given(st.lists(ROW, min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_a_ledger_does_not_care_for_the_order_of_batches(rows, random):
    shuffled = rows[:]
    random.shuffle(shuffled)
    ledger = Ledger(2, 1000)
    for start in range(0, len(shuffled), 7):
        ledger.add(tally(shuffled[start : start + 7]))
    assert as_dict(ledger.rows()) == plainly(rows)
    assert ledger.dropped == 0


@given(st.lists(st.integers(0, 2**50), min_size=1, max_size=50), st.integers(1, 3))
def test_group_numbers_equal_rows_alike(values, width):
    columns = [np.array(values, np.int64) >> (8 * i) for i in range(width)]
    number, example = group(columns, len(values))
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    for i, row in enumerate(rows):
        assert rows[example[number[i]]] == row
    assert len(example) == len(set(rows))


def test_a_full_ledger_keeps_what_was_seen_most():
    ledger = Ledger(2, 10)
    ledger.add(tally([(0, i, 1 + i, 0, 5, 5, 1, 1) for i in range(50)]))
    kept = as_dict(ledger.rows())
    assert sorted(key[1] for key in kept) == list(range(40, 50))
    assert ledger.dropped == 40


def test_what_was_added_is_not_changed_by_the_ledger():
    batch = tally([(1, 2, 3, 0, 5, 5, 1, 1)])
    ledger = Ledger(2, 10)
    ledger.add(batch)
    ledger.add(batch)
    assert ledger.rows().count.tolist() == [6]
    assert batch.count.tolist() == [3]
