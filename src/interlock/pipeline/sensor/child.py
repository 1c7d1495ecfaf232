"""One child of the supervisor: forked, watched by what it writes on the board, ended with its parent."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from interlock.decode.heartbeat import BUSY, FRAME, PATIENCE, SOURCE, STEPS
from interlock.errors import InterlockError
from interlock.export.escape import escaped
from interlock.pipeline.sensor.board import ALIVE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Child", "alive", "die_with", "say"]

_CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_CRASHES: Final = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})


class Child:
    """A process that does `work`. now_s: seconds that only rise. name: as `ps` shows it, its first 15 octets."""

    def __init__(
        self,
        work: Callable[[memoryview, Callable[[], bool]], None],
        cells: memoryview,
        now_s: float,
        name: str = "",
    ) -> None:
        self._cells = cells
        self._moved = (cells[ALIVE], now_s, 0.0)
        self._worked = (0.0, now_s)
        self.condemned = False
        self._beat = (-1, 0.0)
        self.began_s = now_s
        self._short = _short_of_memory()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
        self.pid = os.fork()
        if self.pid == 0:
            _live(work, cells, parent, blocked, name)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self.handle = os.pidfd_open(self.pid)

    def ended(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status)

    def hung(self) -> bool:
        """Whether it has stood still inside a decoder for as much processor time as that may take."""
        cells, spent = self._cells, _processor_s(self.pid)
        if cells[STEPS] != self._beat[0] or not cells[BUSY] or not cells[PATIENCE]:
            self._beat = (cells[STEPS], spent)
        return spent - self._beat[1] >= cells[PATIENCE] / 1000 > 0

    def stopped(self) -> bool:
        """Whether a signal has stopped it."""
        return bool(fields := _status(self.pid)) and fields[0] == b"T"

    def stands_still(self, now_s: float, limit_s: float) -> bool:
        """Whether its loop has not gone round for so long, and it is not merely waiting for a processor.

        On a machine that has too much to do a process may need a minute for the work of seconds; it still gets a
        little done all the time. Who stands still has done nothing for a while, or as much as the whole time holds.
        """
        spent = _processor_s(self.pid)
        if self._cells[ALIVE] != self._moved[0]:
            self._moved = (self._cells[ALIVE], now_s, spent)
        if spent != self._worked[0]:
            self._worked = (spent, now_s)
        _, since_s, had_s = self._moved
        idle = now_s - self._worked[1] > limit_s / 2
        return now_s - since_s > limit_s and (idle or spent - had_s >= limit_s)

    def busy_frame(self, code: int) -> tuple[int, int] | None:
        """(source, frame) that it was working on when a decoder ended it by a fault of its own."""
        mine = code > 0 or -code in _CRASHES
        return (self._cells[SOURCE], self._cells[FRAME]) if mine and self._cells[BUSY] else None

    def killed_from_outside(self, code: int) -> bool:
        """Whether somebody else ended it by a signal: neither its own work, nor we, nor the want of memory."""
        by_signal = code < 0 and -code not in _CRASHES
        return by_signal and not self.condemned and self._short == _short_of_memory()

    def resident(self) -> int:
        """Octets of memory that it alone holds: not the rings, which all processes of a sensor have in common."""
        with suppress(OSError, ValueError, IndexError):
            _, resident, shared, *_ = Path(f"/proc/{self.pid}/statm").read_text("ascii").split()
            return (int(resident) - int(shared)) * _PAGE
        return 0

    def send(self, number: signal.Signals) -> None:
        """A signal to it, if it lives."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _live(
    work: Callable[[memoryview, Callable[[], bool]], None],
    cells: memoryview,
    parent: int,
    blocked: set[int | signal.Signals],
    name: str,
) -> NoReturn:
    """The child's whole life. A terminal's Ctrl-C is the supervisor's business."""
    asked: list[int] = []
    code = 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
        die_with(parent)
        if name:
            ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        faulthandler.enable()  # a fault of compiled code says where it was
        gc.freeze()  # what all share: the collector would look through it, and write to its pages, for nothing
        work(cells, lambda: bool(asked))
        code = 0
    except InterlockError as error:
        say(str(error))
    except Exception:  # noqa: BLE001 (its last words; whatever else ends it ends it below, too)
        _write(traceback.format_exc())
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def die_with(parent: int) -> None:
    """Be killed with the process that forked this one: what nobody watches must not go on."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _status(pid: int) -> list[bytes]:
    """What /proc/PID/stat says behind the name; nothing where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return []


def alive(pid: int) -> bool:
    """Whether a process is there and has not died: one that nobody has reaped yet has."""
    fields = _status(pid)
    return bool(fields) and fields[0] not in (b"Z", b"X")


def _short_of_memory() -> int:
    """How many processes this machine's kernel has killed for want of memory."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/vmstat").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("oom_kill ")).split()[1])
    return 0


def _processor_s(pid: int) -> float:
    fields = _status(pid)
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS if fields else 0.0


def say(sentence: str) -> None:
    """A sentence on standard error, straight: a child has no other output."""
    _write(f"interlock: {escaped(sentence)}")


def _write(text: str) -> None:
    with suppress(OSError):
        os.write(2, f"{text.rstrip()}\n".encode(errors="backslashreplace"))
