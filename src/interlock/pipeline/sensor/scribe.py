"""A scribe: a small process that brings files to disk for one that must not wait for a disk.

To force a file to disk, or only to rename it, takes as long as the disk has other things to do: half a second where
somebody else forces many. A finding that arrives meanwhile would wait for the list of incidents. Of what is given under
one name only the latest counts.
"""

from __future__ import annotations

import gc
import os
import select
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from interlock.errors import InterlockError
from interlock.pipeline.sensor.child import die_with

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Scribe"]

_WRITTEN, _REFUSED = b"1", b"0"
_NAME: Final = 64
"""Octets of an order: a name with blanks behind it."""
LAST_S: Final = 30.0
"""So long its end may take where a disk is slow."""


class Scribe:
    """write(name, octets) brings them to disk, in a child forked now.

    What that raises as OSError or InterlockError is a disk that refuses: the same is tried again when `tend` is called
    next, where nothing newer has come.

    One that dies is replaced. After `end`, whatever is given is written at once, by the caller.
    """

    def __init__(self, write: Callable[[str, bytes], None]) -> None:
        self._write = write
        self._left: dict[str, bytes] = {}
        self._sent: tuple[str, bytes] | None = None
        self._ended = False
        self._begin()

    def _begin(self) -> None:
        self._sheet = os.memfd_create("sheet", os.MFD_CLOEXEC)
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._orders)
            os.close(self._answers)
            _live(self._write, self._sheet, orders, answers, parent)
        os.close(orders)
        os.close(answers)

    def _let_go(self) -> None:
        """It ends, where it is not dead already, by an order without a name: others may hold the pipe open."""
        with suppress(BrokenPipeError):
            os.write(self._orders, b" " * _NAME)
        for each in (self._orders, self._answers, self._sheet):
            os.close(each)
        os.waitpid(self.pid, 0)

    def put(self, name: str, octets: bytes) -> None:
        """To be written in place of what was given under that name before."""
        if self._ended:
            with suppress(OSError, InterlockError):
                self._write(name, octets)
            return
        self._left[name] = octets
        self._send()

    def tend(self) -> None:
        """To be called about once a second: what was refused, or came while another was being written, is sent."""
        self._hear(0.0)
        self._send()

    def end(self) -> None:
        """Wait until all of it is written, once more what was refused, and let it go."""
        if not self._ended:
            self._send()
            for _ in range(2 * len(self._left) + 1):
                self._hear(LAST_S)
                self._send()
            self._ended = True
            self._let_go()

    def _send(self) -> None:
        """The next, where it has nothing to do."""
        if self._sent is not None or not self._left:
            return
        name = next(iter(self._left))
        octets = self._left.pop(name)
        self._sent = name, octets
        os.ftruncate(self._sheet, 0)
        with open(self._sheet, "wb", closefd=False) as sheet:
            sheet.seek(0)
            sheet.write(octets)
        with suppress(BrokenPipeError):  # it has died: that is heard next
            os.write(self._orders, name.encode().ljust(_NAME))

    def _hear(self, seconds: float) -> None:
        """What it said of the one that it was sent, within that time."""
        if self._sent is None or not select.select([self._answers], [], [], seconds)[0]:
            return
        said = os.read(self._answers, 1)
        (name, octets), self._sent = self._sent, None
        if said != _WRITTEN:
            self._left.setdefault(name, octets)
        if not said:
            self._let_go()
            self._begin()


def _live(
    write: Callable[[str, bytes], None], sheet: int, orders: int, answers: int, parent: int
) -> NoReturn:
    """The child's whole life: it ends where nobody gives it anything any more, or with its parent."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # its parent says when
        die_with(parent)
        gc.freeze()
        while name := os.read(orders, _NAME).strip():
            os.write(answers, _WRITTEN if _is_written(write, name.decode(), sheet) else _REFUSED)
    finally:
        os._exit(0)


def _is_written(write: Callable[[str, bytes], None], name: str, sheet: int) -> bool:
    with open(sheet, "rb", closefd=False) as file:
        file.seek(0)
        octets = file.read()
    try:
        write(name, octets)
    except (OSError, InterlockError):
        return False
    return True
