"""Brings what was committed to disk while its writer goes on: a disk may take tens of milliseconds for it.

SQLite commits to its write-ahead log; only to force that log to disk waits for the disk. What is committed and not
forced is seen by every reader and outlives the process; a power cut takes it back, whole commits of it, the last ones
first.
"""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Forcing"]

_force: Final = getattr(os, "fdatasync", os.fsync)
LAST_S: Final = 30.0
"""So long its end may take where a disk is slow."""


class Forcing:
    """Of one file. upto: number of the last commit that is known to be on disk.

    The thread is begun with the first call that asks for it. It holds no lock and touches nothing but the file, so that
    the process may be forked at any moment.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.upto = 0
        self._flying: int | None = None
        self._next = 0
        self._error: OSError | None = None
        self._bell, self._ring = os.pipe()
        self._orders, self._order = os.pipe()
        os.set_blocking(self._bell, False)
        self._thread: threading.Thread | None = None

    def fileno(self) -> int:
        """To be selected for reading: something has been forced."""
        return self._bell

    def begin(self, number: int) -> None:
        """Force all that is written by now. number: of the last commit in it."""
        if number <= self.upto:
            return
        self._next = max(self._next, number)
        if self._flying is None:
            if self._thread is None:
                self._thread = threading.Thread(target=self._live, name="forcing", daemon=True)
                self._thread.start()
            self._flying, self._next = self._next, 0
            os.write(self._order, b"f")

    def look(self) -> None:
        """See whether it is done; what came meanwhile is begun. Raises OSError where the disk refused."""
        if self._flying is None or not _heard(self._bell):
            return
        number, self._flying = self._flying, None
        error, self._error = self._error, None
        if error is not None:
            self._next = 0
            raise error
        self.upto = max(self.upto, number)
        if self._next:
            self.begin(self._next)

    def wait(self, seconds: float = LAST_S) -> None:
        """Until all that was asked for is on disk, or the time is over. Raises OSError where the disk refused."""
        while self._flying is not None and select.select([self._bell], [], [], seconds)[0]:
            self.look()

    def done(self, number: int) -> None:
        """All up to that number is on disk by other means."""
        self.upto = max(self.upto, number)

    def close(self) -> None:
        """Nothing more is asked for."""
        if self._thread is not None:
            os.write(self._order, b"e")
            self._thread.join(LAST_S)
        if self._thread is None or not self._thread.is_alive():
            for each in (self._bell, self._ring, self._orders, self._order):
                with suppress(OSError):
                    os.close(each)

    def _live(self) -> None:
        while os.read(self._orders, 1) == b"f":
            try:
                file = os.open(self._path, os.O_RDONLY)
                try:
                    _force(file)
                finally:
                    os.close(file)
            except OSError as error:
                self._error = error
            os.write(self._ring, b"d")


def _heard(bell: int) -> bool:
    try:
        return bool(os.read(bell, 1))
    except BlockingIOError:
        return False
