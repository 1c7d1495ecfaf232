"""One table's Arrow IPC stream in pieces: what a batch adds to it, and the batch from such a piece."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from interlock.pipeline.sensor.frames import BrokenStreamError

__all__ = ["TableReader", "TableWriter"]

_BUFFER: Final = 1 << 16
"""Arrow writes a batch in some thirty small pieces; gathered, a batch of twenty rows costs a third."""

MAX_WORDS: Final = 1 << 22
"""Texts of one dictionary that a reader holds; engines compact their pools at 200,000."""


class TableWriter:
    """Octets of a stream, batch by batch: the schema first, dictionaries where they are new, grown or replaced."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._sink = _Sink()
        self._out: Any = None
        self._writer: Any = None

    def write(self, batch: pa.RecordBatch) -> bytes:
        """What this batch (of the table's schema) adds to the stream."""
        if self._writer is None:
            self._open()
        self._writer.write_batch(batch)
        self._out.flush()
        return self._sink.taken()

    def _open(self) -> None:
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        self._out = pa.BufferedOutputStream(pa.PythonFile(self._sink, "w"), _BUFFER)
        self._writer = pa.ipc.new_stream(self._out, self._schema, options=options)


class TableReader:
    """Batches of a stream, piece by piece. schema: the only one that is taken."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._source = _Source()
        self._reader: Any = None
        self._known: dict[int, tuple[pa.Array, int]] = {}
        kinds = list(enumerate(schema.types))
        self._coded = [at for at, kind in kinds if pa.types.is_dictionary(kind)]
        self._uneven = [at for at, kind in kinds if kind.num_buffers > 2 or pa.types.is_nested(kind)]
        self._even = sorted({*range(len(kinds))} - {*self._coded, *self._uneven})

    def read(self, octets: bytes) -> pa.RecordBatch:
        """The batch that `octets` (one TableWriter.write) carry. Raises BrokenStreamError."""
        self._source.give(octets)
        try:
            batch = self._next()
            self._check(batch)
        except (pa.ArrowException, StopIteration, OSError, ValueError) as error:
            raise BrokenStreamError(f"octets that are no batch of this table: {error}") from error
        if self._source.left:
            raise BrokenStreamError("more octets than the batch has")
        return batch

    def _next(self) -> pa.RecordBatch:
        if self._reader is None:
            self._reader = pa.ipc.open_stream(pa.PythonFile(self._source, "r"))
            if not self._reader.schema.equals(self._schema, check_metadata=True):
                raise ValueError("it has other columns")
        return self._reader.read_next_batch()

    def _check(self, batch: pa.RecordBatch) -> None:
        """Buffers are long enough, texts UTF-8, codes within their dictionary, lists and nulls as they say."""
        batch.validate()
        for at in self._even:
            if (column := batch.column(at)).null_count:
                column.validate(full=True)
        for at in self._uneven:
            batch.column(at).validate(full=True)
        for at in self._coded:
            column = batch.column(at)
            dictionary = column.dictionary
            place = _address(dictionary)
            known = self._known.get(at)
            if known is None or known[1] != place:
                self._known[at] = (_valid(dictionary), place)
            indices = column.indices
            if indices.null_count:
                indices.validate(full=True)
            pa.DictionaryArray.from_arrays(indices, dictionary)


def _valid(dictionary: pa.Array) -> pa.Array:
    if len(dictionary) > MAX_WORDS:
        raise ValueError("a dictionary grew beyond all measure")
    dictionary.validate(full=True)
    return dictionary


def _address(texts: pa.Array) -> int:
    """What tells a dictionary from every other one that is still held."""
    octets = texts.buffers()[1]
    return 0 if octets is None else int(octets.address)


class _Sink:
    """Where Arrow writes."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, octets: Any) -> int:
        """Keep a piece."""
        self._parts.append(bytes(octets))
        return len(octets)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        """All pieces since the last time."""
        parts, self._parts = self._parts, []
        return parts[0] if len(parts) == 1 else b"".join(parts)


class _Source:
    """Where Arrow reads: one piece at a time, whose end it takes for the end of the file."""

    closed = False

    def __init__(self) -> None:
        self._octets = pa.py_buffer(b"")
        self._at = 0

    def give(self, octets: bytes) -> None:
        """The next piece."""
        self._octets, self._at = pa.py_buffer(octets), 0

    @property
    def left(self) -> int:
        """Octets that nobody has read."""
        return len(self._octets) - self._at

    def read_buffer(self, size: int) -> pa.Buffer:
        """Up to `size` octets, in place."""
        piece = self._octets.slice(self._at, min(size, self.left))
        self._at += len(piece)
        return piece

    def read(self, size: int) -> bytes:
        """The same, copied."""
        octets: bytes = self.read_buffer(size).to_pybytes()
        return octets

    def close(self) -> None:
        """Nothing is held open."""
