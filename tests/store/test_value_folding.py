"""Values folded: by the rule, told once more in plain Python, over any rows."""

from __future__ import annotations

import math
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.peak import peak

from interlock.records.tables import VALUES
from interlock.store import value_folding
from interlock.store.folding import MINUTE_NS
from interlock.store.value_folding import ALIKE, CHANGES_EACH, CHANGES_TOGETHER, ValueFolding, fold_values

COLUMNS = (*ALIKE, "time", "frame", "number", "text", "raw")


def row(at, numbers, **changes):
    base = {
        "source": "s", "realm": "default", "time": int(at * 1_000_000_000), "frame": 1 + int(at * 1000), "flow": 1,
        "client": "c", "server": "p", "protocol": "modbus", "object": "holding:0", "direction": "read",
        "number": numbers,
    }  # fmt: skip
    return base | changes


def folded(rows):
    batch = pa.RecordBatch.from_pylist(rows, schema=VALUES.schema)
    return plain(fold_values(batch))


def plain(batch):
    times = [batch.schema.get_field_index(name) for name in ("time", "last", "device_time")]
    columns = [
        batch.column(n).cast(pa.int64()) if n in times else batch.column(n) for n in range(batch.num_columns)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()


def told(rows):
    """The rule, row by row."""

    def key(row):
        width = -1 if row["number"] is None else len(row["number"])
        return (*(str(row.get(name)) for name in ALIKE), width, row["time"] // MINUTE_NS)

    runs = []
    ordered = sorted(rows, key=lambda r: (key(r), r["time"], r["frame"]))
    for _, block in groupby(ordered, key):
        runs += _runs_of(list(block))
    return sorted(runs, key=lambda run: (run[0]["time"], run[0]["frame"]))


def _differs(one, other):
    return not (one == other or (math.isnan(one) and math.isnan(other)))


def _runs_of(block):
    width = len(block[0]["number"] or [])
    pairs = list(pairwise(block))
    changes = [sum(_differs(a["number"][i], b["number"][i]) for a, b in pairs) for i in range(width)]
    words = [(r.get("text"), r.get("raw")) for r in block]
    texts = sum(a != b for a, b in pairwise(words))
    exact, together = set(), 0
    for i in sorted(range(width), key=lambda i: changes[i]):
        together += changes[i]
        if changes[i] <= CHANGES_EACH and together <= CHANGES_TOGETHER:
            exact.add(i)
    if block[0]["direction"] == "written":
        exact, texts = set(range(width)), 0
    runs = [[block[0]]]
    for (a, b), (v, w) in zip(pairs, pairwise(words), strict=True):
        new = any(_differs(a["number"][i], b["number"][i]) for i in exact)
        if new or (v != w and texts <= CHANGES_TOGETHER):
            runs.append([])
        runs[-1].append(b)
    return runs


number = st.sampled_from([0.0, 1.0, 2.0, math.nan, math.inf, -1e300])
rows = st.lists(
    st.builds(
        row,
        st.integers(0, 900).map(lambda n: n / 5),
        st.one_of(st.none(), st.lists(number, max_size=3)),
        direction=st.sampled_from(["read", "written", "reported"]),
        object=st.sampled_from(["a", None]),
        text=st.sampled_from([None, "x", "y"]),
        raw=st.sampled_from([None, b"\x00"]),
    ),
    max_size=60,
    unique_by=lambda r: r["time"],
)


@settings(deadline=None)
@given(rows, st.integers(1, 8))
def test_any_rows_are_folded_by_the_rule(given, at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value_folding, "_AT_ONCE", at_once)
        patch.setattr(value_folding, "CHANGES_EACH", 2)
        patch.setattr(value_folding, "CHANGES_TOGETHER", 3)
        patch.setitem(globals(), "CHANGES_EACH", 2)
        patch.setitem(globals(), "CHANGES_TOGETHER", 3)
        got, runs = folded(given), told(given)
    assert [r["repeats"] for r in got] == [len(run) for run in runs]
    for have, run in zip(got, runs, strict=True):
        assert all(_same(have[name], run[0].get(name)) for name in COLUMNS)
        assert (have["last"], have["last_frame"]) == (run[-1]["time"], run[-1]["frame"])
        _check_numbers(have, run)
        retold = sum((a.get("text"), a.get("raw")) != (b.get("text"), b.get("raw")) for a, b in pairwise(run))
        assert have["text_changes"] == retold
        assert (have["last_text"], have["last_raw"]) == (
            (run[-1].get("text"), run[-1].get("raw")) if retold else (None, None)
        )


def _same(one, other):
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and not any(map(_differs, one, other))
    return one == other


def _check_numbers(have, run):
    width = len(run[0]["number"] or [])
    columns = [[r["number"][i] for r in run] for i in range(width)]
    changes = [sum(map(_differs, column, column[1:])) for column in columns]
    if not any(changes):
        assert [have[name] for name in ("last_number", "least", "most", "step", "changes")] == [None] * 5
        return
    assert have["changes"] == changes
    assert _same(have["last_number"], [column[-1] for column in columns])
    with np.errstate(invalid="ignore", over="ignore"):
        assert _same(have["least"], [float(np.fmin.reduce(column)) for column in columns])
        assert _same(have["most"], [float(np.fmax.reduce(column)) for column in columns])
        steps = [[0.0, *np.abs(np.diff(column)).tolist()] for column in columns]
        assert _same(have["step"], [float(np.fmax.reduce(step)) for step in steps])


def test_a_poll_of_10_ms_is_a_row_a_minute_and_its_valve_keeps_every_change():
    rows = [
        row(n / 100, [math.sin(n), float(n > 3000), float(n % 2)], object="holding:7") for n in range(12_000)
    ]
    got = folded(rows)
    assert [(r["repeats"], r["number"][1]) for r in got] == [(3001, 0.0), (2999, 1.0), (6000, 1.0)]
    assert got[0]["last"] == 30 * 1_000_000_000
    assert got[1]["changes"][2] == 2998


def test_every_written_value_is_there_in_order():
    values = [float(n // 3 % 50) for n in range(3000)]
    got = folded([row(n / 100, [value], direction="written") for n, value in enumerate(values)])
    assert [r["number"][0] for r in got] == [float(n % 50) for n in range(1000)]
    assert {r["repeats"] for r in got} == {3}


def test_text_that_changes_all_the_time_does_not_flood_the_disk():
    rows = [row(n / 100, None, text=str(n)) for n in range(6000)]
    (got,) = folded(rows)
    assert (got["text"], got["last_text"], got["text_changes"]) == ("0", "5999", 5999)
    assert len(folded(rows[:61])) == 61


def test_nothing_is_folded_to_nothing():
    assert folded([]) == []


def test_numbers_of_a_slice_are_its_own():
    batch = pa.RecordBatch.from_pylist([row(n, [float(n)]) for n in range(10)], schema=VALUES.schema)
    assert [r["number"] for r in plain(fold_values(batch.slice(4, 2)))] == [[4.0], [5.0]]


def test_a_long_run_is_folded_on_the_way_and_like_a_short_one(monkeypatch):
    rows = [row(n / 10, [float(n % 7), float(n > 2000)]) for n in range(6000)]
    monkeypatch.setattr(value_folding, "MOST_ROWS", 1500)
    folding, got, most = ValueFolding(), [], 0
    for start in range(0, 6000, 100):
        batch = pa.RecordBatch.from_pylist(rows[start : start + 100], schema=VALUES.schema)
        got += [r for b in folding.add(batch) for r in plain(b)]
        most = max(most, sum(b.num_rows for b in folding._held))
    got += [r for b in folding.rest() for r in plain(b)]
    assert most <= 1600
    assert got == folded(rows)


def test_a_minute_too_full_to_be_held_is_folded_in_pieces(monkeypatch):
    monkeypatch.setattr(value_folding, "MOST_ROWS", 100)
    folding = ValueFolding()
    rows = [row(n / 100, [float(n)]) for n in range(1000)]
    got = [
        r
        for start in range(0, 1000, 60)
        for b in folding.add(pa.RecordBatch.from_pylist(rows[start : start + 60], schema=VALUES.schema))
        for r in plain(b)
    ]
    got += [r for b in folding.rest() for r in plain(b)]
    assert sum(r["repeats"] for r in got) == 1000
    assert len(got) < 12


def test_what_is_folded_takes_little_more_room_than_it_has_itself():
    folding = ValueFolding()
    rows = [row(n / 10, [float(n + k) for k in range(60)], object=f"holding:{n}") for n in range(4000)]
    whole = pa.RecordBatch.from_pylist(rows, schema=VALUES.schema)
    with peak() as held:
        for start in range(0, 4000, 500):
            folding.add(pa.concat_batches([whole.slice(start, 500)]))
        (folded,) = folding.rest()
    assert folded.num_rows == 4000
    assert folded.column("number").to_pylist() == whole.column("number").to_pylist()
    assert (
        held.octets < 6 * whole.nbytes
    )  # near ten times as much where Arrow takes lists and all stays until the end


@pytest.mark.parametrize("gaps", [(), (3,), (0, 1, 999)])
def test_lists_are_taken_as_arrow_takes_them(gaps):
    """Of a slice, with nothing in place of some, with nothing in some, and in many pieces."""
    lists = [None if n in gaps else [float(n)] * (n % 4) for n in range(6000)]
    column = pa.array(lists, VALUES.schema.field("number").type).slice(1, 5900)
    which = np.random.default_rng(3).integers(0, 5900, 7000)
    taken = value_folding._taken(column, which)
    taken.validate(full=True)
    assert taken.equals(column.take(pa.array(which)))
