"""Rows folded by keys: Python's own dictionaries are the oracle."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from interlock.report.tally import Tally

FOLDS = {"count": "sum", "first": "min", "last": "max", "source": "first", "frame": "first"}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "é", "", None]),
        st.sampled_from([1, 502, 102, None]),
        st.integers(0, 1 << 60),
        st.integers(-9, 1 << 62),
        st.integers(-9, 1 << 62),
        st.sampled_from(["x", "y"]),
        st.sampled_from([None, 1, 2]),
    ),
    max_size=30,
)
SCHEMA = pa.schema(
    [
        ("who", pa.utf8()),
        ("port", pa.uint16()),
        *((name, pa.int64()) for name in ("count", "first", "last")),
        ("source", pa.utf8()),
        ("frame", pa.uint64()),
    ]
)


def least_first(table):
    return np.array(table.column("count").to_pylist(), np.int64)


def folded(rows):
    groups = {}
    for row in rows:
        groups.setdefault(row[:2], []).append(row)
    keys = sorted(groups, key=lambda key: [(part is None, part if part is not None else 0) for part in key])
    return [
        {
            "who": key[0],
            "port": key[1],
            "count": sum(row[2] for row in groups[key]),
            "first": min(row[3] for row in groups[key]),
            "last": max(row[4] for row in groups[key]),
            "source": groups[key][0][5],
            "frame": next((row[6] for row in groups[key] if row[6] is not None), None),
        }
        for key in keys
    ]


@given(parts=st.lists(ROWS, max_size=3), coded=st.booleans())
def test_rows_of_one_key_become_one(parts, coded):
    tally = Tally(("who", "port"), FOLDS, bound=1000, rank=least_first, weight="count")
    for rows in parts:
        columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
        table = pa.table(
            [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA
        )
        if coded:
            table = table.set_column(0, "who", table.column("who").dictionary_encode())
        tally.add(table)
    found = tally.finish()
    assert ([] if found is None else found.to_pylist()) == folded([row for rows in parts for row in rows])


def test_the_lowest_in_rank_stay_and_the_others_are_summed():
    rows = [("a", port, port, 0, 0, "x", 1) for port in range(1, 41)]
    tally = Tally(("who", "port"), FOLDS, bound=10, rank=least_first, weight="count")
    columns = [
        pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
    ]
    tally.add(pa.table(columns, SCHEMA))
    kept = tally.finish()
    assert kept.column("port").to_pylist() == list(range(1, 11))
    assert tally.left_out == sum(range(11, 41))
