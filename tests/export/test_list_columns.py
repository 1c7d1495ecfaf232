"""Lists of texts and of small integers are written as lists of decimals are."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlock.export.parquet import ParquetFile


@pytest.mark.parametrize(
    ("kind", "items"), [(pa.utf8(), ["a"]), (pa.uint16(), [7]), (pa.uint8(), [1]), (pa.float64(), [0.5])]
)
def test_a_list_of_any_kind_is_written(kind, items):
    schema = pa.schema([("x", pa.list_(kind))])
    file = io.BytesIO()
    sink = ParquetFile(schema, file)
    sink.write(pa.record_batch([pa.array([items], pa.list_(kind))], schema))
    sink.close()
    assert pq.read_table(io.BytesIO(file.getvalue()))["x"].to_pylist() == [items]
