"""Arrow IPC stream: what the wire between our own processes carries, too."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa

__all__ = ["ArrowStream", "open_table"]


class ArrowStream:
    """A sink (export.sink.Sink); dictionaries may change from batch to batch."""

    def __init__(self, schema: pa.Schema, file: BinaryIO) -> None:
        options = pa.ipc.IpcWriteOptions(compression="lz4", emit_dictionary_deltas=False)
        self._writer = pa.ipc.new_stream(pa.PythonFile(file, "w"), schema, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one batch."""
        self._writer.write_batch(batch)

    def close(self) -> None:
        """Write the end of the stream."""
        self._writer.close()


def open_table(schema: pa.Schema, file: BinaryIO) -> ArrowStream:
    """See export.sink.open_sink."""
    return ArrowStream(schema, file)
