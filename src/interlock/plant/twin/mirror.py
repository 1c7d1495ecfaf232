"""The twin's mirror port: frames in the order of their times, as a pcap with nanoseconds."""

from __future__ import annotations

import heapq
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    Change = Callable[[int, bytes], Sequence[tuple[int, bytes]] | None]

__all__ = ["PCAP_HEADER", "Mirror"]

PCAP_HEADER: Final = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
_RECORD: Final = struct.Struct("<IIII")


class Mirror:
    """Frames may be told ahead of their time; they are written once nothing earlier can come.

    frames: how many were written so far. Frame numbers count from 1.
    """

    def __init__(self, target: BinaryIO) -> None:
        self.frames = 0
        self._target = target
        self._told = 0
        self._waiting: list[tuple[int, int, bytes, list[int] | None]] = []
        self._change: Change | None = None
        self._changed: list[int] | None = None
        target.write(PCAP_HEADER)

    def alter(self, change: Change | None, numbers: list[int] | None = None) -> None:
        """Let frames go through somebody's hands (attacks.scenario.Wire). numbers: where those of changed ones go."""
        self._change, self._changed = change, numbers

    def see(self, when_ns: int, frame: bytes, numbers: list[int] | None = None) -> None:
        """A frame passes. numbers: where its number is put once it is known."""
        if self._change is not None and (numbers is None or numbers is not self._changed):
            changed = self._change(when_ns, frame)
            if changed is not None:
                for when, octets in changed:
                    self._keep(max(when, when_ns), octets, self._changed)
                return
        self._keep(when_ns, frame, numbers)

    def _keep(self, when_ns: int, frame: bytes, numbers: list[int] | None) -> None:
        self._told += 1
        heapq.heappush(self._waiting, (when_ns, self._told, frame, numbers))

    def write(self, until_ns: int) -> None:
        """Write every frame before `until_ns`."""
        waiting, lines = self._waiting, []
        while waiting and waiting[0][0] < until_ns:
            when, _, frame, numbers = heapq.heappop(waiting)
            self.frames += 1
            if numbers is not None:
                numbers.append(self.frames)
            size = len(frame)
            lines.append(_RECORD.pack(when // 1_000_000_000, when % 1_000_000_000, size, size))
            lines.append(frame)
        self._target.write(b"".join(lines))
