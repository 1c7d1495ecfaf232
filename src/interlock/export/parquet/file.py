"""A Parquet file with zstd, as a run leaves them. Row groups of about ROWS rows keep memory and files small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import zstandard

from interlock import __version__
from interlock.export.parquet.column import Column, Scratch
from interlock.export.parquet.footer import (
    MAGIC,
    chunk_meta,
    data_header,
    dictionary_header,
    footer,
    row_group,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OCTETS", "ROWS", "ParquetFile", "open_table"]

ROWS: Final = 131_072
OCTETS: Final = 8 << 20
"""Or so much in memory, where rows are long: whoever writes needs several times that."""
_PLAIN: Final = {"operation", "time", "frame", "response_frame", "transaction", "latency", "first", "last"}
"""Columns whose values hardly repeat: a dictionary would be built and thrown away.

Their numbers are near their neighbours, so the differences are stored: smaller, and quicker to compress.
"""
_FEW: Final = {"item", "items", "raw", "function", "server_port", "device_time"}
"""Columns that compress as well as a dictionary of them would, or better, and are written sooner without one: hardly
more than zeros and ones, numbers that stay for long, and octets, of which many differ in the last few only."""
_BOUNDED: Final = {"time", "frame", "first", "last"}
"""Columns whose least and greatest value tell a reader which row groups it need not read."""
_LEVEL: Final = 1


class ParquetFile:
    """A sink (export.sink.Sink)."""

    def __init__(self, schema: pa.Schema, file: BinaryIO) -> None:
        self._schema, self._file = schema, file
        self._rows = self._octets = 0
        self._held: list[pa.RecordBatch] = []
        self._columns = [_column(field) for field in schema]
        self._scratch = Scratch()
        self._press = zstandard.ZstdCompressor(level=_LEVEL)
        self._groups: list[bytes] = []
        self._all_rows = 0
        self._at = 0
        self._open = True
        self._put(MAGIC)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch; it is on disk when a row group is full or the table closed."""
        self._held.append(batch)
        self._rows += batch.num_rows
        self._octets += _octets(batch)
        if self._rows >= ROWS or self._octets >= OCTETS:
            self._flush()

    def _put(self, octets: Any) -> None:
        self._file.write(octets)
        self._at += len(octets)

    def _flush(self) -> None:
        if self._rows:
            # One dictionary for all of a row group, or every word would stand there once a batch.
            table = pa.Table.from_batches(self._held, self._schema)
            if len(self._held) > 1:
                table = table.unify_dictionaries()
            self._group([column.chunks for column in table.columns], table.num_rows)
        self._held, self._rows, self._octets = [], 0, 0

    def _group(self, columns: Sequence[Sequence[Any]], rows: int) -> None:
        """Write one row group."""
        begin, said, octets = self._at, [], 0
        for column, chunks in zip(self._columns, columns, strict=True):
            meta, size = self._chunk(column, chunks)
            said.append(meta)
            octets += size
        sizes = (octets, self._at - begin)
        self._groups.append(row_group(said, rows, sizes, begin, len(self._groups)))
        self._all_rows += rows

    def _chunk(self, column: Column, chunks: Sequence[Any]) -> tuple[bytes, int]:
        """Write one column; what the footer says of it, and its octets before they were packed."""
        content = column.content(chunks, self._scratch)
        begin, octets, dictionary_at = self._at, 0, None
        if content.dictionary is not None:
            dictionary_at = begin
            packed = self._press.compress(content.dictionary)
            header = dictionary_header(content, len(content.dictionary), len(packed))
            octets += self._page(header, packed, len(content.dictionary))
        data_at = self._at
        packed = self._press.compress(content.data)
        octets += self._page(data_header(content, len(content.data), len(packed)), packed, len(content.data))
        sizes = (octets, self._at - begin)
        return chunk_meta(column, content, sizes, (data_at, dictionary_at)), octets

    def _page(self, header: bytes, packed: bytes, octets: int) -> int:
        self._put(header)
        self._put(packed)
        return len(header) + octets

    def close(self) -> None:
        """Write what is held, and the footer."""
        if not self._open:
            return
        self._open = False  # a disk that refused once must not be asked again
        self._flush()
        self._put(footer(self._schema, self._groups, self._all_rows, __version__))


def _column(field: pa.Field) -> Column:
    return Column(
        field,
        coded=field.name not in _PLAIN | _FEW,
        rising=field.name in _PLAIN,
        bounds=field.name in _BOUNDED,
    )


def _octets(batch: pa.RecordBatch) -> int:
    """Of its rows alone: the words that they name are shared with others."""
    rows = (c.indices if pa.types.is_dictionary(c.type) else c for c in batch.columns)
    return sum(column.nbytes for column in rows)


def open_table(schema: pa.Schema, file: BinaryIO) -> ParquetFile:
    """See export.sink.open_sink."""
    return ParquetFile(schema, file)
