"""The frames of the pipe between two of our processes: a table's rows, a step's end, goodbye.

```
 0            2              4                8
+------------+--------------+----------------+------------------
| "IL"       | table or END | length, octets | octets
+------------+--------------+----------------+------------------
  END:      now, ns (i64) | sheds n (u16) | n x (table u16, rows u64) | note
  FAREWELL: nothing
```

Numbers are little-endian. A table's number is its place in the list of schemas that both sides were made with; the
octets are the next messages of that table's Arrow IPC stream: the stream's schema the first time, dictionaries that
grew or changed, one record batch.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "END",
    "FAREWELL",
    "HEADER",
    "MAX_FRAME",
    "MAX_NOTE",
    "MAX_TABLES",
    "BrokenStreamError",
    "Cutter",
    "end_of_step",
    "read_end",
]

MAX_FRAME: Final = 1 << 26
"""Octets of one frame; larger ones are refused by the receiver, and split by rows by the sender."""

MAX_NOTE: Final = 1 << 16
MAX_TABLES: Final = 0xFF00
END: Final = 0xFFFF
FAREWELL: Final = 0xFFFE

HEADER: Final = struct.Struct("<2sHI")
_MAGIC: Final = b"IL"
_STEP: Final = struct.Struct("<qH")
_SHED: Final = struct.Struct("<HQ")


class BrokenStreamError(SourceError):
    """What came through the pipe is not what a Sender writes; nothing after it can be trusted."""


def header(code: int, length: int) -> bytes:
    """What stands before a frame's octets."""
    return HEADER.pack(_MAGIC, code, length)


def end_of_step(now: int, shed: dict[int, int], note: bytes) -> bytes:
    """The frame that ends a step. shed: rows by table number that were left out since the last one."""
    parts = [_STEP.pack(now, len(shed)), *(_SHED.pack(table, rows) for table, rows in shed.items()), note]
    body = b"".join(parts)
    return header(END, len(body)) + body


def read_end(octets: bytes, tables: int) -> tuple[int, dict[int, int], bytes]:
    """What `end_of_step` wrote: now, rows shed by table number, note. Raises BrokenStreamError."""
    try:
        now, sheds = _STEP.unpack_from(octets)
        shed = dict(_SHED.unpack_from(octets, _STEP.size + i * _SHED.size) for i in range(sheds))
    except struct.error:
        raise BrokenStreamError("the end of a step is shorter than it says") from None
    note = octets[_STEP.size + sheds * _SHED.size :]
    if len(shed) != sheds or any(table >= tables for table in shed) or len(note) > MAX_NOTE:
        raise BrokenStreamError("the end of a step names tables that there are not, or says too much")
    return now, shed, note


class Cutter:
    """Cuts whole frames off the front of what has come. tables: how many table numbers there are."""

    def __init__(self, tables: int) -> None:
        self._tables = tables
        self._octets = bytearray()

    @property
    def left(self) -> int:
        """Octets of a frame that is not whole yet."""
        return len(self._octets)

    def feed(self, octets: bytes) -> Iterator[tuple[int, bytes]]:
        """Code and octets of every frame that is whole now. Raises BrokenStreamError."""
        self._octets += octets
        at = 0
        while (end := self._end(at)) is not None:
            code = HEADER.unpack_from(self._octets, at)[1]
            yield code, bytes(memoryview(self._octets)[at + HEADER.size : end])
            at = end
        del self._octets[:at]

    def _end(self, at: int) -> int | None:
        """Where the frame at `at` ends; None where it is not whole yet."""
        if len(self._octets) - at < HEADER.size:
            return None
        magic, code, length = HEADER.unpack_from(self._octets, at)
        if magic != _MAGIC or (code >= self._tables and code not in (END, FAREWELL)):
            raise BrokenStreamError("a frame begins that no Sender writes")
        if length > MAX_FRAME or (code == FAREWELL and length):
            raise BrokenStreamError(f"a frame of {length} octets is more than a Sender writes")
        end: int = at + HEADER.size + length
        return end if end <= len(self._octets) else None
