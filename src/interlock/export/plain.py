"""Columns as people's formats know them: text instead of codes, ISO 8601 instead of nanoseconds."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from interlock.export.escape import escaped

__all__ = ["plain_columns"]


def plain_columns(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Column name → array of strings, numbers or lists; times as ISO 8601 UTC with ns, octets as hex."""
    return {name: _plain(batch.column(i)) for i, name in enumerate(batch.schema.names)}


def _plain(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        words = pa.array([escaped(w) for w in column.dictionary.to_pylist()], pa.utf8())
        return words.take(column.indices)
    if pa.types.is_string(kind):
        return pa.array([None if t is None else escaped(t) for t in column.to_pylist()], pa.utf8())
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_duration(kind):
        return column.cast(pa.int64())
    if pa.types.is_binary(kind):
        return pa.array([None if o is None else o.hex() for o in column.to_pylist()], pa.utf8())
    return column
