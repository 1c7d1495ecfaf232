"""The plain store: what went in comes out, before and after it was closed."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlock.errors import OutputError, SourceError
from interlock.records.asset import Asset, Conflict, Proof, Risk, altered
from interlock.store.plain import lanes, sealing
from interlock.store.plain.reader import PlainReader, _groups
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

from .rows import SECOND, START, Clock, batch, finding


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    store = PlainStore(tmp_path / "store", clock=clock)
    yield store
    store.close()


def frames(reader, table, **wanted):
    return [row["frame"] for rows in reader.rows(table, **wanted) for row in rows.to_pylist()]


def test_rows_are_there_a_tend_later_and_once_after_every_step_of_their_life(store, clock):
    reader = PlainReader(store.folder)
    for second in range(0, 4000, 10):
        if second % 100 == 0:
            store.write(
                {"clues": batch("clues", [{"at": second, "frame": second + 1, "value": str(second)}])}
            )
        store.tend(clock.on(10))
        if second % 200 == 0:
            assert frames(reader, "clues") == [1 + 100 * n for n in range(second // 100 + 1)]
    names = sorted(path.suffix for path in (store.folder / "tables" / "clues").iterdir())
    assert names == [".arrows", ".parquet"]
    store.close()
    assert frames(reader, "clues") == [1 + 100 * n for n in range(40)]
    assert [path.suffix for path in (store.folder / "tables" / "clues").iterdir()] == [".parquet"] * 2


def test_time_and_columns_are_asked_for(store, clock):
    for second in range(10):
        store.write({"clues": batch("clues", [{"at": second, "frame": second}])})
    store.tend(clock.on(1))
    reader = PlainReader(store.folder)
    since, until = START + 3 * SECOND, START + 5 * SECOND
    for _ in range(2):
        assert frames(reader, "clues", since=since, until=until) == [3, 4]
        rows = list(reader.rows("clues", since=since, columns=["value", "frame"]))
        assert [batch.schema.names for batch in rows] == [["value", "frame"]]
        assert rows[0].num_rows == 7
        assert list(reader.rows("clues", until=START)) == []
        store.close()


def test_a_table_comes_back_in_its_own_schema(store, clock):
    given = batch("flows", [{"first": START, "last": START + 5, "flow": 2**64 - 1, "transport": "tcp"}])
    store.write({"flows": given})
    store.tend(clock.on(1))
    reader = PlainReader(store.folder)
    for _ in range(2):
        (back,) = reader.rows("flows")
        assert back.schema.equals(given.schema)
        assert back.equals(given)
        store.close()


def test_a_null_where_none_may_be_costs_no_row(store, clock):
    good = batch("clues", [{"frame": 1}])
    null = pa.nulls(1, good.schema.field("value").type)
    columns = [null if name == "value" else good.column(name) for name in good.schema.names]
    for rows in (good, pa.RecordBatch.from_arrays(columns, schema=good.schema), good):
        store.write({"clues": rows})
    store.tend(clock.on(1))
    store.close()
    values = [row["value"] for rows in PlainReader(store.folder).rows("clues") for row in rows.to_pylist()]
    assert values == ["ACME", None, "ACME"]


def test_operations_are_folded_and_pending_ones_left_out(store, clock):
    poll = [{"at": n / 10, "frame": n + 1} for n in range(600)]
    write = {"at": 30, "frame": 1000, "verb": "stop"}
    store.write({"operations": batch("operations", [*poll, write, {"at": 31, "outcome": "pending"}])})
    store.tend(clock.on(1))
    reader = PlainReader(store.folder)
    for _ in range(2):
        wanted = ["verb", "repeats"]
        rows = [row for rows in reader.rows("operations_folded", columns=wanted) for row in rows.to_pylist()]
        polls = [row["repeats"] for row in rows if row["verb"] == "read"]
        assert (len(polls), sum(polls)) == (2, 600)
        assert len(rows) == 3
        assert reader.tables() == ("operations_folded",)
        store.close()


def test_findings_grow_and_get_a_new_number(store, clock):
    assert store.commit([finding("a"), finding("b")])
    assert store.commit([finding("a", count=5, last=START + 9, title="more")])
    reader = PlainReader(store.folder)
    for place in (store, reader):
        assert [(n, f.id, f.count, f.title) for n, f in place.findings()] == [
            (2, "b", 1, "Title of b"),
            (3, "a", 5, "more"),
        ]
        assert [f.id for _, f in place.findings(after=2)] == ["a"]
    assert dict(store.findings())[2] == finding("b")


def test_a_count_never_falls_and_what_was_accepted_stays_to_its_day(store, clock):
    store.commit([finding("a", count=7, time=START - 5, accepted="known", accepted_until="2999-01-01")])
    store.commit([finding("a", count=1)])
    ((_, whole),) = store.findings()
    assert (whole.count, whole.time, whole.accepted, whole.accepted_until) == (
        7,
        START - 5,
        "known",
        "2999-01-01",
    )
    store.commit([finding("b", accepted="known", accepted_until="1999-01-01")])
    store.commit([finding("b")])
    assert {f.id: f.accepted for _, f in store.findings()} == {"a": "known", "b": None}


def test_diary_and_states_come_back(store, clock):
    entries = [
        Entry(time=START + n, event="dropped", says="é \u202e", until=START + 9, source="eth0", count=n)
        for n in range(3)
    ]
    for entry in entries:
        assert store.note(entry)
    store.keep("inventory", b"\x00old")
    store.keep("inventory", b"\x00new")
    assert list(store.diary()) == entries
    assert store.kept("inventory") == b"\x00new"
    assert store.kept("nothing") is None
    assert PlainReader(store.folder).kept("inventory") == b"\x00new"
    assert list(PlainReader(store.folder).diary()) == entries


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(SourceError, match="is no store"):
        PlainReader(tmp_path)


def test_a_second_writer_is_told_who_the_first_one_is(store, clock):
    with pytest.raises(OutputError, match=f"process {os.getpid()} writes here already"):
        PlainStore(store.folder, clock=clock)


def test_machines_come_back_as_remembered_last(store):
    proof = Proof(
        value="ACME", protocol="arp", source="a", frame=1, confidence=0.5, first=1, last=2, note="n"
    )
    one = Asset(
        id="1", realm="default", macs=("00:1b:1b:00:00:02",), ips=("10.0.0.2",), vendor="ACME", children=("2",),
        risk=Risk(score=40, reasons=("it is old",)), provenance=(("vendor", (proof, proof)),),
        conflicts=(Conflict(field="vendor", proofs=(proof,)),), first_seen=1, last_seen=2**62,
    )  # fmt: skip
    other = Asset(id="2", realm="default", unit="1", parent="1")
    reader = PlainReader(store.folder)
    for known in ((one, other), (other,), (altered(other, vendor="B"), one), ()):
        store.remember(list(store.outlined(known)))
        assert tuple(store.assets()) == tuple(reader.assets()) == tuple(sorted(known, key=lambda a: a.id))


def test_only_machines_that_changed_are_written(store):
    machines = [Asset(id=str(n), realm="default") for n in range(100)]
    store.remember(list(store.outlined(machines)))
    before = store._database._db.total_changes
    store.remember(list(store.outlined([altered(machines[0], vendor="B"), *machines[1:99]])))
    assert store._database._db.total_changes - before == 2


def test_row_groups_of_other_times_are_not_read(store, clock):
    rows = [{"at": second, "frame": second} for second in range(3 * 131_072)]
    for start in range(0, len(rows), 32_768):
        store.write({"clues": batch("clues", rows[start : start + 32_768])})
        store.tend(clock.on(1))
    store.close()
    (file,) = (store.folder / "tables" / "clues").iterdir()
    whole = pq.ParquetFile(file)
    assert whole.metadata.num_row_groups == 3
    at = START + 200_000 * SECOND
    assert _groups(whole.metadata, ("time", "time"), at, at + SECOND) == [1]
    assert _groups(whole.metadata, ("time", "time"), at, None) == [1, 2]
    assert _groups(whole.metadata, None, at, None) == [0, 1, 2]
    whole.close()
    assert frames(PlainReader(store.folder), "clues", since=at, until=at + SECOND) == [200_000]


def test_rows_that_cannot_be_folded_or_sealed_stop_nobody_and_are_said(store, clock, monkeypatch):
    def fails(*_):
        raise KeyError("a column nobody thought of")

    store.write({"operations": batch("operations", [{"frame": 1}]), "clues": batch("clues", [{"frame": 1}])})
    store.tend(clock.on(1))
    with monkeypatch.context() as patch:
        patch.setattr(lanes, "folded_rows", fails)
        patch.setattr(sealing, "ParquetFile", fails)
        store.tend(clock.on(3700))
        store.tend(clock.on(1))
    store.write({"operations": batch("operations", [{"frame": 2}]), "clues": batch("clues", [{"frame": 2}])})
    store.tend(clock.on(1))
    assert sorted(entry.says.rpartition(" ")[2] for entry in store.diary()) == [
        "clues/00000001.broken",
        "operations/00000001.broken",
    ]
    assert frames(PlainReader(store.folder), "clues") == [2]
    store.close()
    assert frames(PlainReader(store.folder), "operations_folded", columns=["frame"]) == [2]
