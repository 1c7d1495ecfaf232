"""What readers of messages that carry their length have in common: octets of a side wait for the rest of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Sink

__all__ = ["PieceReader"]


class PieceReader:
    """One conversation of datagrams, each whole, or a stream."""

    def __init__(self, sink: Sink, *, stream: bool) -> None:
        self._sink = sink
        self._stream = stream
        self._held = [b"", b""]
        self._count = 0

    def _joined(self, side: int, octets: bytes, *, lost: bool) -> bytes:
        """What waits of a side, and the octets behind it. lost: what waited goes on nowhere."""
        return octets if lost or not self._stream else self._held[side] + octets

    def end(self) -> None:
        """See Reader.end."""
