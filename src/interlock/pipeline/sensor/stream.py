"""Record batches from one of our processes to another, through a pipe: small ones often, words sent once.

The side that decodes (its end of `os.pipe()` is made non-blocking by the Sender):

    sender = Sender(write_end, schemas)             # both sides: the same list of tables, in the same order
    while not sender.send(batches, now=clock):      # False: not taken, even what must not be lost has no room
        sender.wait(0.1)                            # the frames that follow wait in the kernel's ring meanwhile
    ...
    sender.wait(0.001)                              # now and then: writes what is queued, True once nothing is
    sender.close(timeout_s=2.0)

The side that judges:

    receiver = Receiver(read_end, schemas)
    while receiver.open:
        select on receiver.fileno()
        for step in receiver.read():                # one for each send that was taken, in order
            ... step.batches, step.now, step.shed, step.note
    if receiver.cut: ...                            # the sender died: what had come whole has been given

`schemas` are those of the tables that may come: `{t.name: t.schema for t in ...}`, protocols' own tables included.
Every table is an Arrow IPC stream of its own, so that a dictionary goes through once, then what is added to it, and
anew where it was replaced (pools of words are compacted now and then). What is left out under pressure is declared in
`shedding`; it is counted for each table here and told in the next step. What `read` gives has been checked, down to the
codes of dictionaries.
"""

from __future__ import annotations

import fcntl
import os
import select
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError
from interlock.pipeline.sensor.frames import (
    END,
    FAREWELL,
    MAX_FRAME,
    MAX_NOTE,
    MAX_TABLES,
    BrokenStreamError,
    Cutter,
    end_of_step,
    header,
    read_end,
)
from interlock.pipeline.sensor.shedding import Pressure, Shedder
from interlock.pipeline.sensor.table_stream import TableReader, TableWriter
from interlock.records.gathering import as_one

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

__all__ = ["QUEUE_OCTETS", "BrokenStreamError", "Receiver", "Sender", "Step"]

QUEUE_OCTETS: Final = 32 << 20
"""What may wait in the sender; one step more than that at most, since a step is taken whole."""

PIPE_OCTETS: Final = 1 << 20
"""What the kernel is asked to hold; less where it allows no more."""

