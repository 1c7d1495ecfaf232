"""Batches of any table: columns by their types, dictionaries shared, grown and replaced as an engine's are."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import strategies as st

from interlock.records.tables import TABLES

SCHEMAS = {table.name: table.schema for table in TABLES.values()}
WORDS = st.lists(st.text(max_size=6), min_size=1, max_size=8, unique=True)


def column(field: pa.Field, rows: int, words: list[str]) -> st.SearchStrategy[pa.Array]:
    """One column of so many rows; dictionary columns use `words` as they stand."""
    if pa.types.is_dictionary(field.type):
        codes = st.integers(0, len(words) - 1)
        return _list(codes, rows, nullable=field.nullable).map(
            lambda c: pa.DictionaryArray.from_arrays(pa.array(c, pa.int32()), pa.array(words, pa.utf8()))
        )
    return _list(_scalar(field.type), rows, nullable=field.nullable).map(lambda c: pa.array(c, field.type))


def _list(element, rows, *, nullable):
    return st.lists(element | st.none() if nullable else element, min_size=rows, max_size=rows)


def _scalar(kind):
    if pa.types.is_list(kind):
        return st.lists(_scalar(kind.value_type), max_size=4)
    if pa.types.is_floating(kind):
        return st.floats(allow_nan=False, width=32)
    if kind == pa.binary():
        return st.binary(max_size=9)
    if kind == pa.utf8():
        return st.text(max_size=9)
    bits = kind.bit_width
    signed = pa.types.is_signed_integer(kind) or not pa.types.is_integer(kind)
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) if signed else st.integers(0, (1 << bits) - 1)


@st.composite
def batches(draw, name: str, words: list[str]) -> pa.RecordBatch:
    """A batch of a table, of one row at least."""
    rows = draw(st.integers(1, 6))
    columns = [draw(column(field, rows, words)) for field in SCHEMAS[name]]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMAS[name])


@st.composite
def steps(draw) -> list[dict[str, pa.RecordBatch]]:
    """What an engine gives step by step: words are added, and now and then replaced."""
    words, made = draw(WORDS), []
    for _ in range(draw(st.integers(1, 6))):
        change = draw(st.sampled_from(["same", "more", "others"]))
        fresh = draw(WORDS) if change != "same" else []
        words = [*words, *(w for w in fresh if w not in words)] if change != "others" else fresh
        names = draw(st.lists(st.sampled_from(list(SCHEMAS)), unique=True, max_size=3))
        made.append({name: draw(batches(name, words)) for name in names})
    return made


def operations(rows: list[dict]) -> pa.RecordBatch:
    """A batch of operations: what a row leaves out is a read that went well."""
    usual = {
        "source": "mirror",
        "realm": "default",
        "operation": 1,
        "time": 0,
        "frame": 1,
        "flow": 7,
        "client": "10.0.0.1",
        "server": "10.0.0.2",
        "protocol": "modbus",
        "verb": "read",
        "function": 3,
        "item": 0,
        "items": 1,
        "object": "holding:0",
        "count": 4,
        "outcome": "ok",
    }
    return _table("operations", [usual | row for row in rows])


def values(rows: list[dict]) -> pa.RecordBatch:
    """A batch of values: what a row leaves out is as read."""
    usual = {
        "source": "mirror",
        "realm": "default",
        "time": 0,
        "frame": 1,
        "flow": 7,
        "client": "10.0.0.1",
        "server": "10.0.0.2",
        "protocol": "modbus",
        "direction": "read",
        "number": [1.0],
    }
    return _table("values", [usual | row for row in rows])


def of_table(name: str, rows: list[dict]) -> pa.RecordBatch:
    """A batch of any table: what a row leaves out is null."""
    return _table(name, rows)


def _table(name, rows):
    schema = SCHEMAS[name]
    columns = [
        pa.array([row.get(f.name) for row in rows], pa.utf8()).dictionary_encode()
        if pa.types.is_dictionary(f.type)
        else pa.array([row.get(f.name) for row in rows], f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
