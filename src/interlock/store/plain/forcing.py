"""Brings what was committed to disk while its writer goes on: a disk may take tens of milliseconds for it.

SQLite commits to its write-ahead log; only to force that log to disk waits for the disk. What is committed and not
forced is seen by every reader and outlives the process; a power cut takes it back, whole commits of it, the last ones
first.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Forcing"]

_force: Final = getattr(os, "fdatasync", os.fsync)
_ORDERS: Final = 1 << 16
"""As many as a pipe holds."""
LAST_S: Final = 30.0
"""So long its end may take where a disk is slow."""


class Forcing:
    """Of one file. upto: number of the last commit that is known to be on disk. clock: UTC ns of the wall.

    The thread is begun with the first call that asks for it. It holds no lock and touches nothing but the file, so that
    the process may be forked at any moment.
    """

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self._path, self._clock = path, clock
        self.upto = self._asked = 0
        self._landed: deque[tuple[int, int]] = deque()
        self._error: OSError | None = None
        self._bell, self._ring = os.pipe()
        self._orders, self._order = os.pipe()
        for each in (self._bell, self._ring, self._order):
            os.set_blocking(each, False)
        self._thread: threading.Thread | None = None

    def fileno(self) -> int:
        """To be selected for reading: something has been forced, or was refused."""
        return self._bell

    def begin(self, number: int) -> None:
        """Force all that is written by now. number: of the last commit in it."""
        if number <= max(self.upto, self._asked):
            return
        self._asked = number
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="forcing", daemon=True)
            self._thread.start()
        with suppress(BlockingIOError):  # it has orders enough
            os.write(self._order, b"f")

    def landed(self) -> list[tuple[int, int]]:
        """What has got to disk since this was asked last: numbers of last commits, and when (UTC ns).

        Raises OSError where the disk refused.
        """
        _drain(self._bell)
        if (error := self._refused()) is not None:
            raise error
        return [self._landed.popleft() for _ in range(len(self._landed))]

    def wait(self, seconds: float = LAST_S) -> None:
        """Until all that was asked for is on disk, was refused, or the time is over."""
        while self.upto < self._asked and self._refused() is None:
            if not select.select([self._bell], [], [], seconds)[0]:
                return
            _drain(self._bell)

    def _refused(self) -> OSError | None:
        error, self._error = self._error, None
        if error is not None:
            self._asked = self.upto
        return error

    def done(self, number: int) -> None:
        """All up to that number is on disk by other means."""
        self._land(number)

    def close(self) -> None:
        """Nothing more is asked for."""
        if self._thread is not None:
            os.set_blocking(self._order, True)
            os.write(self._order, b"e")
            self._thread.join(LAST_S)
        if self._thread is None or not self._thread.is_alive():
            for each in (self._bell, self._ring, self._orders, self._order):
                with suppress(OSError):
                    os.close(each)

    def _live(self) -> None:
        while b"e" not in os.read(self._orders, _ORDERS):
            number = self._asked  # before the file is forced: what is written later may be missing in it
            if number <= self.upto:
                continue
            try:
                file = os.open(self._path, os.O_RDONLY)
                try:
                    _force(file)
                finally:
                    os.close(file)
            except OSError as error:
                self._error = error
            else:
                self._land(number)
            with suppress(BlockingIOError):
                os.write(self._ring, b"d")

    def _land(self, number: int) -> None:
        if number > self.upto:
            self._landed.append((number, self._clock()))
            self.upto = number


def _drain(bell: int) -> None:
    with suppress(BlockingIOError):
        os.read(bell, _ORDERS)
