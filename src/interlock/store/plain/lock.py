"""One writer for a folder: a lock that the kernel takes back when its holder dies, however that happens."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import weakref
from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lock", "holder"]

_HELD: Final[weakref.WeakSet[Lock]] = weakref.WeakSet()
"""A fork would keep its parent's lock alive after the parent's death; it lets go of it."""


class Lock:
    """Held from construction to `release`. Raises OutputError, which names the holder, where another has it."""

    def __init__(self, path: Path, now: int) -> None:
        """now: UTC ns, written down for whoever comes second."""
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._drop()
            raise OutputError(
                f"{path.parent}: process {holder(path) or 'unknown'} writes here already; "
                "end it, or name another folder"
            ) from error
        with contextlib.suppress(OSError):  # on a full disk it holds all the same, and cannot say whose it is
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, json.dumps({"process": os.getpid(), "since": now}).encode(), 0)
        _HELD.add(self)

    def release(self) -> None:
        """Let the next one in."""
        _HELD.discard(self)
        self._drop()

    def _drop(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def holder(path: Path) -> int | None:
    """The process that a lock file names, whether it still lives or not; None where it names none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(path.read_bytes())["process"])
    return None


def _let_go() -> None:
    for lock in tuple(_HELD):
        lock.release()


os.register_at_fork(after_in_child=_let_go)
