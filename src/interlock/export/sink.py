"""The interface of a table format, and the visible table of formats."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "Sink", "open_sink"]


class Sink(Protocol):
    """Writes batches of one table; nothing may follow `close`."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch."""

    def close(self) -> None:
        """Write what the format needs at its end; the file itself stays open."""


FORMATS: Final[dict[str, str]] = {
    "jsonl": "interlock.export.jsonl",
    "csv": "interlock.export.csv_text",
    "parquet": "interlock.export.parquet",
    "arrow": "interlock.export.arrow_stream",
}


def open_sink(name: str, schema: pa.Schema, file: BinaryIO) -> Sink:
    """A sink of a format in FORMATS that writes a table of this schema to an open binary file."""
    sink: Sink = importlib.import_module(FORMATS[name]).open_table(schema, file)
    return sink
