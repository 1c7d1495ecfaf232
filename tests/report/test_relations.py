from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.records.tables import OPERATIONS
from interlock.report.relations import Relations, relations_of
from interlock.report.words import gravity_of

from .plant import TALKS, operations, table_of

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["a.pcap", "b.pcap"]),
            "realm": st.sampled_from(["", "cell-1"]),
            "operation": st.just(0),
            "time": st.integers(0, 2**60),
            "frame": st.one_of(st.none(), st.integers(1, 99)),
            "response_frame": st.one_of(st.none(), st.integers(1, 99)),
            "flow": st.just(1),
            "client": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
            "server": st.sampled_from(["10.0.0.3", "fe80::1"]),
            "protocol": st.sampled_from(["modbus", "cip"]),
            "verb": st.sampled_from(["read", "write", "stop"]),
            "item": st.integers(0, 2),
            "items": st.just(3),
            "outcome": st.sampled_from(["ok", "refused", "no-answer", "unknown"]),
        }
    ),
    max_size=40,
)


def _expected(rows):
    """The same fold written the slow way, row by row."""
    found = defaultdict(lambda: [0, 0, 0, 2**62, -1])
    for row in rows:
        if row["item"]:
            continue
        one = found[tuple(row[key] for key in ("realm", "client", "server", "protocol", "verb"))]
        one[0] += 1
        one[1] += row["outcome"] == "refused"
        one[2] += row["outcome"] == "no-answer"
        one[3] = min(one[3], row["time"])
        one[4] = max(one[4], row["time"])
    return {key: tuple(value) for key, value in found.items()}


def _folded(relations: Relations):
    return {
        (r.realm, r.client, r.server, r.protocol, r.verb): (r.count, r.refused, r.unanswered, r.first, r.last)
        for r in relations.rows
    }


@settings(deadline=None)
@given(ROWS)
def test_agrees_with_a_row_by_row_fold(rows) -> None:
    assert _folded(relations_of([table_of(OPERATIONS, rows)])) == _expected(rows)


@settings(deadline=None)
@given(ROWS, st.integers(1, 10))
def test_whole_and_split_tables_agree(rows, size) -> None:
    table = table_of(OPERATIONS, rows)
    assert relations_of(table.to_batches(max_chunksize=size)) == relations_of([table])
    parts = [table_of(OPERATIONS, rows[at : at + size]) for at in range(0, len(rows), size)]
    assert relations_of(parts) == relations_of([table])


@settings(deadline=None)
@given(ROWS)
def test_the_frame_is_one_that_shows_it(rows) -> None:
    shown = {
        (
            row["realm"],
            row["client"],
            row["server"],
            row["protocol"],
            row["verb"],
            row["frame"] or row["response_frame"],
        )
        for row in rows
    }
    for r in relations_of([table_of(OPERATIONS, rows)]).rows:
        assert (r.realm, r.client, r.server, r.protocol, r.verb, r.frame) in shown


def test_beyond_the_bound_the_gravest_stay_and_the_rest_is_counted() -> None:
    table = operations()
    everything = relations_of([table])
    few = relations_of([table], bound=4)
    assert len(few.rows) == 4
    assert (
        sorted(gravity_of(r.verb) for r in few.rows)
        == sorted(gravity_of(r.verb) for r in everything.rows)[:4]
    )
    assert sum(r.count for r in few.rows) + few.left_out == sum(r.count for r in everything.rows)


def test_the_plant_has_the_relations_of_its_story() -> None:
    pairs = {(r.client, r.server, r.protocol, r.verb) for r in relations_of([operations()]).rows}
    assert pairs == {(c, s, p, verb) for c, s, p, verbs, _ in TALKS for verb, _, _ in verbs}


def test_no_operations_no_relations() -> None:
    assert relations_of([]) == Relations()
