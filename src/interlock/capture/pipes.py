"""Named pipes that a run can be told to stop waiting for.

A blocking read of a silent pipe goes on after a signal, and so does the opening of one that nobody writes to: the run
would never come to see that it is to stop.
"""

from __future__ import annotations

import io
import os
import select
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_pipe", "open_pipe"]

_LOOK_MS: Final = 100


def is_pipe(path: str) -> bool:
    """Whether a path is a named pipe. Not where a writer that is still to come looks like one that has left."""
    try:
        return sys.platform == "linux" and stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 (as it was named)
    except (OSError, ValueError):
        return False


def open_pipe(path: str, buffer_octets: int, stop: Callable[[], bool]) -> BinaryIO:
    """Open a named pipe; it ends where `stop` says so. Raises OSError."""
    return io.BufferedReader(_Pipe(path, stop), buffer_octets)


class _Pipe(io.RawIOBase):
    def __init__(self, path: str, stop: Callable[[], bool]) -> None:
        super().__init__()
        self._stop = stop
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._waiting = select.poll()
        self._waiting.register(self._end, select.POLLIN)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._end

    def readinto(self, view: Any) -> int:
        """Wait for octets; 0 once all writers have gone, or it is to stop."""
        while not self._stop():
            if self._waiting.poll(_LOOK_MS):
                with suppress(BlockingIOError):  # somebody else who reads it was quicker
                    return os.readv(self._end, [view])
        return 0

    def close(self) -> None:
        if not self.closed:
            os.close(self._end)
        super().close()
