"""Work beside a process: a child forked from it looks at what was known at that moment, and hands back pieces.

What takes long and changes nothing (drawing all machines, packing what was learned) must not keep a finding waiting. A
fork is a snapshot that costs milliseconds, however much is known; the other core does the work.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from interlock.pipeline.sensor.child import die_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Aside", "Here", "Work"]

_HEAD: Final = struct.Struct("<Q")
_NICE: Final = 15
"""Below the compactor: rows must be folded in time, a drawing of machines may be some seconds later."""
_READ: Final = 1 << 18


class Work(Protocol):
    """Something that is being worked on. finished: nothing more comes. failed: pieces are missing then."""

    finished: bool
    failed: bool

    def pieces(self) -> Iterable[Any]:
        """What has come since this was asked last."""
        ...

    def end(self) -> None:
        """Nobody wants it any more."""
        ...


class Here:
    """Work that is done when it is asked for, in this process: for who can wait."""

    def __init__(self, work: Callable[[], Iterable[Any]]) -> None:
        self._work = work
        self.finished = self.failed = False

    def pieces(self) -> Iterable[Any]:
        """All of it."""
        self.finished = True
        return self._work()

    def end(self) -> None:
        """It is never done."""
        self.finished = True


class Aside:
    """A child that does `work` and hands over each piece that it gives.

    now_s: seconds that only rise. most_s: after so long it is ended as one that failed. nice: how much it gives way.
    """

    def __init__(
        self,
        work: Callable[[], Iterable[Any]],
        now_s: Callable[[], float],
        most_s: float = 900.0,
        nice: int = _NICE,
    ) -> None:
        self._now_s, self._end_s = now_s, now_s() + most_s
        self._held = bytearray()
        self.finished = self.failed = False
        self._fd, theirs = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _live(work, theirs, parent, nice)
        os.close(theirs)
        os.set_blocking(self._fd, False)

    def pieces(self) -> list[Any]:
        """Pieces that have come; at most some 256 KiB at once, so that whoever asks goes on soon."""
        if self.finished:
            return []
        try:
            octets = os.read(self._fd, _READ)
        except BlockingIOError:
            if self._now_s() > self._end_s:
                self.end()
            return []
        if not octets:
            self._reap()
            return []
        self._held += octets
        return self._cut()

    def end(self) -> None:
        """Nobody wants it any more."""
        if not self.finished:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def _cut(self) -> list[Any]:
        found, at = [], 0
        while len(self._held) - at >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self._held, at)
            if len(self._held) - at - _HEAD.size < size:
                break
            at += _HEAD.size
            found.append(pickle.loads(self._held[at : at + size]))  # noqa: S301 (made by our own child)
            at += size
        del self._held[:at]
        return found

    def _reap(self) -> None:
        os.close(self._fd)
        self.finished = True
        _, status = os.waitpid(self.pid, 0)
        self.failed = status != 0 or bool(self._held)


def _live(work: Callable[[], Iterable[Any]], fd: int, parent: int, nice: int) -> NoReturn:
    """The child's whole life: it owns nothing that it was born with, and dies with its parent."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        die_with(parent)
        gc.freeze()
        with suppress(PermissionError):  # a filter of system calls may forbid even to give way
            os.nice(nice)
            if nice:
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        for piece in work():
            _write(fd, pickle.dumps(piece, pickle.HIGHEST_PROTOCOL))
        code = 0
    finally:
        os._exit(code)


def _write(fd: int, octets: bytes) -> None:
    left = memoryview(_HEAD.pack(len(octets)) + octets)
    while left:
        left = left[os.write(fd, left) :]
