"""`interlock sensor records`: rows out of a store."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest
from tests.cli.terminal import run
from tests.store.plain.rows import START, Clock, batch

from interlock.store.plain.store import PlainStore


@pytest.fixture
def store(tmp_path):
    store = PlainStore(tmp_path / "store", clock=Clock())
    store.write({"clues": batch("clues", [{"at": n, "frame": n, "value": f"v{n}"} for n in range(10)])})
    store.write({"operations": batch("operations", [{"at": 1, "frame": 7, "verb": "stop"}])})
    store.tend(START)
    yield store.folder
    store.close()


def test_rows_of_a_time_while_the_store_is_written(store):
    ended = run(
        "sensor",
        "records",
        "clues",
        "--store",
        store,
        "--since",
        "2026-09-21T14:13:25Z",
        "--columns",
        "value,frame",
    )
    assert (ended.code, ended.err) == (0, "")
    assert [json.loads(line) for line in ended.out.splitlines()] == [
        {"value": f"v{n}", "frame": n} for n in range(5, 10)
    ]
    assert run("sensor", "records", "clues", "--store", store, "--since", "2d").code == 0


def test_operations_come_folded_in_any_format(store, tmp_path):
    ended = run("sensor", "records", "operations", "--store", store, "--format", "csv")
    (row,) = csv.DictReader(ended.out.decode().splitlines())
    assert (row["verb"], row["repeats"]) == ("stop", "1")
    file = tmp_path / "rows.parquet"
    assert (
        run("sensor", "records", "operations", "--store", store, "--format", "parquet", "-o", file).code == 0
    )
    assert pq.read_table(file).column("verb").to_pylist() == ["stop"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["flows"], "the store has no rows of flows; there are: clues, operations_folded"),
        (["clues", "--since", "yesterday"], "'yesterday' is no time"),
        (["clues", "--columns", "value,nothing"], "clues has no column nothing"),
    ],
)
def test_what_is_not_there_is_said(store, words, says):
    ended = run("sensor", "records", *words, "--store", store)
    assert ended.code == 2
    assert says in ended.err


def test_a_folder_that_is_no_store_is_said(tmp_path):
    ended = run("sensor", "records", "clues", "--store", tmp_path)
    assert ended.code not in {0, 1}
    assert "is no store" in ended.err