_BULKY: Final = "artifact_contents"
_READ_OCTETS: Final = 1 << 18
ENOUGH: Final = MAX_FRAME // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one `send` gave. now: capture clock, UTC ns, None where the sender died before it said so.

    shed: rows by table left out since the step before. note: the sender's own octets (at most 65,536).
    """

    now: int | None
    batches: dict[str, pa.RecordBatch]
    shed: dict[str, int] = field(default_factory=dict)
    note: bytes = b""


class Sender:
    """Queues steps and writes them without waiting. fd: the write end of a pipe, which it makes non-blocking.

    queue_octets: from a quarter of this waiting on, read values are left out, from half on repeated reads, too, from
    three quarters on strangers (shedding); so, too, where what waits has waited for one, two, three seconds. Octets of
    programs count for none of this: a firmware that passes by is no flood.
    most: how far that may go; with NONE, what has no room is waited for. Not for several threads. Raises OutputError
    where the other side has gone.
    """

    def __init__(
        self,
        fd: int,
        schemas: Mapping[str, pa.Schema],
        *,
        queue_octets: int = QUEUE_OCTETS,
        most: Pressure = Pressure.STRANGERS,
    ) -> None:
        if len(schemas) > MAX_TABLES:
            raise ValueError(f"a pipe carries at most {MAX_TABLES} tables")
        self._fd = fd
        self._schemas = dict(schemas)
        self._codes = {name: code for code, name in enumerate(schemas)}
        self._writers = {name: TableWriter(schema) for name, schema in schemas.items()}
        self._limit = queue_octets
        self.most = most
        self._queue: deque[memoryview] = deque()
        self._shedder = Shedder()
        self._marks: deque[tuple[int, float]] = deque()
        """Steps that may still wait: where they end in the stream, and when they were queued."""
        self._bulk: deque[tuple[int, int]] = deque()
        """Octets of programs that may still wait: where they end in the stream, and how many they are."""
        self._untold: Counter[str] = Counter()
        self.pending = self.queued = 0
        self.shed: Counter[str] = Counter()
        os.set_blocking(fd, False)
        with suppress(OSError, AttributeError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_OCTETS)

    @property
    def pressure(self) -> Pressure:
        """What would be left out now."""
        while self._bulk and self._bulk[0][0] <= self.gone:
            self._bulk.popleft()
        full = 4 * max(0, self.pending - sum(octets for _, octets in self._bulk)) // self._limit
        return Pressure(min(max(full, int(self._waited_s())), Pressure.STRANGERS, self.most))

    def _waited_s(self) -> float:
        """How long the oldest step that is not gone has waited."""
        while self._marks and self._marks[0][0] <= self.gone:
            self._marks.popleft()
        return time.monotonic() - self._marks[0][1] if self._marks else 0.0

    def send(self, batches: Mapping[str, pa.RecordBatch], *, now: int, note: bytes = b"") -> bool:
        """Queue one step and write what the pipe takes. now: capture clock, UTC ns.

        False where nothing of it was taken, since the queue is full: `wait`, then send the same step again.
        """
        self._declared(batches, note)
        if self.pending >= self._limit and (self._write() or self.pending >= self._limit):
            return False
        pressure = self.pressure
        for name, batch in batches.items():
            kept = self._shedder.keep(name, batch, pressure, now)
            self._count(name, batch.num_rows - kept.num_rows)
            if kept.num_rows:
                self._put(name, kept)
        told = {self._codes[name]: rows for name, rows in self._untold.items()}
        self._untold.clear()
        self._queued(end_of_step(now, told, note))
        self._marks.append((self.queued, time.monotonic()))
        self._write()
        return True

    @property
    def gone(self) -> int:
        """Of all octets queued so far those that the kernel has: they get there, also where this process dies."""
        return self.queued - self.pending

    def wait(self, timeout_s: float) -> bool:
        """Write what is queued for at most that long; whether nothing is left."""
        until = time.monotonic() + timeout_s
        while not self._write():
            left = until - time.monotonic()
            if left <= 0:
                return False
            select.select([], [self._fd], [], left)
        return True

    def close(self, *, timeout_s: float) -> bool:
        """Say goodbye, write the rest for at most that long, close the pipe; whether all of it went."""
        try:
            self._queued(header(FAREWELL, 0))
            return self.wait(timeout_s)
        finally:
            os.close(self._fd)

    def _declared(self, batches: Mapping[str, pa.RecordBatch], note: bytes) -> None:
        """Nothing of a step goes where the receiver would refuse a part of it."""
        if len(note) > MAX_NOTE:
            raise ValueError(f"a note has at most {MAX_NOTE} octets")
        for name, batch in batches.items():
            if name not in self._schemas or batch.schema != self._schemas[name]:
                raise ValueError(f"{name} is another table than the receiver knows")

    def _count(self, name: str, rows: int) -> None:
        if rows:
            self.shed[name] += rows
            self._untold[name] += rows

    def _put(self, name: str, batch: pa.RecordBatch) -> None:
        """Frames of one table; a batch that no frame holds is halved, a row that none holds is counted as shed."""
        if batch.get_total_buffer_size() < ENOUGH or batch.nbytes < ENOUGH:
            octets = self._writers[name].write(batch)
            self._queued(header(self._codes[name], len(octets)))
            self._queued(octets)
            if name == _BULKY:
                self._bulk.append((self.queued, len(octets)))
        elif batch.num_rows > 1:
            half = batch.num_rows // 2
            self._put(name, batch.slice(0, half))
            self._put(name, batch.slice(half))
        else:
            self._count(name, 1)

    def _queued(self, octets: bytes) -> None:
        self._queue.append(memoryview(octets))
        self.pending += len(octets)
        self.queued += len(octets)

    def _write(self) -> bool:
        """Write what the pipe takes; whether nothing is left."""
        while self._queue:
            parts = [self._queue[i] for i in range(min(len(self._queue), 64))]
            try:
                written = os.writev(self._fd, parts)
            except BlockingIOError:
                return False
            except BrokenPipeError:
                raise OutputError("the process that reads our records has gone") from None
            self._written(written)
        return True

    def _written(self, octets: int) -> None:
        self.pending -= octets
        while octets:
            first = self._queue.popleft()
            if octets < len(first):
                self._queue.appendleft(first[octets:])
                return
            octets -= len(first)


class Receiver:
    """Reads what a Sender writes. fd: the read end of the pipe; the caller closes it."""

    def __init__(self, fd: int, schemas: Mapping[str, pa.Schema]) -> None:
        self._fd = fd
        self._names = list(schemas)
        self._readers = [TableReader(schema) for schema in schemas.values()]
        self._cutter = Cutter(len(self._names))
        self._batches: dict[str, list[pa.RecordBatch]] = {}
        self._failed = ""
        self.open = True
        self.cut = False
        """Whether the pipe ended without goodbye: the sender died."""

    def fileno(self) -> int:
        """The read end, for select."""
        return self._fd

    def read(self) -> list[Step]:
        """The steps that are whole now: waits for octets where the pipe is a blocking one.

        Where the sender died in the middle of a step, the last one has whole batches that had come, and `now` None.
        Raises BrokenStreamError, now and ever after, where anything came that a Sender does not write.
        """
        if self._failed:
            raise BrokenStreamError(self._failed)
        try:
            octets = os.read(self._fd, _READ_OCTETS) if self.open else b""
        except BlockingIOError:
            return []
        try:
            return list(self._steps(octets)) if octets else self._ended()
        except BrokenStreamError as error:
            self.open, self._failed = False, str(error)
            raise

    def __iter__(self) -> Iterator[Step]:
        """Every step until the end; for a pipe that blocks."""
        while self.open:
            yield from self.read()

    def _steps(self, octets: bytes) -> Iterator[Step]:
        for code, body in self._cutter.feed(octets):
            if not self.open:
                raise BrokenStreamError("more came after the goodbye")
            if code == END:
                now, shed, note = read_end(body, len(self._names))
                told = {self._names[table]: rows for table, rows in shed.items()}
                yield Step(now=now, batches=self._taken(), shed=told, note=note)
            elif code == FAREWELL:
                self._goodbye()
            else:
                batch = self._readers[code].read(body)
                self._batches.setdefault(self._names[code], []).append(batch)

    def _goodbye(self) -> None:
        if self._batches:
            raise BrokenStreamError("goodbye was said in the middle of a step")
        self.open = False

    def _ended(self) -> list[Step]:
        """The pipe is at its end: what came of a step that has none."""
        if not self.open:
            return []
        self.open, self.cut = False, True
        return [Step(now=None, batches=self._taken())] if self._batches else []

    def _taken(self) -> dict[str, pa.RecordBatch]:
        held, self._batches = self._batches, {}
        return {name: as_one(batches) for name, batches in held.items()}
