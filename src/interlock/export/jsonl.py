"""JSON lines: one object a row, absent values left out as null."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from interlock.export.plain import plain_columns

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["JsonLines", "open_table"]


class JsonLines:
    """A sink (export.sink.Sink)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch."""
        columns = plain_columns(batch)
        names = list(columns)
        lists = [column.to_pylist() for column in columns.values()]
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        lines = [encode(dict(zip(names, row, strict=True))) for row in zip(*lists, strict=True)]
        if lines:
            self._file.write(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Nothing is left to write."""
        self._file.flush()


def open_table(schema: pa.Schema, file: BinaryIO) -> JsonLines:
    """See export.sink.open_sink."""
    del schema
    return JsonLines(file)
