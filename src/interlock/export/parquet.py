"""Parquet with zstd: the files that a run leaves. Row groups of about ROWS rows keep memory and files small."""

from __future__ import annotations

from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["ROWS", "ParquetFile", "open_table"]

ROWS: Final = 131_072
OCTETS: Final = 16 << 20
"""Or so much in memory, where rows are long: whoever writes needs several times that."""
_RISING: Final = {"operation", "frame", "response_frame"}
"""Columns whose values hardly repeat, but are near their neighbours: the differences are stored, smaller and quicker to
compress than a dictionary, which would be built and thrown away.
"""

_PAGE_ROWS: Final = 1 << 20
"""No page ends for its rows: what is read is whole row groups, and every page's beginning costs time and room."""

_PLAIN: Final = {
    *("item", "items", "raw", "function", "client_port", "server_port", "count", "flow", "device_time"),
    *("time", "first", "last", "latency", "transaction"),
}
"""Columns that compress about as well without a dictionary of them, and are written sooner: hardly more than zeros and
ones, numbers that stay for long, octets, of which many differ in the last few only, and times, which do not repeat."""

_WHOLE: Final = (pa.types.is_integer, pa.types.is_timestamp, pa.types.is_duration)


class ParquetFile:
    """A sink (export.sink.Sink)."""

    def __init__(self, schema: pa.Schema, file: BinaryIO) -> None:
        lists = [f for f in schema if pa.types.is_list(f.type)]
        numbers = [f"{f.name}.list.element" for f in lists if pa.types.is_floating(f.type.value_type)]
        coded = [f.name for f in schema if f.name not in _PLAIN | _RISING and not pa.types.is_list(f.type)]
        rising = [f.name for f in schema if f.name in _RISING and any(of(f.type) for of in _WHOLE)]
        self._schema = schema
        self._row_octets, self._uneven = _row_octets(schema)
        self._rows = self._octets = 0
        self._held: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            pa.PythonFile(file, "w"),
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=coded,
            column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT")
            | dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
            write_batch_size=ROWS,
            max_rows_per_page=_PAGE_ROWS,
            write_statistics=["time", "frame", "first", "last"],
            store_schema=True,
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch; it is on disk when a row group is full or the table closed."""
        self._held.append(batch)
        self._rows += batch.num_rows
        self._octets += batch.num_rows * self._row_octets
        self._octets += sum(batch.column(at).nbytes for at in self._uneven)
        if self._rows >= ROWS or self._octets >= OCTETS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            # One dictionary for all of a row group, or the writer would spell every word out.
            table = pa.Table.from_batches(self._held, self._schema).unify_dictionaries()
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._held, self._rows, self._octets = [], 0, 0

    def close(self) -> None:
        """Write what is held, and the footer."""
        if not self._writer.is_open:
            return
        try:
            self._flush()
            self._writer.close()
        finally:  # a disk that refused once must not be asked again, here or when the writer is collected
            self._writer.is_open = False


def _row_octets(schema: pa.Schema) -> tuple[int, tuple[int, ...]]:
    """Octets of a row's columns of even width, and the places of columns whose rows differ in width.

    Of words their codes alone count: others share them.
    """
    kinds = [f.type.index_type if pa.types.is_dictionary(f.type) else f.type for f in schema]
    uneven = tuple(at for at, kind in enumerate(kinds) if not pa.types.is_primitive(kind))
    return sum(k.bit_width for k in kinds if pa.types.is_primitive(k)) // 8, uneven


def open_table(schema: pa.Schema, file: BinaryIO) -> ParquetFile:
    """See export.sink.open_sink."""
    return ParquetFile(schema, file)
