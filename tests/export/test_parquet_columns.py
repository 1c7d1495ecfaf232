"""Any rows of any type that tables have come back from Parquet as they were; Arrow's own writer is the oracle."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.uncompiled import uncompiled
from interlock.decode.registry import load_specs
from interlock.export.parquet import ParquetFile, encodings
from interlock.export.parquet.types import physical
from interlock.records.tables import TABLES

WORDS = pa.dictionary(pa.int32(), pa.utf8())
WHOLE = (
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.int32(), pa.int64()),
    *(pa.timestamp("ns", "UTC"), pa.timestamp("ms", "UTC"), pa.duration("ns")),
)
OTHERS = (WORDS, pa.utf8(), pa.binary(), pa.bool_(), pa.float32(), pa.float64())
LISTS = tuple(pa.list_(kind) for kind in (pa.float64(), pa.uint16(), pa.int32(), pa.utf8(), pa.bool_()))
NAMES = ("time", "frame", "item", "raw", "transaction", "object")
"""Of columns with an encoding of their own, and of one without."""
BOTH = pytest.mark.parametrize(
    "module", [encodings, uncompiled(encodings)], ids=["as imported", "uncompiled"]
)


def values(kind):
    """Values of a type; of whole numbers those at the ends of their range, and many alike."""
    if kind in WHOLE:
        signed, bits = not pa.types.is_unsigned_integer(kind), kind.bit_width
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        return st.sampled_from([0, 1, 2, low, high]) | st.integers(low, high)
    if pa.types.is_list(kind):
        return st.lists(values(kind.value_type) | st.none(), max_size=9)
    return {
        WORDS: st.sampled_from(["", "read", "write", "é\u2028", "a" * 40]),
        pa.utf8(): st.sampled_from(["", "read"]) | st.text(max_size=6),
        pa.binary(): st.sampled_from([b"", b"\0" * 9]) | st.binary(max_size=6),
        pa.bool_(): st.booleans(),
        pa.float32(): st.floats(width=32, allow_nan=False),
        pa.float64(): st.floats(allow_nan=False),
    }[kind]


@st.composite
def rows_of(draw, kind, *, nullable):
    """Rows, some of them often said again, so that there are runs."""
    one = values(kind) | st.none() if nullable else values(kind)
    stretches = draw(st.lists(st.tuples(one, st.sampled_from([1, 1, 1, 2, 7, 8, 9, 40])), max_size=30))
    return [value for value, times in stretches for _ in range(times)]


def array_of(rows, kind):
    if kind == WORDS:
        return pa.array(rows, pa.utf8()).dictionary_encode()
    if kind in WHOLE:
        return pa.array(rows, pa.uint64() if kind == pa.uint64() else pa.int64()).cast(kind)
    return pa.array(rows, kind)


def spelled_out(column):
    return column.cast(pa.utf8()) if column.type == WORDS else column


def written(schema, batches):
    file = io.BytesIO()
    sink = ParquetFile(schema, file)
    for batch in batches:
        sink.write(batch)
    sink.close()
    return pq.ParquetFile(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("kind", [*WHOLE, *OTHERS, *LISTS], ids=str)
@given(data=st.data())
def test_rows_come_back_as_they_were(kind, data):
    nullable = data.draw(st.booleans())
    name = data.draw(st.sampled_from(NAMES))
    schema = pa.schema([pa.field(name, kind, nullable=nullable)], metadata={"version": "1"})
    parts = data.draw(st.lists(rows_of(kind, nullable=nullable), max_size=3))
    first = data.draw(st.integers(0, 9))
    batches = [pa.record_batch([array_of(rows, kind)[first:]], schema) for rows in parts]
    said, own = written(schema, batches), io.BytesIO()
    rows = pa.chunked_array([batch[name] for batch in batches], kind)
    assert spelled_out(said.read()[name]).equals(spelled_out(rows))
    pq.write_table(pa.Table.from_batches([], schema), own)
    oracle = pq.ParquetFile(own)
    assert said.schema == oracle.schema
    assert said.schema_arrow == oracle.schema_arrow
    assert said.schema_arrow.metadata == oracle.schema_arrow.metadata


@given(rows=st.lists(st.integers(0, (1 << 64) - 1), min_size=1), signed=st.booleans())
def test_row_groups_say_the_bounds_of_times_and_frames(rows, signed):
    rows = [number - (1 << 63) for number in rows] if signed else rows
    kind = pa.int64() if signed else pa.uint64()
    schema = pa.schema([pa.field("frame", kind)])
    told = written(schema, [pa.record_batch([pa.array([*rows, None], kind)], schema)])
    bounds = told.metadata.row_group(0).column(0).statistics
    assert (bounds.min, bounds.max, bounds.null_count) == (min(rows), max(rows), 1)


def test_pages_are_as_long_as_the_footer_says():
    """Else a reader that goes from page to page, not by the footer, would lose its way."""
    words = array_of(["read", "write", "read", None] * 500, WORDS)
    times = pa.array(range(2000), pa.timestamp("ns", "UTC"))
    batch = pa.record_batch({"word": words, "time": times, "number": pa.array([0.5] * 2000)})
    column = [written(batch.schema, [batch]).metadata.row_group(0).column(at) for at in range(3)]
    ends = [4]
    for one in column:
        begin = one.dictionary_page_offset if one.has_dictionary_page else one.data_page_offset
        assert begin == ends[-1]
        ends.append(begin + one.total_compressed_size)
    assert column[0].has_dictionary_page


def test_every_table_can_be_written():
    for table in (*TABLES.values(), *(table for spec in load_specs() for table in spec.details)):
        for field in table.schema:
            physical(field.type.value_type if pa.types.is_list(field.type) else field.type)


def test_a_type_that_no_table_has_is_refused():
    with pytest.raises(TypeError, match="decimal"):
        ParquetFile(pa.schema([("x", pa.decimal128(9))]), io.BytesIO())


@BOTH
@given(
    numbers=st.lists(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-9, 9), max_size=300),
    codes=st.lists(st.integers(0, 5) | st.just(0), max_size=300),
)
def test_compiled_and_not_compiled_write_the_same(module, numbers, codes):
    def octets(of):
        whole = np.array(numbers, np.int64)
        out = np.zeros(of.room_for_delta(len(whole)) + of.room_for_hybrid(len(codes), 3) + 99, np.uint8)
        at = of.delta(whole, np.empty(128, np.uint64), out, 0)
        at = of.hybrid(np.array(codes, np.int32), 3, out, at)
        bits = np.packbits(np.array(codes, np.uint8) > 0, bitorder="little")
        at = of.levels(bits, len(codes), out, at) if codes else at
        return out[:at].tobytes()

    assert octets(module) == octets(encodings)
