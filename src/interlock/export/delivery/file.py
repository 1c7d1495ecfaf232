"""Findings and incidents as lines of a file: each delivery is on disk when it counts as delivered, and lines are whole.

A file that was moved away (logrotate), removed or replaced is noticed before each delivery: its name is opened
anew, so that neither `copytruncate` nor a signal is needed; SIGHUP does the same at once.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.errors import DeliveryError
from interlock.export.delivery.stdout import incident_lines, lines_of
from interlock.export.finding_message import LINE_BEGINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.export.finding_message import Committed
    from interlock.export.incident_message import Reported
    from interlock.records.config import FileConfig

__all__ = ["FileOutlet", "open_configured"]

_MODE: Final = 0o640
_TAIL: Final = 1 << 20
"""Octets from the end in which an unfinished line is looked for; no line of one finding is longer."""


class FileOutlet:
    """An outlet (export.delivery.outlet.Outlet) that is the file's only writer."""

    def __init__(self, config: FileConfig, sensor: str) -> None:
        self.name = config.name
        self._config = config
        self._sensor = sensor
        self._file: int | None = None
        self._moved = False

    def deliver(self, findings: Sequence[Committed]) -> None:
        """See Outlet.deliver; they have arrived when they are on disk."""
        self._put(lines_of(findings, self._config.format, self._sensor))

    def report(self, incidents: Sequence[Reported]) -> None:
        """See Reporting.report; they are on disk then."""
        self._put(incident_lines(incidents, self._config.format, self._sensor))

    def _put(self, octets: bytes) -> None:
        try:
            self._append(self._current(), octets)
        except OSError as error:
            self.close()
            reason = (error.strerror or str(error)).lower()
            raise DeliveryError(f"{self._config.path}: cannot be written ({reason})") from error

    def reopen(self) -> None:
        """See Reopened.reopen."""
        self._moved = True

    def close(self) -> None:
        """See Outlet.close."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
        self._file = None

    def _current(self) -> int:
        """The file that has the name now."""
        if self._file is not None and (self._moved or not self._is_named(self._file)):
            self.close()
        self._moved = False
        if self._file is None:
            path = self._config.path
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
            _mend_torn_line(self._file)
            _sync_folder(str(path.parent))
        return self._file

    def _is_named(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._config.path.stat())
        except OSError:
            return False

    def _append(self, file: int, octets: bytes) -> None:
        before = os.fstat(file).st_size
        left = memoryview(octets)
        try:
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        except OSError:
            # They are all sent again: a half line that stayed would make one line of two.
            with suppress(OSError):
                os.ftruncate(file, before)
            raise


def _mend_torn_line(file: int) -> None:
    """Cut a last line of ours without its end, which a kill or a power failure left: its finding comes again.

    What is not known to be ours stays, and ours begin on a line of their own.
    """
    size = os.fstat(file).st_size
    begin = max(0, size - _TAIL)
    tail = os.pread(file, size - begin, begin)
    torn = tail[tail.rfind(b"\n") + 1 :]
    if not torn:
        return
    if torn[: len(LINE_BEGINS)] == LINE_BEGINS[: len(torn)] and (len(torn) < len(tail) or begin == 0):
        os.ftruncate(file, size - len(torn))
    else:
        os.write(file, b"\n")


def _sync_folder(folder: str) -> None:
    """A name is on disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_configured(config: FileConfig, sensor: str) -> FileOutlet:
    """See outlet.open_outlet."""
    return FileOutlet(config, sensor)
