"""Folding loses nothing that is needed later: counts, ends, grave verbs, failures; and batches do not matter."""

from __future__ import annotations

import itertools

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.store.peak import peak

from interlock.records.tables import OPERATIONS, OPERATIONS_FOLDED
from interlock.records.vocabulary import OUTCOMES, VERBS
from interlock.store import folding
from interlock.store.folding import ALIKE, FOLDED, MINUTE_NS, Folding

START = 1_700_000_040 * 10**9  # a minute's beginning
MS = 10**6


def row(**columns):
    usual = {
        "source": "plant.pcap", "realm": "default", "operation": 1, "time": START, "frame": 1, "response_frame": 2,
        "flow": 7, "client": "10.0.0.1", "server": "10.0.0.2", "client_port": 50000, "server_port": 502,
        "protocol": "modbus", "verb": "read", "function": 3, "function_name": "Read Holding Registers",
        "transaction": "1", "item": 0, "items": 1, "user": None, "unit": "1", "object": "holding:0", "count": 10,
        "outcome": "ok", "code": None, "latency": 5 * MS,
    }  # fmt: skip
    return usual | columns


def poll(times, **columns):
    return [
        row(time=START + t, frame=2 * n + 1, response_frame=2 * n + 2, operation=n + 1, **columns)
        for n, t in enumerate(times)
    ]


def batch(rows):
    columns = [pa.array([r[f.name] for r in rows], f.type) for f in OPERATIONS.schema]
    return pa.RecordBatch.from_arrays(columns, schema=OPERATIONS.schema)


def fold(rows, cuts=()):
    """Every row of the folded table, instants and durations as integers."""
    edges = [0, *sorted(cuts), len(rows)]
    made, state = [], Folding()
    for begin, end in itertools.pairwise(edges):
        if begin < end:
            made += state.add(batch(rows[begin:end]))
    made += state.rest()
    for one in made:
        one.validate(full=True)
        assert one.schema.equals(OPERATIONS_FOLDED.schema, check_metadata=True)
    return [plain for one in made for plain in integers(one)]


def integers(one):
    columns = [
        c.view(pa.int64()) if pa.types.is_timestamp(c.type) or pa.types.is_duration(c.type) else c
        for c in one.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=one.schema.names).to_pylist()


def test_a_poll_of_ten_milliseconds_is_one_row_a_minute():
    found = fold(poll(range(0, 3 * MINUTE_NS, 10 * MS)))
    assert [f["repeats"] for f in found] == [6000, 6000, 6000]
    first = found[0]
    assert (first["time"], first["frame"], first["operation"]) == (START, 1, 1)
    assert (first["last"], first["last_frame"]) == (START + MINUTE_NS - 10 * MS, 11_999)
    assert (first["period_p50"], first["period_p99"], first["period_max"]) == (10 * MS,) * 3
    assert first["latency_max"] == 5 * MS


def test_a_hiccup_in_the_period_and_the_slowest_answer_stay_visible():
    rows = poll([*range(0, 1000 * MS, 10 * MS), 3000 * MS])
    rows[50]["latency"] = 900 * MS
    (found,) = fold(rows)
    assert (found["period_p50"], found["period_p99"], found["period_max"]) == (10 * MS, 10 * MS, 2010 * MS)
    assert (found["latency"], found["latency_max"]) == (5 * MS, 900 * MS)


def test_what_differs_in_any_column_is_another_row():
    other = {
        "source": "other.pcap", "realm": "cell2", "flow": 8, "client": "10.0.0.9", "server": "10.0.0.8",
        "client_port": 50001, "server_port": 503, "protocol": "cip", "verb": "write", "function": 4,
        "function_name": "Other", "item": 1, "items": 2, "user": "eng", "unit": "2", "object": "holding:1",
        "count": 11, "outcome": "unsolicited", "code": 0,
    }  # fmt: skip
    assert set(other) == set(ALIKE)
    for name, value in other.items():
        assert [f["repeats"] for f in fold([row(), row(time=START + 1, **{name: value})])] == [1, 1], name


