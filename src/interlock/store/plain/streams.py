"""An open segment: an Arrow IPC stream on disk that ends wherever its writer was when it died.

Words are written out, not coded: a stream then is its schema and one message a batch, each of which stands for itself,
and what is whole can be told from what is torn. A field that was coded says so, and is coded again when it is read.

Its writer holds a lock on it, which the kernel takes back when it dies: a stream that nobody holds is for whoever folds
and seals. One that was ended carries Arrow's mark of the end; its writer died where it does not.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa

from interlock.store.plain.segments import joined, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from interlock.store.plain.segments import SpanOfTime

__all__ = [
    "BEGUN",
    "Stream",
    "coded",
    "coded_schema",
    "is_ended",
    "is_held",
    "last_journal",
    "read_stream",
    "written_out",
]

BEGUN: Final = ".begun"
"""Suffix of a stream that has no lock or no schema yet: nobody takes it for one."""

_CODED: Final = b"interlock.coded"
_UPTO: Final = b"interlock.journal"
_END: Final = b"\xff\xff\xff\xff\0\0\0\0"
"""The mark that ends a stream."""
_WORDS: Final = pa.dictionary(pa.int32(), pa.utf8())
_LZ4: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
"""Half the time of zstd, for a stream that lives minutes: who waits is the judge. What is sealed is zstd."""
_ALONE: Final = pa.ipc.IpcReadOptions(use_threads=False)
"""A second's rows are few: handing them to other threads and waiting takes longer than shortening them."""


class Stream:
    """Appends batches of one schema to a new file; where the disk refuses, the file is as before the call.

    rows, octets: so far. times: what its rows span. begun: UTC ns of the wall, as its maker says.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        begun: int,
        grows: Callable[[Path, int], None] = lambda _path, _octets: None,
    ) -> None:
        """schema: of batches as they come, coded or not. grows(path, octets until now): see port.Puts."""
        self.path, self.schema, self.begun = path, schema, begun
        self._plain = _plain_schema(schema)
        self._head = self._plain.serialize().to_pybytes()
        self.rows = self.octets = 0
        self.times: SpanOfTime | None = None
        self._unforced = True
        self._grows = grows
        grows(path, 0)
        bare = path.with_suffix(BEGUN)
        self._fd = os.open(bare, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._put(self._head)
            if path.exists():
                raise FileExistsError(errno.EEXIST, "a segment of that number is there already", str(path))
            bare.rename(path)
        except OSError:
            self._let_go()
            bare.unlink()
            raise

    def append(self, batch: pa.RecordBatch, upto: int | None = None) -> None:
        """One batch, with its words written out. upto: number of the journal that it ends. Raises OSError."""
        self._grows(self.path, self.octets)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self._plain, options=_LZ4) as writer:
            writer.write_batch(batch, custom_metadata=None if upto is None else {_UPTO: str(upto).encode()})
        self._put(memoryview(sink.getvalue())[len(self._head) : -len(_END)])
        self.rows += batch.num_rows
        self.times = joined(self.times, span(batch))

    def _put(self, octets: bytes | memoryview) -> None:
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError:
            os.ftruncate(self._fd, self.octets)
            os.lseek(self._fd, self.octets, os.SEEK_SET)
            raise
        self.octets += len(octets)
        self._unforced = True

    def force(self) -> None:
        """To disk, if anything is new."""
        if self._unforced:
            os.fdatasync(self._fd)
            self._unforced = False

    def end(self) -> None:
        """Nothing more comes; the file stays, to be folded or sealed."""
        with suppress(OSError):  # without its mark it is taken for one whose writer died, and read as well
            self._put(_END)
        self._let_go()

    def _let_go(self) -> None:
        # Of the lock first: a child forked meanwhile would hold it as long as it lives.
        with suppress(OSError):
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        os.close(self._fd)


def is_held(path: Path) -> bool:
    """Whether somebody still writes to a stream; so, too, where it has gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_ended(path: Path) -> bool:
    """Whether its writer ended it, rather than died."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(_END)))
        return file.read() == _END


def read_stream(file: BinaryIO) -> Iterator[tuple[pa.RecordBatch, int | None]]:
    """Every whole batch, coded again, with the number of the journal that it ends; a torn end is passed over."""
    try:
        reader = pa.ipc.open_stream(file, options=_ALONE)
        kept = coded_schema(reader.schema)
    except (pa.ArrowException, OSError, ValueError):
        return
    while True:
        try:
            batch, said = reader.read_next_batch_with_custom_metadata()
            batch.validate(full=True)
        except (StopIteration, pa.ArrowException, OSError, ValueError, MemoryError):
            return
        upto = said.get(_UPTO) if said is not None else None
        rows = [coded(batch, kept)]
        del batch  # nor is what is handed over kept here: it would be there beside the next one
        yield rows.pop(), None if upto is None else int(upto)


def last_journal(path: Path) -> int:
    """Number of the last journal that a stream's batches end, 0 for none: numbers rise from batch to batch.

    Only the last batch is looked at; where it is torn, or the stream is, all are.
    """
    with suppress(pa.ArrowException, OSError, ValueError, StopIteration), path.open("rb") as source:
        messages = pa.ipc.MessageReader.open_stream(source)
        head = last = messages.read_next_message()
        with suppress(StopIteration):
            while True:
                last = messages.read_next_message()
        found = [said for _, said in read_stream(BytesIO(b"".join((head.serialize(), last.serialize()))))]
        if found and found[0] is not None:
            return found[0]
    with path.open("rb") as file:
        return max((said or 0 for _, said in read_stream(file)), default=0)


def written_out(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with words in place of codes: what their dictionaries hold besides is let go.

    A column that may hold no null and does is said to may: Parquet would refuse the segment an hour later.
    """
    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
    fields = [
        field.with_nullable(True) if column.null_count and not field.nullable else field
        for field, column in zip(_plain_schema(batch.schema), columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, batch.schema.metadata))


def coded(batch: pa.RecordBatch, schema: pa.Schema | None = None) -> pa.RecordBatch:
    """The same rows with codes where their fields say that there were codes."""
    schema = schema or coded_schema(batch.schema)
    columns = [
        column.cast(field.type) if field.type == _WORDS and column.type != _WORDS else column
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    fields = [
        pa.field(f.name, pa.utf8(), f.nullable, {**(f.metadata or {}), _CODED: b"1"})
        if pa.types.is_dictionary(f.type)
        else f
        for f in schema
    ]
    return pa.schema(fields, schema.metadata)


def coded_schema(schema: pa.Schema) -> pa.Schema:
    """The schema that batches had when they came."""
    fields = [
        pa.field(f.name, _WORDS, f.nullable, {k: v for k, v in f.metadata.items() if k != _CODED})
        if f.metadata and _CODED in f.metadata
        else f
        for f in schema
    ]
    return pa.schema(fields, schema.metadata)
