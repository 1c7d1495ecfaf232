"""A worker's line to the judge: taken up anew where the judge has died, and what he did not keep is said again."""

from __future__ import annotations

import select
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.errors import OutputError
from interlock.pipeline.sensor.stream import QUEUE_OCTETS, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from interlock.pipeline.sensor.shedding import Pressure
    from interlock.pipeline.sensor.wires import Connection
    from interlock.records.figures import BufferName

__all__ = ["HELD_OCTETS", "Line"]

_GONE: Final = (OutputError, ConnectionError)
_WAIT_S: Final = 0.1
_ROUND_S: Final = 0.02
_GOODBYE_ROUNDS: Final = 700
HELD_OCTETS: Final = 32 << 20
"""What is held until it is on disk; past it the oldest step is let go, and lost where the judge dies just then."""
_REFUSALS: Final = 3
"""So often one and the same judge hangs up: then what is held is the reason, and is given up."""


class _Step(NamedTuple):
    number: int
    batches: Mapping[str, pa.RecordBatch]
    now: int
    note: bytes
    octets: int


class Line:
    """Sends steps. call: gives a connected socket. alive: called while it waits, so that nobody takes it for dead.

    most: how far it may go in leaving out rows. kept: the last step that is on disk. life: tells one judge from the
    next. delivered: steps up to this one
    are wholly with the kernel: some judge reads them, also where this process dies.
    """

    def __init__(
        self,
        call: Callable[[], Connection],
        schemas: Mapping[str, pa.Schema],
        alive: Callable[[], None],
        most: Pressure,
        kept: Callable[[], int],
        life: Callable[[], int],
        held_octets: int = HELD_OCTETS,
        queue_octets: int = QUEUE_OCTETS,
    ) -> None:
        """queue_octets: what may wait for the judge."""
        self._call = call
        self._schemas = schemas
        self._alive = alive
        self._most = most
        self._kept = kept
        self._life = life
        self._limit = held_octets
        self._held: deque[_Step] = deque()
        self._octets = 0
        self._queued = 0  # of those held, how many this connection's sender has
        self._marks: deque[tuple[int, int]] = deque()
        self._words: dict[tuple[str, str], int] = {}
        self._broken = (0, 0)
        self.delivered = 0
        self._queue_octets = queue_octets
        self._connect()

    def send(self, batches: Mapping[str, pa.RecordBatch], *, now: int, note: bytes, step: int) -> None:
        """Hand a step on; waits while the judge has no room for it. step: its number, which only rises."""
        octets = len(note) + sum(self._weight(name, batch) for name, batch in batches.items())
        self._held.append(_Step(step, batches, now, note, octets))
        self._octets += octets
        self._hand()
        self._forget()

    def wait(self, timeout_s: float) -> None:
        """Write what still waits, for at most that long; where the judge has gone, to the next one."""
        try:
            self._sender.wait(timeout_s)
            self._look(0.0)
        except _GONE:
            self._again()
        self._hand()
        self._forget()

    @property
    def buffers(self) -> dict[BufferName, tuple[int, int]]:
        """Octets that wait for the judge, and that are held until he has them on disk; of how many."""
        waiting, held = (self._sender.pending, self._queue_octets), (self._octets, self._limit)
        return {"queue": waiting, "unsaved": held}

    def allow(self, most: Pressure) -> None:
        """Go so far in leaving out rows from now on."""
        self._most = self._sender.most = most

    def close(self) -> bool:
        """Write the rest and wait until it is on disk; whether it is."""
        for _ in range(_GOODBYE_ROUNDS):
            self._alive()
            self.wait(_ROUND_S)
            if not self._held:
                break
            try:
                self._look(_ROUND_S)
            except _GONE:
                self._again()
        try:
            return self._sender.close(timeout_s=_ROUND_S) and not self._held
        except _GONE:
            return not self._held
        finally:
            self._socket.detach()  # the sender has closed it

    def _connect(self) -> None:
        self._socket = self._call()
        fd, queue = self._socket.fileno(), self._queue_octets
        self._sender = Sender(fd, self._schemas, most=self._most, queue_octets=queue)
        self._queued = 0
        self._marks.clear()

    def _hand(self) -> None:
        """Give the sender every step that it has not had."""
        while self._queued < len(self._held):
            step = self._held[self._queued]
            try:
                while not self._sender.send(step.batches, now=step.now, note=step.note):
                    self._alive()
                    self._sender.wait(_WAIT_S)
            except _GONE:
                self._again()
                continue
            self._queued += 1
            self._marks.append((step.number, self._sender.queued))
        while self._marks and self._marks[0][1] <= self._sender.gone:
            self.delivered = max(self.delivered, self._marks.popleft()[0])

    def _forget(self) -> None:
        """What is on disk, and what there is no room for."""
        kept = self._kept()
        while self._held and (
            self._held[0].number <= kept or (self._octets > self._limit and len(self._held) > 1)
        ):
            self._octets -= self._held.popleft().octets
            self._queued = max(0, self._queued - 1)

    def _look(self, timeout_s: float) -> None:
        """A judge says nothing here; whatever there is to be read is his end."""
        if select.select([self._socket], [], [], timeout_s)[0]:
            raise ConnectionError("the judge has gone")

    def _again(self) -> None:
        """A connection anew. What was queued for the dead one began amid its streams: nobody could read it."""
        self._socket.close()
        self._connect()
        self._forget()
        life = self._life()
        self._broken = (life, self._broken[1] + 1 if self._broken[0] == life else 1)
        if self._broken[1] > _REFUSALS:
            self._held.clear()
            self._octets, self._broken = 0, (life, 0)

    def _weight(self, name: str, batch: pa.RecordBatch) -> int:
        """Octets that holding a batch costs: its dictionaries count where they are others than the step's before."""
        total = 0
        for column, kind in zip(batch.columns, batch.schema, strict=True):
            if not hasattr(column, "dictionary"):
                total += column.nbytes
                continue
            total += column.indices.nbytes
            words = column.dictionary.buffers()[1]
            address = 0 if words is None else words.address
            if self._words.get((name, kind.name)) != address:
                self._words[name, kind.name] = address
                total += column.dictionary.nbytes
        return total
