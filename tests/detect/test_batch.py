from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect.batch import Batch

words = st.sampled_from(["a", "b", "", "ü", None])
rows = st.lists(st.tuples(words, words, st.integers(-(2**62), 2**62)), max_size=40)


def batch_of(table: list[tuple], *, pool: bool) -> Batch:
    columns = list(zip(*table, strict=True)) or [(), (), ()]
    arrays = [pa.array(columns[i], pa.utf8()) for i in (0, 1)]
    if pool:
        shared = pa.array([f"unused{n}" for n in range(100)] + ["ü", "b", "a", ""])
        arrays = [
            pa.DictionaryArray.from_arrays(
                pa.array(
                    [None if w is None else shared.to_pylist().index(w) for w in columns[i]], pa.int32()
                ),
                shared,
            )
            for i in (0, 1)
        ]
    return Batch(
        "t", pa.RecordBatch.from_arrays([*arrays, pa.array(columns[2], pa.int64())], names=["x", "y", "time"])
    )


@settings(deadline=None, max_examples=50)
@given(rows, st.booleans())
def test_groups_are_the_rows_with_equal_words(table: list[tuple], pool: bool) -> None:
    batch = batch_of(table, pool=pool)
    bins = batch.integers("time") // 7
    expected = defaultdict(list)
    for number, (x, y, time) in enumerate(table):
        expected[x, y, time // 7].append(number)
    groups = batch.groups("x", "y", bins=bins, named="seven")
    found = {key: groups.rows(group).tolist() for group, key in groups}
    assert found == dict(expected)
    for group, key in groups:
        times = [table[n][2] for n in expected[key]]
        assert groups.summary(group)[:3] == (len(times), min(times), max(times))


@settings(deadline=None, max_examples=50)
@given(rows, st.booleans())
def test_words_are_only_those_that_occur(table: list[tuple], pool: bool) -> None:
    texts, codes = batch_of(table, pool=pool).words("x")
    assert [texts[c] for c in codes] == [row[0] for row in table]
    assert len(set(texts)) == len(texts) == len({row[0] for row in table})


def test_a_missing_column_reads_as_unknown() -> None:
    batch = batch_of([("a", "b", 1)] * 3, pool=False)
    assert batch.words("z")[0] == [None]
    assert batch.integers("z").tolist() == [0, 0, 0]
    assert not batch.known("z").any()
    assert not batch.among("z", {"a"}).any()


def test_instants_of_every_unit_are_nanoseconds_and_beyond_the_range_its_end() -> None:
    for unit, scale in (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)):
        array = pa.array([1, None, 2**62, -(2**62)], pa.timestamp(unit, "UTC"))
        got = Batch("t", pa.RecordBatch.from_arrays([array], names=["time"])).instants_ns("time")
        assert got[:2].tolist() == [scale, 0]
        assert got[2] > 2**61
        assert got[3] < -(2**61)


def test_a_frame_is_the_requests_or_else_the_answers() -> None:
    columns = {
        "frame": pa.array([1, None, None], pa.uint64()),
        "response_frame": pa.array([2, 3, None], pa.uint64()),
    }
    assert Batch("t", pa.RecordBatch.from_pydict(columns)).frames().tolist() == [1, 3, 0]


def test_more_words_than_a_number_can_hold_are_still_kept_apart() -> None:
    n = 3000
    columns = {f"c{i}": pa.array([str((k * (i + 7)) % (n - i)) for k in range(n)]) for i in range(8)}
    batch = Batch("t", pa.RecordBatch.from_pydict({**columns, "time": pa.array(np.arange(n))}))
    groups = batch.groups(*columns)
    assert len(groups.keys) == len(set(zip(*(c.to_pylist() for c in columns.values()), strict=True)))


@settings(deadline=None, max_examples=60)
@given(st.data(), rows, st.booleans())
def test_some_rows_read_as_a_batch_of_only_these_rows(
    data: st.DataObject, table: list[tuple], pool: bool
) -> None:
    """Taken once and once more, of whatever columns; also of more rows than Python's dictionaries are asked about."""
    table *= data.draw(st.sampled_from([1, 20]))
    batch = batch_of(table, pool=pool)
    batch.words("y")  # whether a column was read makes no difference, nor how few of its rows are taken
    chance = data.draw(st.sampled_from([st.booleans(), st.integers(0, 9).map(lambda n: n == 0)]))
    which = np.array(data.draw(st.lists(chance, min_size=len(table), max_size=len(table))), np.bool_)
    again = np.arange(which.sum()) % 3 > 0
    some = batch.take(which).take(again)
    left = [row for row, is_in in zip(table, which, strict=True) if is_in]
    left = [row for row, is_in in zip(left, again, strict=True) if is_in]
    alone = batch_of(left, pool=pool)
    assert len(some) == len(alone) == len(left)
    for name in ("x", "y", "absent"):
        texts, codes = some.words(name)
        assert [texts[code] for code in codes] == [
            None if name == "absent" else row["xy".index(name)] for row in left
        ]
        assert sorted(map(str, texts)) == sorted({str(texts[code]) for code in codes})
    for name in ("time", "absent"):
        assert some.integers(name).tolist() == alone.integers(name).tolist()
        assert some.known(name).tolist() == alone.known(name).tolist()
    assert some.column("x").to_pylist() == [row[0] for row in left]
    assert some.groups("x", "y").keys == alone.groups("x", "y").keys


@given(st.lists(st.lists(st.floats(0, 9), max_size=2) | st.none(), max_size=40))
def test_rows_that_have_numbers_are_found_where_they_are_few(blocks: list[list[float] | None]) -> None:
    blocks = [*blocks, *[None] * 300]
    whole = Batch(
        "values",
        pa.record_batch({
            "number": pa.array(blocks, pa.list_(pa.float64())), "time": pa.array(range(len(blocks)), pa.int64()),
        }),
    )  # fmt: skip
    part, rows = whole.having("number")
    wanted = [row for row, block in enumerate(blocks) if block]
    assert rows is not None
    assert rows.tolist() == part.integers("time").tolist() == wanted
    flat, starts, lengths = part.lists("number")
    told = [flat[at : at + many].tolist() for at, many in zip(starts.tolist(), lengths.tolist(), strict=True)]
    assert told == [blocks[row] for row in wanted]
    assert whole.having("number")[0] is part
    assert whole.having("no-such-column") == (whole, None)


@given(rows.filter(bool), st.booleans(), st.integers(5, 400), st.booleans())
def test_a_few_rows_of_many_read_as_they_do_where_all_are_read(
    table: list[tuple], pool: bool, step: int, read: bool
) -> None:
    """Numbers as words, too; a column that somebody asked for whole is not read again."""
    batch = batch_of((table * 5_000)[:5_000], pool=pool)
    if read:
        for name in ("x", "time"):
            batch.words(name)
        batch.integers("time")
    chosen = np.arange(5_000) % step == 1
    some = batch.take(chosen)
    left = [table[n % len(table)] for n in np.flatnonzero(chosen).tolist()]
    for name, place in (("x", 0), ("time", 2)):
        texts, codes = some.words(name)
        assert [texts[code] for code in codes] == [
            None if row[place] is None else str(row[place]) for row in left
        ]
        assert len(set(texts)) == len(texts) == len({row[place] for row in left})
    assert some.integers("time").tolist() == [row[2] for row in left]
    groups = some.groups("x", "y", "absent")
    assert groups.keys == list(dict.fromkeys((row[0], row[1], None) for row in left))
