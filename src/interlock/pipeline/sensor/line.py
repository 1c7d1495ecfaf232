"""A worker's line to the judge: it is taken up anew where the judge has died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError
from interlock.pipeline.sensor.stream import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from interlock.pipeline.sensor.shedding import Pressure
    from interlock.pipeline.sensor.wires import Connection

__all__ = ["Line"]

_GONE: Final = (OutputError, ConnectionError)
_WAIT_S: Final = 0.1
_GOODBYE_S: Final = 30.0


class Line:
    """Sends steps. call: gives a connected socket. alive: called while it waits, so that nobody takes it for dead.

    most: how far it may go in leaving out rows. lost: steps that were on their way to a judge who died.
    """

    def __init__(
        self,
        call: Callable[[], Connection],
        schemas: Mapping[str, pa.Schema],
        alive: Callable[[], None],
        most: Pressure,
    ) -> None:
        self._call = call
        self._schemas = schemas
        self._alive = alive
        self._most = most
        self._sent = 0
        self.lost = 0
        self._connect()

    def send(self, batches: Mapping[str, pa.RecordBatch], *, now: int, note: bytes) -> None:
        """Hand a step on; waits while the judge has no room for it."""
        while True:
            try:
                while not self._sender.send(batches, now=now, note=note):
                    self._alive()
                    self._sender.wait(_WAIT_S)
            except _GONE:
                self._again()
            else:
                self._sent = self._sent + 1 if self._sender.pending else 0
                return

    def pause(self) -> None:
        """Write what still waits, as far as it goes at once."""
        try:
            if self._sender.wait(0.0):
                self._sent = 0
        except _GONE:
            self._again()

    def close(self) -> bool:
        """Write the rest; whether all of it went."""
        try:
            return self._sender.close(timeout_s=_GOODBYE_S)
        except _GONE:
            return False

    def _connect(self) -> None:
        self._socket = self._call()
        self._sender = Sender(self._socket.fileno(), self._schemas, most=self._most)

    def _again(self) -> None:
        """What was queued for the dead one began in the middle of its streams: nobody could read it."""
        self.lost += self._sent
        self._sent = 0
        self._socket.close()
        self._connect()
