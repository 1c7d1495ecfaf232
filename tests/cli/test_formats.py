"""The four formats hold the same rows."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.terminal import DEMO, run

TABLES = ("operations", "flows", "clues", "values")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("tables")
    named = [word for table in TABLES for word in ("--table", table)]
    for form in ("jsonl", "csv", "parquet", "arrow"):
        ended = run("decode", DEMO / "engineering.pcap", *named, "--format", form, "--out", place)
        assert (ended.code, ended.err) == (0, "")
    return place


@pytest.mark.parametrize("table", TABLES)
def test_formats_hold_the_same_rows(folder, table):
    parquet = pq.read_table(folder / f"{table}.parquet")
    with pa.ipc.open_stream(folder / f"{table}.arrow") as stream:
        arrow = stream.read_all()
    lines = [json.loads(line) for line in (folder / f"{table}.jsonl").read_text("utf-8").splitlines()]
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    assert parquet.num_rows > 0
    assert parquet.to_pylist() == arrow.to_pylist()
    assert len(lines) == len(cells) == parquet.num_rows
    assert list(lines[0]) == list(cells[0]) == parquet.schema.names
    for line, row in zip(lines, cells, strict=True):
        for name, value in line.items():
            assert row[name].removeprefix("'") == _cell(value).removeprefix("'"), name


@pytest.mark.parametrize("table", TABLES)
def test_json_lines_say_what_parquet_says(folder, table):
    exact = pq.read_table(folder / f"{table}.parquet").to_pylist()
    lines = [json.loads(line) for line in (folder / f"{table}.jsonl").read_text("utf-8").splitlines()]
    for row, line in zip(exact, lines, strict=True):
        for name, value in row.items():
            if value is None or isinstance(value, int | bool):
                assert line[name] == value, name


def _cell(value):
    if isinstance(value, list):
        return " ".join(f"{v:g}" for v in value)
    out = io.StringIO()
    csv.writer(out).writerow([value, ""])
    return next(csv.reader([out.getvalue()]))[0]
