"""CSV (RFC 4180) with a header; lists are joined by spaces.

Cells that a spreadsheet would run as a formula get a leading apostrophe: names on the wire are hostile input.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from interlock.export.plain import plain_columns

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CsvText", "open_table"]

_FORMULA: Final = ("=", "+", "-", "@")


class CsvText:
    """A sink (export.sink.Sink)."""

    def __init__(self, schema: pa.Schema, file: BinaryIO) -> None:
        self._file = file
        file.write((",".join(schema.names) + "\r\n").encode())

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch."""
        text = io.StringIO()
        lists = [[_cell(v) for v in column.to_pylist()] for column in plain_columns(batch).values()]
        csv.writer(text).writerows(zip(*lists, strict=True))
        self._file.write(text.getvalue().encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Nothing is left to write."""
        self._file.flush()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(f"{v:g}" for v in value)
    if isinstance(value, str) and value.lstrip().startswith(_FORMULA):  # spreadsheets skip leading blanks
        return "'" + value
    return value


def open_table(schema: pa.Schema, file: BinaryIO) -> CsvText:
    """See export.sink.open_sink."""
    return CsvText(schema, file)