def test_failures_and_grave_verbs_are_never_folded():
    for verb in VERBS:
        for outcome in OUTCOMES:
            folds = verb in FOLDED and outcome in {"ok", "unsolicited"}
            found = fold(poll([0, 10 * MS, 20 * MS], verb=verb, outcome=outcome))
            assert [f["repeats"] for f in found] == ([3] if folds else [1, 1, 1]), (verb, outcome)
    assert not FOLDED & {"program-write", "firmware-write", "force", "stop", "start", "configure", "operate"}


def test_an_answer_alone_is_placed_by_its_own_frame():
    (found,) = fold([row(frame=None, response_frame=77)])
    assert (found["frame"], found["last_frame"]) == (None, 77)


ROWS = st.lists(
    st.builds(
        lambda t, obj, verb, outcome, late, flow: {
            "flow": flow,"time": START + t, "object": obj, "verb": verb, "outcome": outcome,
                                             "latency": late},
        st.integers(0, 3 * MINUTE_NS), st.sampled_from(["a", "b", None]), st.sampled_from(["read", "write", "stop"]),
        st.sampled_from(["ok", "refused", "unsolicited"]), st.one_of(st.none(), st.integers(0, 10**9)),
        st.sampled_from([1, 2**63, 2**64 - 1]),
    ),
    min_size=1, max_size=60,
)  # fmt: skip


@given(ROWS, st.data())
def test_counts_ends_and_extremes_do_not_depend_on_batches(rows, data):
    """What is folded says of each kind of row in each minute what the rows themselves say."""
    whole = [
        row(operation=n + 1, frame=n + 1, **r) for n, r in enumerate(sorted(rows, key=lambda r: r["time"]))
    ]
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    found = fold(whole, cuts)
    assert sum(f["repeats"] for f in found) == len(whole)
    assert sorted(found, key=repr) == sorted(fold(whole), key=repr)
    for one in found:
        alike = [
            r for r in whole
            if all(r[n] == one[n] for n in ALIKE) and r["time"] // MINUTE_NS == one["time"] // MINUTE_NS
        ]  # fmt: skip
        if one["verb"] in FOLDED and one["outcome"] != "refused":
            assert one["repeats"] == len(alike)
            assert (one["time"], one["last"]) == (alike[0]["time"], alike[-1]["time"])
            assert (one["frame"], one["last_frame"]) == (alike[0]["frame"], alike[-1]["frame"])
            assert one["latency_max"] == max(
                (r["latency"] for r in alike if r["latency"] is not None), default=None
            )
            gaps = sorted(b["time"] - a["time"] for a, b in itertools.pairwise(alike))
            assert one["period_max"] == (gaps[-1] if gaps else None)


def test_memory_is_bounded_by_giving_out_early(monkeypatch):
    monkeypatch.setattr(folding, "MAX_OPEN", 50)
    state, rows = Folding(), 0
    for n in range(40):
        made = state.add(batch(poll(range(20), object=f"holding:{n}") + poll(range(5), server=f"10.0.1.{n}")))
        rows += sum(sum(b.column("repeats").to_pylist()) for b in made)
        assert state.open_runs <= 52
    rows += sum(sum(b.column("repeats").to_pylist()) for b in state.rest())
    assert rows == 40 * 25
    assert (state.open_runs, state.open_times) == (0, 0)


def test_ten_thousand_kinds_of_rows_are_folded_without_objects_for_each():
    """They would be gone afterwards, and their places stay: Python gives back what is empty only by the mebibyte."""
    rows = batch([row(time=START + n, operation=n + 1, object=f"holding:{n}") for n in range(10_000)])
    state = Folding()
    with peak() as held:
        state.add(rows)
        (folded,) = state.rest()
    assert folded.num_rows == 10_000
    assert held.python < 4 << 20  # 12 MiB where each was a run with a key of words
